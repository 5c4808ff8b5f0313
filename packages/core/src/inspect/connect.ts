import { InspectError } from './inspect-error.ts'
import { explain } from './explain.ts'
import { serverOf, watchErrors, type Server } from './server.ts'
import { withDeadline } from './with-deadline.ts'

/** Where to connect, and how. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly database: number
  readonly isTls: boolean
  /** A Cluster is asked as one; else it is found out. */
  readonly isCluster: boolean
  /** How long each call may take. */
  readonly deadlineMs: number
}

/** The servers that have the keys. */
export interface Servers {
  readonly isCluster: boolean
  /** The one server, or the masters of a Cluster. */
  readonly all: readonly Server[]
  close(): void
}

/** Loaded when it is needed: who keeps all in memory does without it. */
function importIoredis() {
  return import('ioredis')
}

type Ioredis = Awaited<ReturnType<typeof importIoredis>>

/** Connects once: what is lost is not connected again. @throws InspectError */
export async function connect(target: Target): Promise<Servers> {
  const ioredis = await loadIoredis()
  const client = new ioredis.Redis({
    ...connectionOf(target),
    host: target.host,
    port: target.port,
  })
  try {
    const why = await open(client, target)
    const server = serverOf(client, { ...target, address: addressOf(target), why })
    // The first command: it hears why a server refuses us, which a Cluster client would keep to itself.
    const [info] = await server.send([['info', 'cluster']])
    if (!target.isCluster && !String(info).includes('cluster_enabled:1')) {
      await select(server, target)
      return { isCluster: false, all: [server], close: () => client.disconnect() }
    }
  } catch (error) {
    client.disconnect()
    throw error
  }
  client.disconnect()
  return connectCluster(ioredis, target)
}

async function loadIoredis(): Promise<Ioredis> {
  try {
    return await importIoredis()
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'ERR_MODULE_NOT_FOUND')
      throw error
    throw new InspectError(
      'Redis is reached by the package "ioredis", which is not installed. In a project: npm install ioredis. ' +
        'Anywhere: npx -p @sluice/core -p ioredis sluice inspect <redis-url>.',
    )
  }
}

async function connectCluster({ Cluster }: Ioredis, target: Target): Promise<Servers> {
  if (target.database !== 0) {
    throw new InspectError('A Redis Cluster has database 0 only. Leave the number out of the url.')
  }
  const { host, port, isTls } = target
  const cluster = new Cluster([{ host, port }], {
    ...once,
    clusterRetryStrategy: () => null,
    redisOptions: connectionOf(target),
    // A certificate is for a name: resolved here, it would be compared with an address.
    ...(isTls ? { dnsLookup: asItIs } : {}),
  })
  try {
    await open(cluster, target)
    const all = cluster.nodes('master').map((client) => {
      const address = addressOf({
        host: String(client.options.host),
        port: Number(client.options.port),
      })
      return serverOf(client, { ...target, address, why: watchErrors(client) })
    })
    return { isCluster: true, all, close: () => cluster.disconnect() }
  } catch (error) {
    cluster.disconnect()
    throw error
  }
}

/** What keeps a client from working behind the caller's back. */
const once = { enableReadyCheck: false, lazyConnect: true }

function connectionOf({ username, password, isTls, deadlineMs }: Target) {
  return {
    ...once,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: {} } : {}),
    connectTimeout: deadlineMs,
    disconnectTimeout: 200,
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    // Replies are read as lists.
    protocol: 2 as const,
  }
}

function asItIs(host: string, found: (error: null, address: string) => void): void {
  found(null, host)
}

interface Openable {
  connect(): Promise<unknown>
  on(event: string, listener: (error: unknown) => void): unknown
}

/** Answers what tells why the client fails, if it does. */
async function open(client: Openable, target: Target): Promise<() => unknown> {
  const why = watchErrors(client)
  try {
    await withDeadline(client.connect(), target.deadlineMs, addressOf(target))
    return why
  } catch (error) {
    throw explain(why() ?? error, addressOf(target))
  }
}

/** By a command of our own: ioredis goes on in database 0 where its SELECT is refused. */
async function select(server: Server, { database }: Target): Promise<void> {
  if (database === 0) return
  const [reply] = await server.send([['select', database]])
  if (!(reply instanceof Error)) return
  throw new InspectError(
    `${server.address} has no database ${database}, or the user may not SELECT it (${reply.message}).`,
  )
}

function addressOf({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
