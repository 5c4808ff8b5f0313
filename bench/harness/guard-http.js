import { whileServing } from './serve.js'
import { expectEqual, object } from './work.js'

process.env.NODE_ENV = 'production'

/** What the handler makes: a page of about ten kilobytes. */
export const page = { items: Array.from({ length: 12 }, (_, id) => ({ ...object, id })) }

/** What is sent, whoever sends it. */
export const bytes = Buffer.from(JSON.stringify(page))

/**
 * A contender whose handler answers `page`, which is checked.
 *
 * @param build makes a request listener; it is given a function to be called by each run of the handler
 * @param cached the handler may run once only
 */
export function server(build, { cached }) {
  let runs = 0
  const handler = build(() => {
    runs++
    return page
  })
  const check = async (get) => {
    for (let time = 0; time < 3; time++) {
      const response = await get('/')
      expectEqual(response.headers.get('content-type'), 'application/json; charset=utf-8')
      expectEqual(await response.text(), bytes.toString())
    }
    if (cached) expectEqual(runs, 1)
  }
  return { handler, check: () => whileServing(handler, check) }
}
