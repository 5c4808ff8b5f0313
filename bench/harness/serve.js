import { once } from 'node:events'
import { createServer } from 'node:http'

/** Runs `use` while a server answers with `handler`; `get(path, cookie)` asks it. */
export async function whileServing(handler, use) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const get = (path, cookie) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: cookie === undefined ? {} : { cookie } })
  try {
    return await use(get)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** What a browser would send back of the cookies of a response. */
export function cookieOf({ headers }) {
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}
