import { createHash } from 'node:crypto'
import type { Operation, Reply } from '../operation.ts'
import { payloadOf } from '../payload.ts'
import type { RedisClient } from './client.ts'
import { isNoScript } from './redis-errors.ts'

/** SHA-1 by script text: made once an operation, and never by SCRIPT LOAD, which would reach one node only. */
const shas = new Map<string, string>()

/** Runs an operation by EVALSHA. NOSCRIPT, after a restart or a failover, is the one error that is sent again, as EVAL. */
export async function runScript<Args, Result>(
  client: RedisClient,
  operation: Operation<Args, Result>,
  args: Args,
): Promise<Result> {
  const keys = operation.keys(args)
  const rest = [...keys, ...operation.argv(args)]
  try {
    const reply = await client.callBuffer('evalsha', shaOf(operation.lua), keys.length, ...rest)
    return operation.reply(replyOf(reply))
  } catch (error) {
    if (!isNoScript(error)) throw error
    const reply = await client.callBuffer('eval', operation.lua, keys.length, ...rest)
    return operation.reply(replyOf(reply))
  }
}

function shaOf(script: string): string {
  let sha = shas.get(script)
  if (sha === undefined) shas.set(script, (sha = createHash('sha1').update(script).digest('hex')))
  return sha
}

/** What ioredis answers of a script when it is asked for bytes: an operation is given text, but for payloads of bytes. */
function replyOf(raw: unknown): Reply {
  if (Buffer.isBuffer(raw)) return payloadOf(raw)
  return Array.isArray(raw) ? raw.map(replyOf) : (raw as Reply)
}
