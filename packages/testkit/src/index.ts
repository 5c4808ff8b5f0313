export { startFaultProxy } from './fault-proxy.ts'
export type { FaultProxy, FaultProxyOptions } from './fault-proxy.ts'
export type { Direction } from './faulty-pipe.ts'
export type {
  HttpApp,
  HttpAppFactory,
  HttpAppOptions,
  ListeningApp,
  Route,
  RouteContext,
  RouteHandler,
  RouteResult,
} from './http-app.ts'
export { httpApps } from './http-apps.ts'
export {
  binaryOnPath,
  chosenBinary,
  installByApt,
  isDebianLike,
  mayInstall,
  thisMachine,
} from './machine.ts'
export type { Machine } from './machine.ts'
export { clusterNodes, redisUrl, sentinelOptions } from './provided.ts'
export type { SentinelOptions } from './provided.ts'
export { findRedisBinary, redisVersion } from './redis-binary.ts'
export { startCluster } from './redis-cluster.ts'
export type { RedisCluster, RedisClusterOptions } from './redis-cluster.ts'
export { startPair } from './redis-pair.ts'
export type { RedisPair } from './redis-pair.ts'
export { startSentinel } from './redis-sentinel.ts'
export type { RedisSentinel, SentinelAddress } from './redis-sentinel.ts'
export { startRedis } from './redis-server.ts'
export type { RedisServer, RedisServerOptions } from './redis-server.ts'
export { listedChannels, listen, toldChannels } from './told.ts'
export type { ListedChannel, Listening, Told } from './told.ts'
export { uniquePrefix } from './unique-prefix.ts'
export { waitUntil } from './wait-until.ts'
export type { WaitOptions } from './wait-until.ts'
export { agreementSuite } from './agreement/agreement-suite.ts'
export type { AgreementSuiteOptions } from './agreement/agreement-suite.ts'
export { checkAgreement } from './agreement/check-agreement.ts'
export type { AgreementOptions, AnyOperation, Steps } from './agreement/check-agreement.ts'
