import type { Operation, Reply } from '../operation.ts'
import type { Call } from './caller.ts'
import { runBatch, runScript, type ScriptJob } from './run-script.ts'
import { atTurnEnd, endTurn } from './turn-end.ts'

/**
 * Sends the operations that one turn of the event loop asks for: those that are alike as one script, so that a hundred
 * requests at once cost Redis and this process little more than one does. Each is still decided by itself, in the order
 * in which they were asked, and none of it is seen half done.
 */
export interface ScriptBatches {
  run<Args, Result>(
    operation: Operation<Args, Result>,
    args: Args,
    deadlineMs?: number,
  ): Promise<Result>
  /** Sends what waits now: whatever is sent afterwards comes after it. */
  flush(): void
}

/** The most operations in one script: Redis serves nobody else meanwhile. */
const largestBatch = 8

/** What one operation may be given to go together with others: a script can handle only so many at once. */
const mostArguments = 200

/** One operation of a batch, with what became of it. */
interface Job extends ScriptJob {
  readonly answer: (reply: Reply) => void
  readonly fail: (error: unknown) => void
}

/** Operations that one script can run: of one kind, with as many keys and arguments each. */
interface Batch {
  readonly operation: Operation<never, unknown>
  readonly deadlineMs: number | undefined
  readonly jobs: Job[]
}

/** @param call sends to one server: keys of a batch are of any slot */
export function createScriptBatches(call: Call): ScriptBatches {
  let open: Batch[] = []

  const flush = (): void => {
    if (open.length === 0) return
    const batches = open
    open = []
    for (const batch of batches) send(call, batch)
  }
  const add = (operation: Batch['operation'], deadlineMs: number | undefined, job: Job): void => {
    let batch = open.find((one) => isAlike(one, operation, deadlineMs, job))
    // Another kind of operation on the same key must not overtake, nor be overtaken.
    if (open.some((other) => other !== batch && sharesKey(other, job.keys))) {
      flush()
      batch = undefined
    }
    if (batch === undefined) {
      if (open.length === 0) atTurnEnd(flush)
      open.push({ operation, deadlineMs, jobs: [job] })
    } else if (batch.jobs.push(job) === largestBatch) endTurn()
  }

  return {
    run: (operation, args, deadlineMs) =>
      new Promise((resolve, reject) => {
        const answer = (reply: Reply): void => resolve(operation.reply(reply))
        const keys = operation.keys(args)
        add(operation, deadlineMs, { keys, argv: operation.argv(args), answer, fail: reject })
      }),
    flush,
  }
}

function isAlike(
  { operation, deadlineMs, jobs }: Batch,
  wanted: Batch['operation'],
  wantedDeadlineMs: number | undefined,
  { keys, argv }: Job,
): boolean {
  return (
    operation === wanted &&
    deadlineMs === wantedDeadlineMs &&
    keys.length + argv.length <= mostArguments &&
    jobs[0]?.keys.length === keys.length &&
    jobs[0].argv.length === argv.length
  )
}

function sharesKey({ jobs }: Batch, keys: readonly string[]): boolean {
  return jobs.some((job) => job.keys.some((key) => keys.includes(key)))
}

function send(call: Call, { operation, deadlineMs, jobs }: Batch): void {
  const [job] = jobs
  const replies =
    job !== undefined && jobs.length === 1
      ? call(
          operation.name,
          async (client) => [await runScript(client, operation.lua, job)],
          deadlineMs,
        )
      : call(operation.name, (client) => runBatch(client, operation, jobs), deadlineMs)
  replies.then(
    (all) => jobs.forEach((one, at) => settle(one, all[at])),
    (error) => {
      for (const { fail } of jobs) fail(error)
    },
  )
}

function settle({ answer, fail }: Job, reply: Reply | Error | undefined): void {
  if (reply instanceof Error || reply === undefined) return fail(reply)
  try {
    answer(reply)
  } catch (error) {
    fail(error)
  }
}
