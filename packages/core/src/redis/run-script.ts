import { createHash } from 'node:crypto'
import { lua, type Argument, type Operation, type Reply } from '../operation.ts'
import { payloadOf } from '../payload.ts'
import type { RedisClient } from './client.ts'
import { isNoScript, toStoreError } from './redis-errors.ts'

/** What a script is given. */
export interface ScriptJob {
  readonly keys: readonly string[]
  readonly argv: readonly Argument[]
}

/** SHA-1 by script text: made once an operation, and never by SCRIPT LOAD, which would reach one node only. */
const shas = new Map<string, string>()

/** Runs an operation by EVALSHA. */
export async function runOperation<Args, Result>(
  client: RedisClient,
  operation: Operation<Args, Result>,
  args: Args,
): Promise<Result> {
  const job = { keys: operation.keys(args), argv: operation.argv(args) }
  return operation.reply(await runScript(client, operation.lua, job))
}

/** Runs a script by EVALSHA. NOSCRIPT, after a restart or a failover, is the one error that is sent again, as EVAL. */
export async function runScript(
  client: RedisClient,
  script: string,
  { keys, argv }: ScriptJob,
): Promise<Reply> {
  return replyOf(await evaluate(client, script, keys.length, [...keys, ...argv]))
}

/**
 * Runs an operation many times in one script, each time with keys and arguments of its own. All jobs have as many of
 * either. What fails, fails alone.
 */
export async function runBatch(
  client: RedisClient,
  operation: Operation<never, unknown>,
  jobs: readonly ScriptJob[],
): Promise<readonly (Reply | Error)[]> {
  const [{ keys, argv } = { keys: [], argv: [] }] = jobs
  const args: Argument[] = []
  for (const job of jobs) args.push(...job.keys)
  args.push(keys.length, argv.length)
  for (const job of jobs) args.push(...job.argv)
  const script = batchScriptOf(operation)
  const flat = await evaluate(client, script, jobs.length * keys.length, args)
  return Array.isArray(flat) ? repliesOf(flat, operation.name) : []
}

/** A list comes as its length and what is in it, anything else behind -1: Redis is slow at lists in a list. */
function repliesOf(flat: readonly unknown[], what: string): readonly (Reply | Error)[] {
  const replies: (Reply | Error)[] = []
  for (let at = 0; at < flat.length;) {
    const size = Number(flat[at++])
    if (size >= 0) replies.push(flat.slice(at, (at += size)).map(replyOf))
    else {
      const one = flat[at++]
      replies.push(one instanceof Error ? toStoreError(one, what) : replyOf(one))
    }
  }
  return replies
}

async function evaluate(
  client: RedisClient,
  script: string,
  keyCount: number,
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await client.callBuffer('evalsha', shaOf(script), keyCount, ...args)
  } catch (error) {
    if (!isNoScript(error)) throw error
    return client.callBuffer('eval', script, keyCount, ...args)
  }
}

const batchScripts = new Map<string, string>()

function batchScriptOf({ lua: whole, prelude }: Operation<never, unknown>): string {
  let batch = batchScripts.get(whole)
  if (batch === undefined) {
    batchScripts.set(whole, (batch = makeBatchScript(prelude, whole.slice(prelude.length))))
  }
  return batch
}

function makeBatchScript(prelude: string, script: string): string {
  return lua`
    -- KEYS the keys of all jobs, one job after the other
    -- ARGV[1] keys a job   ARGV[2] arguments a job   then the arguments of all jobs
    -- replies for each job the length of the list that it replies and the list, or -1 and its reply or error
    -- of a server that takes no writes the error alone
    ${prelude}
    local function job(KEYS, ARGV)
      ${script}
    end

    local nkeys, nargs = tonumber(ARGV[1]), tonumber(ARGV[2])
    local flat, at = {}, 0
    for i = 0, #KEYS / nkeys - 1 do
      local keys = { unpack(KEYS, i * nkeys + 1, (i + 1) * nkeys) }
      local ok, reply = pcall(job, keys, { unpack(ARGV, i * nargs + 3, (i + 1) * nargs + 2) })
      if not ok then
        reply = { err = type(reply) == 'table' and reply.err or tostring(reply) }
        if string.find(reply.err, 'READONLY', 1, true) then return reply end
      end
      if type(reply) == 'table' and not (reply.err or reply.ok) then
        local size = #reply
        flat[at + 1] = size
        for k = 1, size do flat[at + 1 + k] = reply[k] end
        at = at + 1 + size
      else
        flat[at + 1], flat[at + 2] = -1, reply or false
        at = at + 2
      end
    end
    return flat`
}

/** What EVALSHA calls a script. */
export function shaOf(script: string): string {
  let sha = shas.get(script)
  if (sha === undefined) shas.set(script, (sha = createHash('sha1').update(script).digest('hex')))
  return sha
}

/** What ioredis answers of a script when it is asked for bytes: an operation is given text, but for payloads of bytes. */
export function replyOf(raw: unknown): Reply {
  if (Buffer.isBuffer(raw)) return payloadOf(raw)
  return Array.isArray(raw) ? raw.map(replyOf) : (raw as Reply)
}
