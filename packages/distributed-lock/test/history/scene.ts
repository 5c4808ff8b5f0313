import { createCache, type Cache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  redisUrl,
  startFaultProxy,
  uniquePrefix,
  type FaultProxy,
  type RedisServer,
} from '@sluice/testkit'
import { judge, lostMarks, type Verdict } from './checker.ts'
import { createRecorder, type Recorder, type Worker } from './crew.ts'

/** A worker, and the fault proxy through which it reaches the Redis of the locks. */
export interface Member {
  worker: Worker
  readonly proxy: FaultProxy
}

/** Workers on one Redis of locks. The resource that the locks guard is on another, which no fault reaches. */
export interface Scene {
  readonly server: RedisServer
  readonly recorder: Recorder
  readonly members: readonly Member[]
  readonly prefix: string
  readonly ttlMs: number
  verdict(): Verdict
  /** The marks that workers put into the list of a lock and that are not there any more. */
  lostMarks(lock: string): Promise<readonly string[]>
  /** Puts a new process in the place of one that is gone. */
  replace(member: Member): Promise<void>
  stop(): Promise<void>
}

/** What a scene is made of. */
export interface SceneOptions {
  readonly server: RedisServer
  readonly workers: number
  readonly ttlMs: number
}

/** Starts workers, each with a client of its own name that takes locks through its proxy. */
export async function startScene(options: SceneOptions): Promise<Scene> {
  const { server, workers, ttlMs } = options
  const recorder = createRecorder()
  const prefix = uniquePrefix('history')
  const resource = createCache({ store: redisStore({ url: redisUrl() }), prefix })
  let started = 0
  const enlist = async (proxy: FaultProxy): Promise<Worker> => {
    const name = `w${++started}`
    const worker = await recorder.start(name)
    await worker.ask('guard', { redis: { url: redisUrl() }, prefix })
    const redis = { host: '127.0.0.1', port: proxy.port }
    await worker.ask('open', { client: 'own', prefix, ttl: ttlMs, redis })
    return worker
  }
  const members = await Promise.all(
    Array.from({ length: workers }, async (): Promise<Member> => {
      const proxy = await startFaultProxy({ port: server.port })
      return { proxy, worker: await enlist(proxy) }
    }),
  )
  return {
    ...{ server, recorder, members, prefix, ttlMs },
    verdict: () => judge(recorder.history),
    lostMarks: async (lock) => lostMarks(ofLock(recorder, lock), await listOf(resource, lock)),
    async replace(member) {
      member.worker = await enlist(member.proxy)
    },
    async stop() {
      await recorder.stop()
      await Promise.all(members.map(({ proxy }) => proxy.stop()))
      await resource.clear()
      await resource.close()
    },
  }
}

function ofLock({ history }: Recorder, lock: string): Recorder['history'] {
  return history.filter((event) => event.lock === lock)
}

async function listOf(resource: Cache, lock: string): Promise<readonly string[]> {
  return (await resource.get<string[]>(`${lock}:list`)) ?? []
}
