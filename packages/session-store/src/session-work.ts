import { applyTexts, changedTexts, decode, encode } from './attributes.ts'
import { SessionError } from './errors.ts'
import type { Device, Texts } from './record.ts'
import type { IssuedToken, Records, Rotation } from './records.ts'
import type { Token } from './token.ts'

/** What the store holds of the session, as far as this request knows. */
interface Stored {
  token: Token
  user: string
  authenticatedAtMs: number | undefined
  rotatedAtMs: number
  readonly texts: Map<string, string>
  readonly sealed: Map<string, string>
}

/** What is known of the session of one request. */
export interface State {
  readonly records: Records
  readonly device: Device | undefined
  readonly renewEveryMs: number
  /** Tells the store's clock, from when it was read last. */
  nowMs: () => number
  /** The session object itself: its enumerable properties are the attributes. */
  readonly attributes: Record<string, unknown>
  stored: Stored | undefined
  cookieChange: IssuedToken | 'cleared' | undefined
  canChangeCookie: () => boolean
  /** The work that reaches the store, one after the other; `undefined` when none is under way. Never rejects. */
  lastTurn: Promise<unknown> | undefined
}

/** The store's clock goes on as this process's does. */
export function clockFrom(nowMs: number): () => number {
  const readAtMs = performance.now()
  return () => nowMs + (performance.now() - readAtMs)
}

/**
 * One after the other, so that calls nobody awaits, and the end of the response, find each other's results. What is
 * given back is a promise of its own: the failure of a call that nobody awaits stays an unhandled rejection.
 */
export function inTurn<Result>(state: State, work: () => Promise<Result>): Promise<Result> {
  const turn = state.lastTurn === undefined ? work() : state.lastTurn.then(work)
  const done = turn.then(
    () => undefined,
    () => undefined,
  )
  state.lastTurn = done
  void done.then(() => {
    if (state.lastTurn === done) state.lastTurn = undefined
  })
  return turn.then((result) => result)
}

const nothing: Texts = new Map()

function changes(state: State): Map<string, string> {
  return changedTexts(state.attributes, state.stored?.texts ?? nothing)
}

/** What there is to save; `undefined` for what cannot be encoded: saving it says what is wrong. */
export function findChanges(state: State, mayStore: boolean): Texts | undefined {
  if (!mayStore) return nothing
  try {
    return changes(state)
  } catch {
    return undefined
  }
}

/** @param changed what `findChanges` has found in this same step */
export async function save(state: State, changed: Texts = changes(state)): Promise<boolean> {
  if (changed.size === 0) return true
  if (state.stored === undefined) {
    await create(state, undefined, changed)
    return true
  }
  const { stored } = state
  const written = await state.records.commit(stored, changed)
  if (written) applyTexts(stored.texts, changed)
  return written
}

async function create(state: State, userId: string | undefined, texts: Texts): Promise<void> {
  checkCookieCanChange(state)
  const record = await state.records.create({ userId, texts, device: state.device })
  const { token, nowMs, absoluteEndMs } = record
  state.stored = record
  state.nowMs = clockFrom(nowMs)
  state.cookieChange = { token, remainingMs: absoluteEndMs - nowMs, nowMs }
}

export async function signIn(state: State, userId: string): Promise<void> {
  checkCookieCanChange(state)
  if (state.stored !== undefined && !['', userId].includes(state.stored.user)) await destroy(state)
  const rotated = await replaceToken(state, { userId, device: state.device })
  // A new visitor, or a session that ended or got another token meanwhile, as by a second click on "sign in".
  if (!rotated) await create(state, userId, changedTexts(state.attributes, nothing))
}

export async function rotate(state: State, keep: readonly string[] | undefined): Promise<boolean> {
  const { stored, attributes } = state
  for (const name of Object.keys(attributes)) {
    if (keep !== undefined && !keep.includes(name)) delete attributes[name]
  }
  if (stored === undefined) return true
  checkCookieCanChange(state)
  return replaceToken(state, { keep })
}

/** Gives the stored session a new token, and writes what changed in the same step. False when there is none. */
export async function replaceToken(state: State, how: Omit<Rotation, 'texts'>): Promise<boolean> {
  const { stored } = state
  if (stored === undefined) return false
  const changed = changes(state)
  const issued = await state.records.rotate(stored, { ...how, texts: changed })
  if (issued === undefined) return false
  stored.token = issued.token
  stored.rotatedAtMs = issued.nowMs
  if (how.userId !== undefined) {
    stored.user = how.userId
    stored.authenticatedAtMs = issued.nowMs
  }
  state.nowMs = clockFrom(issued.nowMs)
  applyTexts(stored.texts, changed)
  state.cookieChange = issued
  return true
}

export async function destroy(state: State): Promise<void> {
  if (state.stored !== undefined) await state.records.destroy(state.stored.token.id)
  state.stored = undefined
  state.cookieChange = 'cleared'
  for (const name of Object.keys(state.attributes)) delete state.attributes[name]
}

export async function update<Data extends object, Name extends keyof Data & string>(
  state: State,
  name: Name,
  change: (value: Data[Name] | undefined) => Data[Name] | undefined,
): Promise<Data[Name] | undefined> {
  const { stored, attributes } = state
  // Nobody else can reach a session that is not stored. Stored values are vouched for, as with JSON.parse.
  if (stored === undefined) {
    return setAttribute(attributes, name, change(attributes[name] as Data[Name] | undefined))
  }
  let expected = stored.texts.get(name) ?? ''
  // Ends: each time round, another writer has succeeded.
  for (;;) {
    const value = change(decode(expected) as Data[Name] | undefined)
    const text = encode(name, value)
    const outcome = await state.records.swap(stored, { name, expected, text })
    if (outcome.done) {
      applyTexts(stored.texts, new Map([[name, text]]))
      return setAttribute(attributes, name, value)
    }
    if (outcome.gone) return undefined
    expected = outcome.text
  }
}

function setAttribute<Value>(
  attributes: Record<string, unknown>,
  name: string,
  value: Value,
): Value {
  if (value === undefined) delete attributes[name]
  else attributes[name] = value
  return value
}

function checkCookieCanChange({ canChangeCookie }: State): void {
  if (canChangeCookie()) return
  throw new SessionError(
    'SLUICE_SESSION_HEADERS_SENT',
    'The response has begun, so the session cookie cannot change any more. ' +
      'Sign in, rotate, or save a new session before the first byte is written.',
  )
}
