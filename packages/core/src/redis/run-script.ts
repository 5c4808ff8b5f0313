import { createHash } from 'node:crypto'
import type { Operation, Reply } from '../operation.ts'
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
    const reply = await client.evalsha(shaOf(operation.lua), keys.length, ...rest)
    return operation.reply(reply as Reply)
  } catch (error) {
    if (!isNoScript(error)) throw error
    return operation.reply((await client.eval(operation.lua, keys.length, ...rest)) as Reply)
  }
}

function shaOf(script: string): string {
  let sha = shas.get(script)
  if (sha === undefined) shas.set(script, (sha = createHash('sha1').update(script).digest('hex')))
  return sha
}
