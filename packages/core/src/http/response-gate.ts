import type { ServerResponse } from 'node:http'
import { failureReporter } from '../channels.ts'
import { sendAnswer } from './answer.ts'
import type { Answer, BeforeHeaders } from './exchange.ts'

/** Holds a response at its first byte until the hooks have run. One a response, however many middlewares use it. */
export interface ResponseGate {
  add(hook: BeforeHeaders): void
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

/**
 * Calls that would send the headers are kept while the hooks are awaited, and replayed in order. The methods stay replaced
 * afterwards and pass through: another middleware may have wrapped them meanwhile.
 */
function installGate(response: ServerResponse): ResponseGate {
  const hooks: BeforeHeaders[] = []
  const kept: (() => unknown)[] = []
  let state: 'waiting' | 'holding' | 'open' = 'waiting'
  let paused = false

  const open = (answer: Answer | undefined): void => {
    state = 'open'
    if (answer === undefined) for (const call of kept) call()
    else replaceResponse(response, answer)
    kept.length = 0
    // Whoever `write` told to wait goes on; a real need to wait tells them again.
    if (paused && !response.writableNeedDrain) response.emit('drain')
  }

  const intercept = (name: Sending, original: Method): Method =>
    function gated(...args) {
      const call = (): unknown => Reflect.apply(original, response, args)
      if (state === 'open') return call()
      if (state === 'waiting') {
        // Hooks read the status that is about to leave.
        if (name === 'writeHead' && typeof args[0] === 'number') response.statusCode = args[0]
        state = 'holding'
        const running = runHooks(hooks)
        if (running === undefined) {
          state = 'open'
          return call()
        }
        void running.then(open)
      }
      kept.push(call)
      if (name === 'write') paused = true
      return name === 'write' ? false : response
    }

  for (const name of sending) {
    const original = response[name] as Method
    Object.defineProperty(response, name, {
      value: intercept(name, original),
      writable: true,
      configurable: true,
    })
  }
  return {
    add(hook) {
      hooks.push(hook)
    },
  }
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
