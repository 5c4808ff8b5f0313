/** What came back, and how long it took. */
export interface Reply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
  readonly tookMs: number
}

/** A browser of one user: it keeps the cookie. */
export interface Client {
  get(path: string, url?: string): Promise<Reply>
  post(path: string, body?: object, url?: string): Promise<Reply>
  delete(path: string): Promise<Reply>
  /** The Cookie header that it sends. */
  cookie: string
}

/** Makes a client of the shop at `base`. Each method also takes the url of another process of the shop. */
export function createClient(base: string): Client {
  const send = async (url: string, method: string, body?: object): Promise<Reply> => {
    const started = performance.now()
    const response = await fetch(url, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(client.cookie === '' ? {} : { Cookie: client.cookie }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) client.cookie = set.split(';', 1)[0] ?? ''
    const isJson = response.headers.get('Content-Type')?.includes('json')
    return {
      status: response.status,
      body: isJson ? (JSON.parse(text) as Reply['body']) : { text },
      headers: response.headers,
      tookMs: performance.now() - started,
    }
  }
  const client: Client = {
    cookie: '',
    get: (path, url = base) => send(url + path, 'GET'),
    post: (path, body = {}, url = base) => send(url + path, 'POST', body),
    delete: (path) => send(base + path, 'DELETE'),
  }
  return client
}
