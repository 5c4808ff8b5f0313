/** A whole response that a middleware gives instead of the handler. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number
  /** Set as they are, in place of headers of the same names that the response has already. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; text with a `type` that is not JSON as it is. */
  readonly body: unknown
  /** Default `application/json; charset=utf-8`. */
  readonly type?: string
}

/**
 * One request and its response, whatever the framework. Behaviour is written once over this; `express.ts` and `koa.ts`
 * only make one and go on or stop.
 */
export interface Exchange<Context = unknown> {
  /** What options functions are called with: Express's `req`, Koa's `ctx`. */
  readonly context: Context
  /** The request's method, in capitals. */
  readonly method: string
  /** Path and query as the client sent them. */
  readonly url: string
  /** `url` without the query. */
  readonly path: string
  /** The client's address as the framework sees it behind its proxies. */
  readonly ip: string | undefined
  /** True over TLS, as the framework sees it behind its proxies. */
  readonly secure: boolean
  /** A request header; several of one name are joined with ', ' (cookies with '; '). */
  header(name: string): string | undefined
  /** True when the status and headers are on the wire and nothing can be changed any more. */
  readonly headersSent: boolean
  /** The response's status as it stands now. */
  readonly status: number
  /** A header of the response as it stands now. */
  responseHeader(name: string): string | readonly string[] | undefined
  /** Replaces a header of the response. Throws when `headersSent`, as Node does. */
  setHeader(name: string, value: string | readonly string[]): void
  /** Adds a line, as Set-Cookie needs. */
  appendHeader(name: string, value: string): void
  /** Answers in place of the handler. The caller must not go on to the next middleware. */
  answer(answer: Answer): void
  /**
   * Called once, when the status and headers are about to leave. While it is awaited nothing is sent: the client learns
   * of the response after the work is done. An `Answer` replaces the response; a rejection is a bug and answers 500.
   * The one that was registered last runs first.
   */
  beforeHeaders(hook: BeforeHeaders): void
  /** Called once, when the response is finished or its connection is gone: soon, where that is so already. */
  onClosed(listener: () => void): void
}

/** Work that must be done before the response leaves. Returns nothing where there is nothing to wait for. */
export type BeforeHeaders = () => Promise<Answer | undefined> | undefined
