/** What came back. */
export interface Reply {
  readonly status: number
  readonly servedBy: string | null
  readonly body: Readonly<Record<string, unknown>>
}

/** A browser: it keeps the cookie. */
export interface Visitor {
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body: object): Promise<Reply>
}

/** Makes a visitor without a session. */
export function createVisitor(base: string): Visitor {
  let cookie: string | undefined
  const send = async (
    path: string,
    own: Readonly<Record<string, string>>,
    init: RequestInit = {},
  ): Promise<Reply> => {
    const headers = { ...own, ...(cookie === undefined ? {} : { Cookie: cookie }) }
    const response = await fetch(base + path, { ...init, headers })
    cookie = response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? cookie
    return {
      status: response.status,
      servedBy: response.headers.get('X-Served-By'),
      body: (await response.json()) as Reply['body'],
    }
  }
  return {
    get: (path, headers = {}) => send(path, headers),
    post: (path, body) => {
      const json = { 'Content-Type': 'application/json' }
      return send(path, json, { method: 'POST', body: JSON.stringify(body) })
    },
  }
}
