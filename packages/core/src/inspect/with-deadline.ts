import { InspectError } from './inspect-error.ts'

/** The promise, or a rejection when it is not settled in time. @param address who is to answer */
export async function withDeadline<Value>(
  promise: Promise<Value>,
  ms: number,
  address: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // Decided after a read: a process that was held up itself, as by Ctrl-Z, finds the reply there.
    const giveUp = (): void => void setImmediate(() => reject(lateError(address, ms)))
    timer = setTimeout(giveUp, ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function lateError(address: string, ms: number): InspectError {
  return new InspectError(
    `${address} did not answer within ${ms / 1000} s. Check host and port, firewalls, that Redis is not stuck, and ` +
      'that it speaks what the url says: redis:// is plain, rediss:// is TLS.',
  )
}
