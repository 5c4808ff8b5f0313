import {
  OperationError,
  SluiceError,
  StoreUnavailableError,
  type UnavailableReason,
} from '../errors.ts'

const notServing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|MISCONF|NOREPLICAS|UNKILLABLE|MOVED|ASK) ?/
const denied = /^(NOAUTH|WRONGPASS|NOPERM|DENIED) ?/

/** What the client threw, as one of ours. `what` names the verb or operation. */
export function toStoreError(error: unknown, what: string): Error {
  if (error instanceof SluiceError) return error
  const message = error instanceof Error ? error.message : String(error)
  const reason = reasonOf(error, message)
  if (reason === undefined) return new OperationError(what, message, error)
  return new StoreUnavailableError(reason, `${what}: Redis ${said[reason]}: ${message}`, error)
}

/** The error of a call that got no answer in time. */
export function timeoutError(what: string, deadlineMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    'timeout',
    `${what}: no answer from Redis within ${deadlineMs} ms. It may still have been applied.`,
  )
}

/** True for the answer to EVALSHA of a script that the server has not seen. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

const said: Record<UnavailableReason, string> = {
  timeout: 'did not answer in time',
  disconnected: 'is not connected',
  'breaker-open': 'was not asked',
  'not-serving': 'is not serving',
  denied: 'refused access',
}

function reasonOf(error: unknown, message: string): UnavailableReason | undefined {
  if (notServing.test(message)) return 'not-serving'
  if (denied.test(message)) return 'denied'
  // A reply of the server that is none of these is about the command; all else never reached a server or came back.
  return error instanceof Error && error.name === 'ReplyError' ? undefined : 'disconnected'
}
