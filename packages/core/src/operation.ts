import type { Payload } from './payload.ts'

/** What the state of an operation is made of: text or numbers. */
export type Scalar = string | number

/** What an operation is given: text, numbers, or the payload of an entry. */
export type Argument = Scalar | Payload

/** What a script replies: Redis integers, strings, payloads, nil and arrays of them. */
export type Reply = Payload | number | null | readonly Reply[]

/**
 * One atomic step, said twice: `lua` runs inside Redis, `memory` in this process. Both reply alike, and `reply` turns
 * either reply into the result. Made by `defineOperation`.
 */
export interface Operation<Args, Result> {
  /** `package.verb`, as errors and traces show it. */
  readonly name: string
  /** The whole script. It begins with `prelude`. */
  readonly lua: string
  /** The local functions that `lua` begins with, or empty text: see `OperationDefinition`. */
  readonly prelude: string
  /** True when it changes nothing; a full memory store still runs it. */
  readonly readOnly: boolean
  /** Every key it touches: KEYS of the script. */
  keys(args: Args): readonly string[]
  /** The arguments: ARGV of the script. */
  argv(args: Args): readonly Argument[]
  /** The half that memory runs. Synchronous, and given what `keys` and `argv` made. */
  memory(view: MemoryView, keys: readonly string[], argv: readonly Argument[]): Reply
  /** The result that either half's reply stands for. */
  reply(raw: Reply): Result
}

/** What `defineOperation` is given. */
export interface OperationDefinition<
  Args,
  Keys extends readonly string[],
  Argv extends readonly Argument[],
  Raw extends Reply,
  Result,
> {
  /** `package.verb`, as errors and traces show it. */
  readonly name: string
  /** The half that Redis runs. Starts with a comment that names KEYS, ARGV and the reply; integers only. */
  readonly lua: string
  /**
   * Local functions and what else comes before `lua`, looks neither at KEYS nor at ARGV, and changes nothing. Operations that
   * are sent together share it.
   */
  readonly prelude?: string
  /** True when it changes nothing. Default false. */
  readonly readOnly?: boolean
  /** Every key it touches, all in one Cluster slot: a state key and companions made by appending to it. */
  readonly keys: (args: Args) => Keys
  /** The arguments, in the order of ARGV. */
  readonly argv: (args: Args) => Argv
  /** The half that memory runs. Synchronous: in one thread, that is what makes it atomic. */
  readonly memory: (view: MemoryView, keys: Keys, argv: Argv) => Raw
  /** Turns either half's reply into the result. */
  readonly reply: (raw: Raw) => Result
}

/**
 * Says one atomic step in Lua and in JavaScript. The declared type names the arguments and the result; the rest is
 * inferred.
 *
 * @example
 * const hit: Operation<{ key: string; windowMs: number }, number> = defineOperation({
 *   name: 'example.hit',
 *   keys: ({ key }) => [key],
 *   argv: ({ windowMs }) => [windowMs],
 *   lua: lua`
 *     -- KEYS[1] counter   ARGV[1] window in ms   replies the count
 *     local count = redis.call('INCR', KEYS[1])
 *     if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
 *     return count`,
 *   memory: (view, [counter], [windowMs]) => {
 *     const count = view.incrBy(counter, 1)
 *     if (count === 1) view.pExpire(counter, windowMs)
 *     return count
 *   },
 *   reply: (count) => count,
 * })
 */
export function defineOperation<
  Args,
  Result,
  const Keys extends readonly string[],
  const Argv extends readonly Argument[],
  const Raw extends Reply,
>(definition: OperationDefinition<Args, Keys, Argv, Raw, Result>): Operation<Args, Result> {
  const { prelude = '' } = definition
  const whole = prelude === '' ? definition.lua : `${prelude}\n${definition.lua}`
  const operation = Object.freeze({ readOnly: false, ...definition, prelude, lua: whole })
  // A store hands `memory` exactly what `keys` and `argv` made, and `reply` what a half replied: the tuple types hold by
  // construction, which a store that treats all operations alike cannot express.
  return operation as unknown as Operation<Args, Result>
}

/** Marks Lua for editors and takes off the indentation, so that formatting does not change a script's SHA. */
export function lua(text: TemplateStringsArray, ...parts: readonly string[]): string {
  const whole = text.reduce((script, piece, at) => script + (parts[at - 1] ?? '') + piece)
  return whole.replace(/^[ \t]+/gm, '').trim()
}

/**
 * The Redis verbs that the memory half of an operation may use: same names, same replies, same expiry. Time stands
 * still while an operation runs, as it does in a script.
 */
export interface MemoryView {
  /** The store's clock in ms: `redis.call('TIME')`, seconds and microseconds put together. */
  nowMs(): number
  /** 1 when there is a live key, of any type. */
  exists(key: string): 0 | 1
  /** 1 when there was one. */
  del(key: string): 0 | 1
  /** Remaining ms; -1 without expiry, -2 without the key. */
  pTtl(key: string): number
  /** As in Redis, ttl 0 or less deletes the key. */
  pExpire(key: string, ttlMs: number): 0 | 1
  /** As in Redis, a time that has passed deletes the key. */
  pExpireAt(key: string, atMs: number): 0 | 1
  /** Takes the expiry off; 0 when there was none. */
  persist(key: string): 0 | 1

  /** The text of a key, `null` without it. */
  get(key: string): string | null
  /** GET of an entry that may hold bytes. */
  getPayload(key: string): Payload | null
  /** Without `ttlMs` the key loses its expiry, as with SET. */
  set(key: string, value: Argument, ttlMs?: number): void
  /** SET … KEEPTTL. */
  setKeepTtl(key: string, value: Argument): void
  /** Keeps the expiry, as INCRBY does. */
  incrBy(key: string, by: number): number

  /** The value of a field, `null` without it. */
  hGet(key: string, field: string): string | null
  /** Field, value, field, value, …: as HGETALL replies. Redis keeps no order; sort before comparing. */
  hGetAll(key: string): readonly string[]
  /** How many fields are new. */
  hSet(key: string, ...fieldsAndValues: readonly Scalar[]): number
  /** How many fields were there. The last one takes the key with it. */
  hDel(key: string, ...fields: readonly string[]): number
  /** 1 when the hash has the field. */
  hExists(key: string, field: string): 0 | 1
  /** The value after it; a field that is missing counts as 0. Keeps the expiry. */
  hIncrBy(key: string, field: string, by: number): number
  /** How many fields a hash has; 0 without the key. */
  hLen(key: string): number

  /** How many members are new. */
  zAdd(key: string, score: number, member: string): 0 | 1
  /** How many members were there. The last one takes the key with it. */
  zRem(key: string, ...members: readonly string[]): number
  /** A member's score as text, `null` without it. */
  zScore(key: string, member: string): string | null
  /** How many members a sorted set has; 0 without the key. */
  zCard(key: string): number
  /** Members by rank, both ends included, negative from the end. */
  zRange(key: string, start: number, stop: number): readonly string[]
  /** Members with `min <= score <= max`, by score, then by text. */
  zRangeByScore(key: string, min: number, max: number): readonly string[]
  /** Removes members with `min <= score <= max`, and says how many those were. */
  zRemRangeByScore(key: string, min: number, max: number): number

  /**
   * Tells who listens on the channel (`Store.subscribe`), soon after the operation. The channel is an argument, not a key. In
   * Lua, `redis.pcall('PUBLISH', channel, message)`: a user without the right to a channel would fail the whole script.
   */
  publish(channel: string, message: string): void
}
