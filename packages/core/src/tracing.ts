import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import { debuglog, inspect } from 'node:util'

/** What a message says besides its own fields, once the operation has settled. */
export interface TraceOutcome<Result> {
  /** What it came to. Never a cached value. */
  readonly result?: Result
  /** What it threw, of any kind. */
  readonly error?: unknown
  /** From the call until it settled, in ms with fractions. */
  readonly durationMs?: number
}

/**
 * A message of a tracing channel. One object goes through all of `start`, `end`, `error`, `asyncStart` and `asyncEnd` of
 * an operation, as with Node's `tracePromise`; a subscriber may keep it as a key of its own.
 */
export type TraceMessage<Fields extends object, Result = undefined> = Readonly<Fields> &
  TraceOutcome<Result>

/** The tracing channel of one verb. */
export interface Trace<Fields extends object, Result> {
  /** `sluice:<package>:<verb>` */
  readonly name: string
  /** True while somebody listens. */
  readonly active: boolean
  /**
   * The same function, told of on the channel. While nobody listens it calls straight through: no message, promise or
   * closure is made, and its arguments are not looked at.
   *
   * @param verb takes four arguments at the most, and no `this`
   * @param fields what is known beforehand; it must not throw, whatever the arguments are
   * @param resultOf what a value comes to
   */
  wrap<Verb extends AsyncVerb>(
    verb: Verb,
    fields: (...args: Parameters<Verb>) => Fields,
    resultOf: (value: Awaited<ReturnType<Verb>>) => Result,
  ): Verb
}

/** Any asynchronous function. */
export type AsyncVerb = (...args: never[]) => Promise<unknown>

const debug = debuglog('sluice')
// Node reads NODE_DEBUG once, when it starts.
const prints = debug.enabled

const names = new Set<string>()

/**
 * The names of all tracing channels of the Sluice packages that are loaded, for a subscriber to all of them.
 *
 * @example
 * for (const name of traceNames()) tracingChannel(name).subscribe(handlers)
 */
export function traceNames(): readonly string[] {
  return [...names]
}

/**
 * Makes the tracing channel `sluice:<area>:<verb>`, one a verb, when a module is loaded. With `NODE_DEBUG=sluice` every
 * operation is printed as well.
 *
 * @param area the package's short name: `'rate-limiter'`
 * @example
 * const traceConsume: Trace<{ key: TracedKey }, boolean> = createTrace('rate-limiter', 'consume')
 */
export function createTrace<Fields extends object, Result = undefined>(
  area: string,
  verb: string,
): Trace<Fields, Result> {
  const name = `sluice:${area}:${verb}`
  const channels = tracingChannel<unknown, Message>(name)
  names.add(name)
  const isActive = (): boolean => (channels.hasSubscribers || prints) && !silent
  return {
    name,
    get active() {
      return isActive()
    },
    wrap<Verb extends AsyncVerb>(
      verb: Verb,
      fields: (...args: Parameters<Verb>) => Fields,
      resultOf: (value: Awaited<ReturnType<Verb>>) => Result,
    ) {
      // What comes in goes on as it is: the types of the verb hold for both sides, and no signature can say so.
      const [call, say, told] = [verb, fields, resultOf] as unknown as [Loose, LooseFields, Told]
      // Neither an array of the arguments nor a closure over them: each would be made for every call, told of or not.
      const traced: Loose = (a, b, c, d) =>
        isActive()
          ? publish({ name, channels }, { call, say, told }, [a, b, c, d])
          : call(a, b, c, d)
      return traced as unknown as Verb
    },
  }
}

let silent = false

/** Calls a verb as a part of a larger operation, which is the one that is told of. */
export function untraced<Value>(call: () => Value): Value {
  const before = silent
  silent = true
  try {
    return call()
  } finally {
    // Whether a verb is told of is decided in the step that calls it.
    silent = before
  }
}

type Args = readonly [a: unknown, b: unknown, c: unknown, d: unknown]
type Loose = (...args: Args) => Promise<unknown>
type LooseFields = (...args: Args) => object
type Told = (value: unknown) => unknown

interface Published {
  readonly name: string
  readonly channels: TracingChannel<unknown, Message>
}

interface Traced {
  readonly call: Loose
  readonly say: LooseFields
  readonly told: Told
}

type Message = { -readonly [Part in keyof TraceOutcome<unknown>]: TraceOutcome<unknown>[Part] }

/** What Node's `tracePromise` does, except that the message gets what the value comes to and not the value. */
function publish(
  { name, channels }: Published,
  { call, say, told }: Traced,
  args: Args,
): Promise<unknown> {
  const message: Message = { ...say(...args) }
  const startedAtMs = performance.now()
  const failed = (error: unknown): void => {
    message.error = error
    channels.error.publish(message)
  }
  const settled = (): void => {
    message.durationMs = performance.now() - startedAtMs
    channels.asyncStart.publish(message)
    channels.asyncEnd.publish(message)
    if (prints) print(name, message)
  }
  return channels.start.runStores(message, () => {
    try {
      return call(...args).then(
        (value) => {
          message.result = told(value)
          settled()
          return value
        },
        (error: unknown) => {
          failed(error)
          settled()
          throw error
        },
      )
    } catch (error) {
      failed(error)
      throw error
    } finally {
      channels.end.publish(message)
    }
  })
}

function print(name: string, { error, durationMs = 0, ...known }: Message): void {
  const said = inspect(known, { breakLength: Number.POSITIVE_INFINITY })
  const failure = error instanceof Error ? `, ${error.name}: ${error.message}` : ''
  debug('%s %s in %s ms%s', name, said, durationMs.toFixed(2), failure)
}
