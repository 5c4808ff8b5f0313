// node bench/plots/stampede-loads.js: how often one key in demand is loaded, by the rule that decides when. Each request is
// made, on a clock that is moved. Writes docs/images/stampede-loads.svg, the same every time, and prints what the guide tells.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createGuard } from '@sluice/stampede-guard'
import { barChart } from './bar-chart.js'

const ttlMs = 60_000
const loadMs = 200
const minutes = 60
/** 1,000 requests a second. */
const stepMs = 1

/** Whether a hit loads, given what is left of its ttl. */
const rules = {
  'no rule': () => false,
  'the age as chance': (leftMs, random) =>
    random() < (ttlMs / 1000 - Math.ceil(leftMs / 1000)) / (ttlMs / 1000),
  'a threshold of 80 %': (leftMs) => leftMs <= ttlMs * 0.2,
  XFetch: (leftMs, random) => loadMs * -Math.log(1 - random()) >= leftMs,
}

/** Loads and waiting callers of a key that is in the cache at first. Without a flight each request that is to load does. */
function simulate(rule, oneFlight) {
  const random = seededRandom(7)
  const landings = []
  let expiresAtMs = ttlMs
  let [loads, waits, most] = [0, 0, 0]
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += stepMs) {
    while (landings[0] <= nowMs) {
      landings.shift()
      expiresAtMs = nowMs + ttlMs
    }
    const isMiss = nowMs >= expiresAtMs
    if (isMiss) waits++
    if (!isMiss && !rule(expiresAtMs - nowMs, random)) continue
    if (oneFlight && landings.length > 0) continue
    loads++
    landings.push(nowMs + loadMs)
    most = Math.max(most, landings.length)
  }
  return { loads: loads / minutes, waits: waits / minutes, most }
}

/** The same requests, asked of a guard. */
async function askGuard(options) {
  const clock = manualClock()
  const cache = createCache({ store: memoryStore({ clock }) })
  const guard = createGuard({ cache, ttl: ttlMs, clock, random: seededRandom(7), ...options })
  await guard.get('hot', () => {
    clock.advance(loadMs)
    return 'value'
  })

  let [loads, waits, most] = [0, 0, 0]
  const landings = []
  const load = () => {
    loads++
    most = Math.max(most, landings.length + 1)
    return new Promise((land) => landings.push({ atMs: clock.now() + loadMs, land }))
  }
  const endMs = clock.now() + minutes * 60_000
  while (clock.now() < endMs) {
    clock.advance(stepMs)
    let isOld = true
    while (landings[0]?.atMs <= clock.now()) {
      landings.shift().land('value')
      await settled()
    }
    void guard.get('hot', load).then(() => (isOld = false))
    // A hit on memory is answered within a few turns of the microtask queue; whoever waits for a load is not.
    for (let turn = 0; isOld && turn < 50; turn++) await Promise.resolve()
    if (isOld) waits++
  }
  return { loads: loads / minutes, waits: waits / minutes, most }
}

/** Lets everything go on that waits for nothing but its turn. */
function settled() {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A linear congruential generator with the constants of Numerical Recipes. */
function seededRandom(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const measured = [
  ...Object.entries(rules).map(([name, rule]) => [name, simulate(rule, false)]),
  ...Object.entries(rules).map(([name, rule]) => [`${name}, one flight`, simulate(rule, true)]),
  ['guard, early: false', await askGuard({ early: false })],
  ['guard, early: 0.8', await askGuard({ early: 0.8 })],
  ['guard', await askGuard({})],
]
for (const [name, { loads, waits, most }] of measured) {
  const told = [`${loads.toFixed(2)} loads`, `${waits.toFixed(1)} waits`, `${most} at once`]
  console.log(name.padEnd(32), told.join(', '))
}

const shown = {
  'no rule': 'no protection',
  'a threshold of 80 %': 'refresh from 80 % of the ttl on',
  'the age as chance': 'the age as chance (linear)',
  XFetch: 'XFetch',
  'the age as chance, one flight': 'linear, one flight',
  'guard, early: 0.8': 'the guard, early: 0.8',
  guard: 'the guard: XFetch, one flight',
}
const byName = new Map(measured)
const svg = barChart({
  title: 'Loads of one key a minute: 1,000 requests/s, ttl 60 s, a load of 200 ms',
  description: 'Bars of the loads a minute by the rule that decides when a key is loaded.',
  x: { label: 'loads a minute', to: 280, every: 50 },
  bars: Object.entries(shown).map(([name, label]) => {
    const value = byName.get(name).loads
    const ours = name.startsWith('guard')
    return { name: label, value, text: value.toFixed(value < 10 ? 2 : 0), ours }
  }),
})
const images = new URL('../../docs/images/', import.meta.url)
mkdirSync(images, { recursive: true })
writeFileSync(new URL('stampede-loads.svg', images), svg)
