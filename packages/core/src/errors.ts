import { withLink } from './error-page.ts'

/** Stable codes of the errors that `@sluice/core` throws. */
export type CoreErrorCode =
  | 'SLUICE_OPTION'
  | 'SLUICE_KEY'
  | 'SLUICE_VALUE'
  | 'SLUICE_COUNTER'
  | 'SLUICE_CONFLICT'
  | 'SLUICE_TENANT'
  | 'SLUICE_STORE_UNAVAILABLE'
  | 'SLUICE_STORE_CLOSED'
  | 'SLUICE_STORE_FULL'
  | 'SLUICE_OPERATION'

/** What an error may carry besides its message. */
export interface SluiceErrorOptions {
  /** The error underneath, kept for logs. */
  readonly cause?: unknown
  /** The HTTP status that Express and Koa answer with when nobody handles the error. */
  readonly status?: number
}

const brand = Symbol.for('@sluice/core/error')

/**
 * The base of every error that Sluice throws. Tell errors apart by `code`, which never changes, not by the message, which
 * ends with a link to the remedy.
 * `instanceof` also recognises errors made by another copy of the package.
 */
export class SluiceError extends Error {
  /** Stable, documented, one per kind of failure: `SLUICE_…`. */
  readonly code: string
  /** The HTTP status that Express and Koa answer with when nobody handles the error. */
  declare readonly status?: number

  constructor(code: string, message: string, options: SluiceErrorOptions = {}) {
    super(
      withLink(code, message),
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    if (options.status !== undefined) this.status = options.status
    Object.defineProperty(this, brand, { value: true })
  }

  /** The name of the class, for people: a program tells errors apart by `code`. */
  override get name(): string {
    return this.constructor.name
  }

  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== SluiceError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** An option or argument that cannot be meant: what was expected, what was given and the fix are in the message. */
export class OptionError extends SluiceError {
  constructor(message: string) {
    super('SLUICE_OPTION', message)
  }
}

/** A key, namespace or name that cannot be stored: empty, too long, or not text. Answered with 400 by default. */
export class KeyError extends SluiceError {
  constructor(message: string) {
    super('SLUICE_KEY', message, { status: 400 })
  }
}

/** A value that would not come back as it went in. `path` says where in the value, as `$.items[3].price`. */
export class ValueError extends SluiceError {
  /** Where in the value, as `$.items[3].price`. */
  readonly path: string

  constructor(message: string, path: string) {
    super('SLUICE_VALUE', message)
    this.path = path
  }
}

/** A counter that is not an integer, or would leave the safe integers. Nothing was changed. */
export class CounterError extends SluiceError {
  constructor(message: string) {
    super('SLUICE_COUNTER', message)
  }
}

/** An `update` that other writers overtook a hundred times. Nothing was changed. */
export class ConflictError extends SluiceError {
  constructor(message: string) {
    super('SLUICE_CONFLICT', message, { status: 503 })
  }
}

/** A request without a tenant reached something that only a tenant may use. */
export class TenantError extends SluiceError {
  constructor(message: string) {
    super('SLUICE_TENANT', message, { status: 400 })
  }
}

/** Why a store could not answer. */
export type UnavailableReason =
  /** No reply within the deadline. The command may still have been applied. */
  | 'timeout'
  /** No connection, or it broke while the reply was awaited (the command may have been applied). */
  | 'disconnected'
  /** Too many failures in a row: refused at once, without asking, until a probe succeeds. */
  | 'breaker-open'
  /** The server answered that it cannot serve now: loading, read-only replica, cluster down, out of memory. */
  | 'not-serving'
  /** The server refused the credentials or the command. */
  | 'denied'
  /** It was applied, and fewer replicas than asked for have it in time: a failover may lose it. */
  | 'not-replicated'

/** What else is known of a call that the store did not answer. */
export interface UnavailableDetails {
  readonly cause?: unknown
  /** Of a call on many keys: those that were not done. */
  readonly keys?: readonly string[] | undefined
  /** False for a call that never left. Default: true where `reason` leaves it open. */
  readonly mayHaveApplied?: boolean
}

/** The reasons that leave open whether the server did what it was asked. */
const open: ReadonlySet<UnavailableReason> = new Set(['timeout', 'disconnected', 'not-replicated'])

/** The store did not answer in time or cannot answer. `reason` says which, `cause` holds what the client saw. */
export class StoreUnavailableError extends SluiceError {
  /** Why the store could not answer. */
  readonly reason: UnavailableReason
  /**
   * Whether the call may have been done all the same: its request left, and the reply did not come. When it is false,
   * nothing was changed, and asking again cannot do it twice.
   */
  readonly mayHaveApplied: boolean
  /** Of a call on many keys: those that were not done. The others were. */
  declare readonly keys?: readonly string[]

  constructor(
    reason: UnavailableReason,
    message: string,
    { cause, keys, mayHaveApplied = open.has(reason) }: UnavailableDetails = {},
  ) {
    super('SLUICE_STORE_UNAVAILABLE', message, { cause, status: 503 })
    this.reason = reason
    this.mayHaveApplied = mayHaveApplied
    if (keys !== undefined) this.keys = keys
  }
}

/** A call on a cache or store after `close()`. */
export class StoreClosedError extends SluiceError {
  constructor() {
    super('SLUICE_STORE_CLOSED', 'The store is closed. Create a new one, or close it later.')
  }
}

/** A memory store that keeps as much operation state (locks, sessions, counts) as it may. Nothing was changed. */
export class StoreFullError extends SluiceError {
  constructor(limit: number) {
    super(
      'SLUICE_STORE_FULL',
      `The memory store already keeps ${limit} locks, sessions and counters (option "maxState"). ` +
        'Raise it, shorten the ttls, or use redisStore().',
      { status: 503 },
    )
  }
}

/** An operation that the store refused: a bug in the operation, or a key that holds another type. */
export class OperationError extends SluiceError {
  /** The operation's name, such as `rate-limiter.consume`. */
  readonly operation: string

  constructor(operation: string, message: string, cause?: unknown) {
    super('SLUICE_OPERATION', `${operation}: ${message}`, { cause })
    this.operation = operation
  }
}
