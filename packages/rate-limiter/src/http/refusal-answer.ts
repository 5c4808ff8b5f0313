import type { Answer, Exchange } from '@sluice/core/http'
import type { Decision } from '../decision.ts'
import { retryAfterSeconds } from './headers.ts'
import { prefersProblem, problems, problemType, type Problem } from './problem.ts'

/** How refusals look. */
export interface RefusalForm {
  /** True: always `application/problem+json`; false: never; `undefined`: where the request asks for it. */
  readonly problem: boolean | undefined
  /** Whether `Retry-After` is sent. */
  readonly retryAfter: boolean
}

/** What is different from the answer that a refusal gets by default. */
export interface AnswerOverride {
  /** The HTTP status, in place of the one that the answer has. */
  readonly status?: number | undefined
  /** Added to `Retry-After`, which one of the same name replaces. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** The media type. Default: that of the body; of one of your own `application/json; charset=utf-8`. */
  readonly type?: string | undefined
}

/** What all refusals are made of. */
interface Refusal {
  readonly status: number
  readonly problem: Problem
  readonly error: string
  readonly retryAfter?: number
  /** Names of policies, of those that were over. */
  readonly violated?: readonly string[]
}

/** A store that failed is asked again by the first request after this time. */
const unavailableRetrySeconds = 1

/** 429 for a request over the limit, or of a key that is blocked. */
export function tooManyRequests(form: RefusalForm, exchange: Exchange, decision: Decision): Answer {
  const violated = decision.policies.filter(({ allowed }) => !allowed).map(({ name }) => name)
  const isBlocked = decision.blockedForMs > 0
  return answerOf(form, exchange, {
    status: 429,
    problem: isBlocked ? problems.blocked : problems.overQuota,
    error: 'Rate limit exceeded',
    retryAfter: retryAfterSeconds(decision),
    ...(isBlocked ? {} : { violated }),
  })
}

/** 503 where the store failed and nobody may pass. Not 429: the client did nothing wrong. */
export function unavailable(form: RefusalForm, exchange: Exchange): Answer {
  return answerOf(form, exchange, {
    status: 503,
    problem: problems.unavailable,
    error: 'Service unavailable',
    retryAfter: unavailableRetrySeconds,
  })
}

/** 403 for an address on the deny list. */
export function forbidden(form: RefusalForm, exchange: Exchange): Answer {
  return answerOf(form, exchange, { status: 403, problem: problems.denied, error: 'Forbidden' })
}

/** Says an answer otherwise, in part. A body of one's own is plain JSON unless a type comes with it. */
export function withOverride(answer: Answer, override: AnswerOverride = {}): Answer {
  const { status = answer.status, headers, body = answer.body } = override
  const type = override.type ?? (override.body === undefined ? answer.type : undefined)
  return {
    status,
    headers: { ...answer.headers, ...headers },
    body,
    ...(type === undefined ? {} : { type }),
  }
}

function answerOf(form: RefusalForm, exchange: Exchange, refusal: Refusal): Answer {
  const { status, problem, error, retryAfter, violated } = refusal
  const isProblem = form.problem ?? prefersProblem(exchange.header('accept'))
  const wait = retryAfter === undefined ? {} : { retryAfter }
  const headers: Record<string, string> =
    form.retryAfter && retryAfter !== undefined ? { 'Retry-After': String(retryAfter) } : {}
  if (!isProblem) return { status, headers, body: { error, ...wait } }
  const names = violated === undefined ? {} : { 'violated-policies': violated }
  return { status, headers, type: problemType, body: { ...problem, status, ...wait, ...names } }
}
