import { connect, type Servers, type Target } from './connect.ts'
import { explain } from './explain.ts'
import { escapeGlob } from '../glob.ts'
import { InspectError } from './inspect-error.ts'
import type { Server } from './server.ts'
import { describeServer, memoryWarnings, type ServerReport } from './server-report.ts'
import { createSurvey, type Survey, type SurveyReport } from './survey.ts'

/** What `inspect` is asked. */
export interface InspectRequest {
  readonly target: Target
  /** Only keys of this prefix. Absent: of all. */
  readonly prefix?: string
  /** How many keys of each namespace and area are measured. */
  readonly sample: number
  /** Ends the walk: what was seen so far is reported. */
  readonly signal: AbortSignal
  /** Told after each page. */
  onProgress(progress: Progress): void
}

/** How far the walk has come. */
export interface Progress {
  /** Keys of the prefix, or of all. */
  readonly keys: number
  /** Keys that were passed, about; absent where a server does not say how many there are. */
  readonly share?: number
}

/** What `--json` prints. Numbers that end in `Ms` are milliseconds, those that end in `Bytes` bytes. */
export interface InspectReport extends SurveyReport {
  /** Of this object: a field that is there keeps its name and meaning. */
  readonly version: 1
  readonly isCluster: boolean
  /** True when the walk did not come to its end: the numbers are of a part of the keys. */
  readonly partial: boolean
  /** Why it did not, unless it was stopped by hand. */
  readonly error?: string
  readonly servers: readonly ServerReport[]
  readonly warnings: readonly string[]
}

const scanCount = 1000

/**
 * Looks at what is under a prefix, by commands that change nothing. Every call has a deadline, and no page of keys is kept.
 *
 * @throws InspectError when nothing was seen; later errors are in the report of what was
 */
export async function inspect(request: InspectRequest): Promise<InspectReport> {
  const connected = await connect(request.target)
  try {
    return await inspectServers(connected, request)
  } finally {
    connected.close()
  }
}

async function inspectServers(
  { all, isCluster }: Servers,
  request: InspectRequest,
): Promise<InspectReport> {
  const { signal, sample } = request
  const failures = createFailures()
  const described = await Promise.all(
    all.map(async (server) => {
      const { address } = server
      const silent = ({ message: error }: InspectError): ServerReport => ({ address, error })
      return { server, said: await failures.orElse(describeServer(server), silent) }
    }),
  )
  const servers = described.map(({ said }) => said)
  const walkers = described.filter(({ said }) => said.error === undefined)
  const survey = createSurvey(sample)
  const walk = createWalk(survey, totalOf(walkers.map(({ said }) => said)), request)
  // A master that is gone does not hide what the others have.
  for (const { server } of walkers) await failures.orElse(walk(server), () => undefined)
  const [failure] = failures.all
  if (failure !== undefined && (survey.keys === 0 || walkers.length === 0)) throw failure
  return {
    version: 1,
    isCluster,
    partial: failure !== undefined || signal.aborted,
    ...(failure === undefined ? {} : { error: failure.message }),
    servers,
    warnings: servers.flatMap(memoryWarnings),
    ...survey.report(),
  }
}

function createFailures() {
  const all: InspectError[] = []
  return {
    all,
    /** What was promised, or what stands for it when it rejects: that is a failure more. */
    async orElse<Value, Instead>(
      promise: Promise<Value>,
      instead: (failure: InspectError) => Instead,
    ): Promise<Value | Instead> {
      try {
        return await promise
      } catch (error) {
        const failure = explain(error, 'Redis')
        all.push(failure)
        return instead(failure)
      }
    },
  }
}

/** @param total how many keys all servers have, as far as they say it */
function createWalk(
  survey: Survey,
  total: number | undefined,
  { prefix, signal, onProgress }: InspectRequest,
): (server: Server) => Promise<void> {
  const match = prefix === undefined ? '*' : `${escapeGlob(prefix)}[:#]*`
  let passed = 0
  return async (server) => {
    let cursor = '0'
    do {
      if (signal.aborted) return
      const page = await scan(server, cursor, match)
      await survey.add(server, page.keys)
      cursor = page.cursor
      passed += scanCount
      const share = total === undefined ? {} : { share: Math.min(1, passed / Math.max(1, total)) }
      onProgress({ keys: survey.keys, ...share })
    } while (cursor !== '0')
  }
}

function totalOf(servers: readonly ServerReport[]): number | undefined {
  let total = 0
  for (const { keys } of servers) {
    if (keys === undefined) return undefined
    total += keys
  }
  return total
}

async function scan(
  server: Server,
  cursor: string,
  match: string,
): Promise<{ readonly cursor: string; readonly keys: readonly Buffer[] }> {
  const [reply] = await server.send([['scan', cursor, 'match', match, 'count', scanCount]])
  if (reply instanceof Error) throw explain(reply, server.address)
  const [next, keys]: readonly unknown[] = Array.isArray(reply) ? reply : []
  if (!Buffer.isBuffer(next) || !Array.isArray(keys)) {
    throw new InspectError(`${server.address} answered SCAN as Redis does not.`)
  }
  return { cursor: next.toString(), keys: keys.filter((key) => Buffer.isBuffer(key)) }
}
