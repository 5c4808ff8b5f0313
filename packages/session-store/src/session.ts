import type { Duration } from '@sluice/core'

/**
 * The attributes of every session, for `req.session` and `ctx.session`. Empty until the application says what it keeps:
 *
 * @example
 * declare module '@sluice/session-store' {
 *   interface SessionData {
 *     cart: string[]
 *   }
 * }
 */
export interface SessionData {}

/** Attributes to write; `undefined` removes one. */
export type Attributes<Data extends object> = {
  [Name in keyof Data]?: Data[Name] | undefined
}

/**
 * The session of a request: a plain object to read from and assign to. What changed, nested values included, is saved
 * before the response leaves. Printing it or making JSON of it shows the attributes alone.
 */
export type Session<Data extends object = SessionData> = Attributes<Data> & SessionControls<Data>

/** How one rotation differs. */
export interface RotateOptions<Data extends object = SessionData> {
  /** True (default) keeps all attributes, a list those that it names. */
  readonly keep?: true | readonly (keyof Data & string)[] | undefined
}

/** What a session has besides its attributes. None of it is enumerable, and no attribute can have these names. */
export interface SessionControls<Data extends object = SessionData> {
  /** Names the session in lists and logs; it opens nothing. `undefined` until the session is stored. */
  readonly id: string | undefined
  /** True while nothing is stored: a new visitor, or after `destroy()`. */
  readonly isNew: boolean
  /** Who is signed in. */
  readonly userId: string | undefined
  /** When the user signed in last, ms since 1970 by the store's clock. */
  readonly authenticatedAtMs: number | undefined
  /** True when the user signed in, or in again, no longer ago than this: for changes that ask for a fresh sign-in. */
  isFresh(within: Duration): boolean
  /**
   * Signs a user in: gives the session a new secret, so that the cookie from before is dead, keeps its attributes, and
   * lists it under the user. A session of another user is destroyed, and an empty one takes its place.
   * @throws StoreUnavailableError when the store does not answer; SessionError when the response has begun
   */
  signIn(userId: string): Promise<void>
  /**
   * Gives the session a new secret, for a change of rights. The cookie from before is of use for `rotationGrace` longer, for
   * requests that are on their way. Deadlines stay, and attributes do unless `keep` names those that do. False when the session has ended meanwhile, or another request rotated it first.
   * @throws StoreUnavailableError when the store does not answer; SessionError when the response has begun
   */
  rotate(options?: RotateOptions<Data>): Promise<boolean>
  /**
   * Reads, changes and writes one attribute so that no parallel change of it is lost, at once and not with the response.
   * An unsaved assignment to it is overwritten.
   * @param change gets the stored value and gives the new one, `undefined` to remove it; called again after a conflict
   * @returns the new value, `undefined` also when the session has ended meanwhile
   * @throws StoreUnavailableError when the store does not answer
   */
  update<Name extends keyof Data & string>(
    name: Name,
    change: (value: Data[Name] | undefined) => Data[Name] | undefined,
  ): Promise<Data[Name] | undefined>
  /**
   * Saves what changed now, for work that must not wait for the response, or after it has begun. False when the session
   * has ended meanwhile: a session that was destroyed stays destroyed.
   * @throws StoreUnavailableError when the store does not answer; ValueError for what cannot be stored;
   *   SessionError for a new session when the response has begun
   */
  save(): Promise<boolean>
  /**
   * Signs out: deletes the session, empties this object and takes the cookie back. What is assigned afterwards starts a
   * new session.
   * @throws StoreUnavailableError when the store does not answer
   */
  destroy(): Promise<void>
}

/** The names that attributes cannot have. */
const controlNames: ReadonlySet<string> = new Set<keyof SessionControls>([
  'id',
  'isNew',
  'userId',
  'authenticatedAtMs',
  'isFresh',
  'signIn',
  'rotate',
  'update',
  'save',
  'destroy',
])

/** False for a control's name, and for the one that would set a prototype. */
export function mayName(attribute: string): boolean {
  return !controlNames.has(attribute) && attribute !== '__proto__'
}
