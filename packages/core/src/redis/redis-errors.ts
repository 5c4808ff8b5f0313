import { withoutLink } from '../error-page.ts'
import {
  OperationError,
  SluiceError,
  StoreUnavailableError,
  type UnavailableReason,
} from '../errors.ts'

const notServing =
  'LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|MISCONF|NOREPLICAS|UNKILLABLE|MOVED|ASK'
// The last two are how NOPERM of a command in a script is said: by Redis 7.0, and by later ones and Valkey.
const denied =
  'NOAUTH|WRONGPASS|NOPERM|DENIED|ERR The user executing the script|ERR ACL failure in script'
// Redis 6.2 puts what a command in a script answered behind "ERR Error running script …: -", ioredis what came last
// behind "Too many Cluster redirections. Last error: ReplyError: ".
const behind = String.raw`(?:ERR Error running script .*: -|Too many Cluster redirections\..*: )?`
const notServingForm = new RegExp(`^${behind}(?:${notServing})\\b`, 's')
const readOnlyForm = new RegExp(`^${behind}READONLY\\b`, 's')
// How ioredis refuses to write a command, by a connection that has just been lost.
const unsentForm = /enableOfflineQueue options? is false$/
const deniedForm = new RegExp(`^${behind}(?:${denied})\\b`, 's')

/** What the client threw, as one of ours. `what` names the verb or operation. */
export function toStoreError(error: unknown, what: string): Error {
  if (error instanceof SluiceError) return error
  const reason = reasonOf(error)
  const message = messageOf(error)
  const cause = safeCause(error)
  if (reason === undefined) return new OperationError(what, message, cause)
  if (unsentForm.test(message)) {
    const details = { cause, mayHaveApplied: false }
    return new StoreUnavailableError(reason, `${what}: not sent: ${message}`, details)
  }
  return new StoreUnavailableError(reason, `${what}: Redis ${said[reason]}: ${message}`, { cause })
}

/** The error of a call that got no answer in time. */
export function timeoutError(what: string, deadlineMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    'timeout',
    `${what}: no answer from Redis within ${deadlineMs} ms. It may still have been applied.`,
  )
}

/** The error of a call whose time was over before there was a connection. */
export function notSentError(what: string, deadlineMs: number): StoreUnavailableError {
  return new StoreUnavailableError(
    'timeout',
    `${what}: not sent, because there was no connection to Redis within ${deadlineMs} ms.`,
    { mayHaveApplied: false },
  )
}

/** The error of what was applied, and may be lost with the server that applied it. */
export function notReplicatedError(
  what: string,
  found: string,
  cause?: unknown,
): StoreUnavailableError {
  return new StoreUnavailableError(
    'not-replicated',
    `${what}: ${found}. It was applied, and a failover may lose it.`,
    { cause },
  )
}

/** What became of a WAIT that was not answered with a number. A broken connection says nothing of the replicas. */
export function unacknowledgedError(error: unknown, what: string): Error {
  const known = toStoreError(error, what)
  if (known instanceof StoreUnavailableError && !isAnswer(known)) return known
  return notReplicatedError(
    what,
    `Redis does not say which replicas have it: ${messageOf(error)}`,
    safeCause(error),
  )
}

/** True for the answer to EVALSHA of a script that the server has not seen. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

/** True for the answer of a primary that has been made a replica. */
export function isReadOnly(error: Error): boolean {
  return readOnlyForm.test(error.message)
}

/** True for the answer to the SELECT that opens a connection. */
export function isSelectRefused(error: unknown): boolean {
  return isReply(error) && /^select$/i.test(String(commandName(error)))
}

/** True where the server has answered, if only by an error. */
export function isAnswer(error: unknown): boolean {
  return (
    error instanceof OperationError ||
    (error instanceof StoreUnavailableError && answers.has(error.reason))
  )
}

const answers: ReadonlySet<UnavailableReason> = new Set(['not-serving', 'denied', 'not-replicated'])

const said: Record<UnavailableReason, string> = {
  timeout: 'did not answer in time',
  disconnected: 'broke the connection, and the call may still have been applied',
  'breaker-open': 'was not asked',
  'not-serving': 'is not serving',
  denied: 'refused access',
  'not-replicated': 'has it alone',
}

/** Why a store cannot answer; `undefined` for an answer that is about the command. */
export function reasonOf(error: unknown): UnavailableReason | undefined {
  const message = messageOf(error)
  if (notServingForm.test(message)) return 'not-serving'
  if (deniedForm.test(message)) return 'denied'
  // A reply of the server that is none of these is about the command; all else never reached a server or came back.
  return isReply(error) ? undefined : 'disconnected'
}

/** What a node answered, of a Cluster's error that no node would do. */
export function nodeError(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'lastNodeError') : undefined
}

const network = ['code', 'errno', 'syscall', 'hostname', 'address', 'port']

/**
 * An error of the client as it may stand in a log. ioredis puts the command with its arguments on it: those of AUTH hold
 * the password, those of a write what the application keeps.
 */
export function safeCause(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined
  const cause = safeCause(nodeError(error) ?? error.cause)
  const safe = new Error(messageOf(error), cause === undefined ? undefined : { cause })
  safe.name = error.name
  const line = `${error.name}: ${safe.message}`
  Object.defineProperty(safe, 'stack', { value: line, configurable: true, writable: true })
  for (const name of network) {
    const value: unknown = Reflect.get(error, name)
    if (value !== undefined) Reflect.set(safe, name, value)
  }
  return safe
}

/** "unknown command" repeats the arguments; HELLO's hold the password. */
function messageOf(error: unknown): string {
  const message = withoutLink(error instanceof Error ? error.message : String(error))
  return message.replace(/,? with args beginning with:.*/s, '')
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

function commandName(error: Error): unknown {
  const command: unknown = Reflect.get(error, 'command')
  return typeof command === 'object' && command !== null ? Reflect.get(command, 'name') : undefined
}
