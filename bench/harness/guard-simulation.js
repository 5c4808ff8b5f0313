import { inMemory } from './guard-contenders.js'
import { takeOverTime } from './guard-virtual-time.js'
import { expectEqual } from './work.js'

const ttlMs = 60_000
const loadMs = 200
const minutes = 60

/** In the first 50 of the 60 seconds of a value nobody loads anything: requests in them are left out. */
const quietMs = 50_000

export const setting = '1,000 requests/s of one key, ttl 60 s, load 200 ms, over an hour'

/** Who takes part: what is fresh is served, and nothing else. */
export const simulated = {
  'no guard'(load) {
    let kept = { untilMs: 0 }
    return async () => {
      if (Date.now() >= kept.untilMs) {
        const value = await load()
        kept = { value, untilMs: Date.now() + ttlMs }
      }
      return kept.value
    }
  },
  ...inMemory,
}

/** Loads and callers that waited for one, a minute, after the first load. One request comes each millisecond. */
export async function simulate(make) {
  const time = takeOverTime()
  let loads = 0
  let loading = 0
  let landedAtMs = 0
  const load = () =>
    new Promise((land) => {
      loads++
      loading++
      setTimeout(() => {
        loading--
        landedAtMs = time.now()
        land({ answer: 42 })
      }, loadMs)
    })
  const get = make(load, ttlMs)

  let waits = 0
  const request = async () => {
    const askedAtMs = time.now()
    const value = await get('hot')
    if (time.now() > askedAtMs) waits++
    expectEqual(value.answer, 42)
  }
  const first = request()
  await time.settled()
  await time.advanceTo(time.now() + loadMs)
  await first
  loads = 0
  waits = 0

  const requests = new Set()
  const endMs = time.now() + minutes * 60_000
  while (time.now() < endMs) {
    const isQuiet = loading === 0 && time.now() < landedAtMs + quietMs
    await time.advanceTo(isQuiet ? landedAtMs + quietMs : time.now() + 1)
    const asked = request()
    requests.add(asked)
    void asked.then(() => requests.delete(asked))
    await time.settled()
  }
  await time.advanceTo(time.now() + loadMs)
  await Promise.all(requests)
  return { loads: loads / minutes, waits: waits / minutes }
}
