import type { Argument, Reply } from '../operation.ts'
import type { NodeClient } from './client.ts'
import { untilReady } from './connection.ts'
import { isNoScript, unacknowledgedError } from './redis-errors.ts'
import { replyOf, shaOf } from './run-script.ts'

/** A script that replicas must have. */
export interface ReplicatedJob {
  /** For messages. */
  readonly name: string
  readonly lua: string
  readonly keys: readonly string[]
  readonly argv: readonly Argument[]
  /** How many replicas. */
  readonly count: number
  /** How long they may take. */
  readonly timeoutMs: number
  /** Why it is not to be sent any more. */
  late(): Error | undefined
}

/** What a script answered. */
export interface Ran {
  readonly reply: Reply
  /** How many replicas have what it wrote: so many at the least. Rejects when nobody can say. */
  readonly acknowledged: Promise<number>
}

/** Runs scripts on one server, and asks how many replicas have what they wrote. */
export interface Rounds {
  /** Rejects with what the client threw: the script was refused, or nobody knows whether it ran. */
  join(job: ReplicatedJob): Promise<Ran>
}

interface Entry {
  readonly job: ReplicatedJob
  /** `eval` when the server does not know the script. */
  readonly verb: 'evalsha' | 'eval'
  ran(what: Ran): void
  fail(error: unknown): void
}

/**
 * WAIT is about all that its connection has written, and the server reads nothing else from it meanwhile. So scripts that
 * come while one round waits go together in the next, with one WAIT for all of them. What is late by then is not sent:
 * a caller that has given up, and undoes by another connection what may have been done, is not overtaken.
 */
export function createRounds(node: NodeClient): Rounds {
  let entries: Entry[] = []
  let isRunning = false
  const take = (): Entry[] => {
    const taken = entries
    entries = []
    return taken
  }
  const run = async (): Promise<void> => {
    isRunning = true
    while (entries.length > 0) {
      try {
        await untilReady(node)
        await round(node, take().filter(isInTime), (entry) => entries.push(entry))
      } catch (error) {
        for (const { fail } of take()) fail(error)
      }
    }
    isRunning = false
  }
  return {
    join: (job) =>
      new Promise((ran, fail) => {
        entries.push({ job, verb: 'evalsha', ran, fail })
        if (!isRunning) void run()
      }),
  }
}

function isInTime({ job, fail }: Entry): boolean {
  const late = job.late()
  if (late !== undefined) fail(late)
  return late === undefined
}

/**
 * The scripts and WAIT are written at once to one connection that is up, by a client that sends nothing twice: an answer to
 * WAIT is one about these scripts. Any other connection would count replicas that may never have seen them.
 */
async function round(
  node: NodeClient,
  entries: readonly Entry[],
  again: (entry: Entry) => void,
): Promise<void> {
  if (entries.length === 0) return
  const settle = async (entry: Entry, script: Promise<unknown>): Promise<void> => {
    try {
      entry.ran({ reply: replyOf(await script), acknowledged })
    } catch (error) {
      if (isNoScript(error) && entry.verb === 'evalsha') again({ ...entry, verb: 'eval' })
      else entry.fail(error)
    }
  }
  const settled = entries.map((entry) => settle(entry, evaluate(node, entry)))
  const acknowledged = wait(node, entries)
  // Nobody may look: not every script writes what replicas must have.
  await Promise.all([...settled, acknowledged.catch(() => undefined)])
}

function evaluate(node: NodeClient, { job, verb }: Entry): Promise<unknown> {
  const { lua, keys, argv } = job
  const script = verb === 'eval' ? lua : shaOf(lua)
  return node.callBuffer(verb, script, keys.length, ...keys, ...argv)
}

async function wait(node: NodeClient, entries: readonly Entry[]): Promise<number> {
  const count = Math.max(...entries.map(({ job }) => job.count))
  const timeoutMs = Math.max(...entries.map(({ job }) => job.timeoutMs))
  try {
    // 0 would be for ever.
    return Number(await node.call('wait', count, Math.max(1, Math.ceil(timeoutMs))))
  } catch (error) {
    throw unacknowledgedError(error, entries.map(({ job }) => job.name).join())
  }
}
