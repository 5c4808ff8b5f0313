import type { ServerResponse } from 'node:http'
import { failureReporter } from '../channels.ts'
import { sendAnswer } from './answer.ts'
import type { Answer, BeforeHeaders } from './exchange.ts'
import { takeHead } from './take-head.ts'

/** Holds a response at its first byte until the hooks have run. One a response, however many middlewares use it. */
export interface ResponseGate {
  add(hook: BeforeHeaders): void
  /** True when headers are on the wire. Meanwhile the response itself says true from the moment it is held. */
  headersLeft(): boolean
}

const gates = new WeakMap<ServerResponse, ResponseGate>()
const reportFailure = failureReporter('http')

/** The gate of a response, installed on first use. */
export function gateOf(response: ServerResponse): ResponseGate {
  let gate = gates.get(response)
  if (gate === undefined) gates.set(response, (gate = installGate(response)))
  return gate
}

/** Node sends the headers on the first of these. */
const sending = ['writeHead', 'write', 'end', 'flushHeaders'] as const
type Sending = (typeof sending)[number]
type Method = (...args: unknown[]) => unknown

/** A response that waits for its hooks. */
interface Hold {
  /** What the handler sent so far, in order. */
  readonly calls: (() => unknown)[]
  /** The status that the handler sent: whatever it sets later, it sets too late. */
  readonly status: number
  paused: boolean
  ended: boolean
}

/**
 * Calls that would send the headers are kept while the hooks are awaited, and replayed in order. To the handler the
 * response looks sent meanwhile. The methods stay replaced afterwards and pass through: another middleware may have
 * wrapped them.
 */
function installGate(response: ServerResponse): ResponseGate {
  const hooks: BeforeHeaders[] = []
  let hold: Hold | undefined
  let opened = false

  const open = (answer: Answer | undefined): void => {
    const { calls = [], status = response.statusCode, paused = false } = hold ?? {}
    opened = true
    hold = undefined
    response.statusCode = status
    if (answer === undefined) for (const call of calls) call()
    else replaceResponse(response, answer)
    // Whoever `write` told to wait goes on; a real need to wait tells them again.
    if (paused && !response.writableNeedDrain) response.emit('drain')
  }
  const start = (): void => {
    const running = runHooks(hooks)
    if (running === undefined) opened = true
    else {
      hold = { calls: [], status: response.statusCode, paused: false, ended: false }
      // Only now: a property with a getter costs each request more than all the rest of this.
      overrideGetter(response, 'headersSent', (sent) => hold !== undefined || sent)
      overrideGetter(response, 'writableEnded', (ended) => hold?.ended === true || ended)
      void running.then(open)
    }
  }
  const intercept = (name: Sending, original: Method): Method =>
    function gated(...args) {
      if (!opened && name === 'writeHead' && !hold) args = takeHead(response, args)
      if (!opened && !hold) start()
      if (!hold) return Reflect.apply(original, response, args)
      hold.calls.push(() => Reflect.apply(original, response, args))
      if (name === 'write') hold.paused = true
      if (name === 'end') hold.ended = true
      return name === 'write' ? false : response
    }

  const methods: Partial<Record<Sending, Method>> = {}
  for (const name of sending) methods[name] = intercept(name, response[name] as Method)
  Object.assign(response, methods)
  return {
    add(hook) {
      hooks.push(hook)
    },
    headersLeft: () => hold === undefined && response.headersSent,
  }
}

function overrideGetter(
  response: ServerResponse,
  name: 'headersSent' | 'writableEnded',
  read: (own: boolean) => boolean,
): void {
  const own = response[name]
  const getter = findGetter(response, name)
  Object.defineProperty(response, name, {
    get: () => read(getter === undefined ? own : Boolean(getter.call(response))),
    configurable: true,
  })
}

function findGetter(target: object, name: string): (() => unknown) | undefined {
  for (let owner: object | null = target; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)
    if (descriptor !== undefined) return descriptor.get
  }
  return undefined
}

/** Runs the hooks from the last to the first; `undefined` when none of them waits. Never rejects. */
function runHooks(hooks: readonly BeforeHeaders[]): Promise<Answer | undefined> | undefined {
  for (let at = hooks.length - 1; at >= 0; at--) {
    const running = runHook(hooks[at])
    if (running !== undefined) return finishHooks(running, hooks.slice(0, at).toReversed())
  }
  return undefined
}

/** Every hook runs, even when one of them replaced the response: a session is saved though a limit was reached. */
async function finishHooks(
  first: Promise<Answer | undefined>,
  others: readonly BeforeHeaders[],
): Promise<Answer | undefined> {
  let answer = await first
  for (const hook of others) answer = (await runHook(hook)) ?? answer
  return answer
}

function runHook(hook: BeforeHeaders | undefined): Promise<Answer | undefined> | undefined {
  try {
    return hook?.()?.catch(failedHook)
  } catch (error) {
    return Promise.resolve(failedHook(error))
  }
}

function failedHook(error: unknown): Answer {
  reportFailure({ verb: 'beforeHeaders', instead: '500', error })
  return { status: 500, body: { error: 'Internal Server Error' } }
}

/** Throws away what the handler said, headers included: they described another response. */
function replaceResponse(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  sendAnswer(response, answer)
}
