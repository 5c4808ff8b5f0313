import type { IncomingMessage } from 'node:http'
import { reportFailure } from './failure.ts'
import type { Archive, Kept } from './archive.ts'
import { keptOf, type Draft } from './draft.ts'
import { freshnessOf } from './freshness.ts'
import type { ResponseCacheConfig } from './options.ts'
import type { Conditions } from './present.ts'
import type { PageKey } from './request-key.ts'
import { ruleOn } from './ruling.ts'
import type { Outcome, Run } from './runs.ts'
import { tapResponse, type Verdict } from './tap.ts'
import type { Visit } from './visit.ts'

/** One run of the handler, whose response is to be kept if it may be. */
export interface Capture<Context> {
  readonly config: ResponseCacheConfig<Context>
  readonly archive: Archive
  readonly visit: Visit<Context>
  readonly at: PageKey
  readonly conditions: Conditions
  /** Those that the options name; the handler's are added while it runs. */
  readonly tags: readonly string[]
  /** The mark from before the run; NaN where nothing can be kept. */
  readonly since: number
  /** Others may wait for it. */
  readonly run: Run | undefined
  /** What is kept already, and may stand in. */
  readonly stale: Kept | undefined
  /** Why the handler runs, for Cache-Status. */
  readonly why: string
  /** What came of it, for the memory of the middleware. */
  onOutcome(outcome: Outcome): void
}

/** A response that the handler has ended. */
interface Ended {
  readonly draft: Draft
  readonly body: Buffer
  /** What it was sent with. */
  readonly status: number
}

/** Listens to the response of a handler that is about to run, and keeps it if it may be kept. */
export function startCapture<Context>(capture: Capture<Context>): void {
  const { visit, config, run } = capture
  const { request, response, exchange } = visit
  const earlier = { ...response.getHeaders() }
  const requestedAtMs = config.clock.now()
  // Installs the gate below the tap: what a hook holds or replaces, the tap has seen before.
  void exchange.headersSent
  const restore = run === undefined ? () => undefined : hideConditions(request)
  const { settle, complete } = createEnd(capture)
  let draft: Draft | undefined

  const onHead = (whole: Buffer | undefined): Verdict => {
    restore()
    const nowMs = config.clock.now()
    const origin = { response, requestHeaders: request.headers, earlier, requestedAtMs, nowMs }
    const ruling = ruleOn(capture, origin, whole)
    const { presented } = ruling
    draft = ruling.draft
    if (ruling.outcome !== undefined) settle(ruling.outcome)
    exchange.appendHeader('Cache-Status', ruling.told)
    if (presented === undefined) return draft === undefined ? 'pass' : 'capture'
    if (draft && whole) complete({ draft, body: whole, status: presented.status })
    return presented
  }

  tapResponse(response, config.maxBody, {
    onHead,
    onBody(body) {
      if (draft !== undefined) complete({ draft, body, status: draft.status })
    },
    onTooLarge: () => settle({ kind: 'uncacheable' }),
  })
  exchange.onClosed(restore)
}

/** The ways in which a run ends: only the first counts. */
interface End {
  settle(outcome: Outcome): void
  complete(ended: Ended): void
}

function createEnd<Context>(capture: Capture<Context>): End {
  let isSettled = false
  let isEnded = false
  const settle = (outcome: Outcome): void => {
    if (isSettled) return
    isSettled = true
    capture.run?.end(outcome)
    capture.onOutcome(outcome)
  }
  capture.visit.exchange.onClosed(() => {
    if (!isEnded) settle({ kind: 'failed' })
  })
  return {
    settle,
    complete(ended) {
      isEnded = true
      finish(capture, ended).then(settle, (error: unknown) => {
        reportFailure({ verb: 'cacheResponse', instead: 'return', error })
        settle({ kind: 'failed' })
      })
    },
  }
}

/** Takes the conditions off a request, so that the handler makes the whole response; gives what puts them back. */
function hideConditions({ headers }: IncomingMessage): () => void {
  const names = ['if-none-match', 'if-modified-since', 'range', 'if-range'] as const
  const hidden = names.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  )
  for (const name of names) Reflect.deleteProperty(headers, name)
  return () => void Object.assign(headers, Object.fromEntries(hidden))
}

/** Keeps a response whose body is there, when its head is on the wire and can change no more. */
async function finish<Context>(capture: Capture<Context>, ended: Ended): Promise<Outcome> {
  const { visit, at, archive, since } = capture
  const { response, request, exchange } = visit
  const { draft, body, status } = ended
  if (response.destroyed) return { kind: 'failed' }
  if (!exchange.headersSent) await new Promise<void>((resolve) => exchange.onClosed(resolve))
  if (!response.headersSent || response.statusCode !== status) return { kind: 'failed' }
  // The handler sent other than it announced.
  if ((draft.declaredLength ?? body.length) !== body.length) return { kind: 'failed' }
  if (!mayStillBeKept(capture, ended)) return { kind: 'uncacheable' }
  const kept = keptOf(draft, body)
  if (Number.isNaN(since)) return { kind: 'kept', kept }
  try {
    const tags = [...new Set(capture.tags)]
    const filling = { ...kept, at, tags, since, requestHeaders: request.headers }
    const stamped = await archive.keep(filling)
    return stamped === undefined ? { kind: 'failed' } : { kind: 'kept', kept: stamped }
  } catch (error) {
    reportFailure({ verb: 'cacheResponse', instead: 'return', error })
    return { kind: 'kept', kept }
  }
}

/** Middleware below the tap has the last word: a session that was saved has set its cookie by now. */
function mayStillBeKept<Context>({ visit, config }: Capture<Context>, { draft }: Ended): boolean {
  // A range of a whole body is our own work.
  const headers = { ...visit.response.getHeaders(), 'content-range': undefined }
  const isAuthorized = visit.request.headers.authorization !== undefined
  const head = { status: draft.status, headers, isAuthorized, nowMs: draft.atMs }
  return freshnessOf(head, config) !== undefined
}
