import { ample } from './limiter.js'
import { whileServing } from './serve.js'
import { expectEqual } from './work.js'

process.env.NODE_ENV = 'production'

/**
 * A contender of limited requests, whose headers are checked to count down to a refusal.
 *
 * @param build makes a request listener that lets a client make `limit` requests a minute; `name` keeps its counts apart
 */
export function limited(build) {
  const name = `http${process.pid}`
  return {
    handler: build(ample.limit, name),
    check: () => whileServing(build(2, `${name}check`), countsDown),
  }
}

/** A contender without a limit. */
export function unlimited(handler) {
  const check = async (get) => expectEqual(await (await get('/')).json(), { ok: true })
  return { handler, check: () => whileServing(handler, check) }
}

async function countsDown(get) {
  for (const remaining of [1, 0]) {
    const response = await get('/')
    expectEqual(await response.json(), { ok: true })
    expectEqual(remainingOf(response), remaining)
  }
  expectEqual((await get('/')).status, 429)
}

function remainingOf({ headers }) {
  const [, units] = /\br=(\d+)/.exec(headers.get('ratelimit')) ?? []
  return Number(units ?? headers.get('x-ratelimit-remaining'))
}
