// node bench/plots/window-edge.js: what each algorithm admits around the edge of a window, by running it on a clock that is
// moved. Writes docs/images/window-edge.svg, the same every time, and prints the peaks that the guide tells.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createRateLimiter } from '@sluice/rate-limiter'
import { lineChart } from './line-chart.js'

const limit = 100
const windowMs = 60_000
const stepMs = 100
const endMs = 90_000
/** A window by the clock ends here, ms since 1970. */
const edgeMs = Date.UTC(2026, 0, 1)

/**
 * Units admitted in the trailing window, at each step of time from `startMs`, by the edge. One unit is taken as the window
 * before the edge begins, so that a fixed window, which begins with the first unit, ends at that edge, too; from `startMs` on
 * as many are taken as there are.
 */
async function admitted(algorithm, startMs) {
  const clock = manualClock(edgeMs - windowMs)
  const cache = createCache({ store: memoryStore({ clock }) })
  const limiter = createRateLimiter({ cache, algorithm, limit, window: windowMs })
  const taken = [{ atMs: -windowMs, units: (await limiter.consume('client')).granted }]
  const points = []
  for (let atMs = startMs; atMs <= endMs; atMs += stepMs) {
    clock.set(edgeMs + atMs)
    const { granted } = await limiter.consume('client', { cost: limit, partial: true })
    taken.push({ atMs, units: granted })
    while (atMs - taken[0].atMs >= windowMs) taken.shift()
    points.push({ x: atMs / 1000, y: taken.reduce((sum, { units }) => sum + units, 0) })
  }
  return points
}

const algorithms = ['fixed-window', 'sliding-window', 'token-bucket', 'sliding-log']
const early = await Promise.all(algorithms.map((name) => admitted(name, -30_000)))
const late = await Promise.all(algorithms.map((name) => admitted(name, -1000)))

const peak = (points) => Math.max(...points.map(({ y }) => y))
for (const [at, name] of algorithms.entries()) {
  console.log(`${name.padEnd(16)} from -30 s ${peak(early[at])}, from -1 s ${peak(late[at])}`)
}

const svg = lineChart({
  title: 'What a client with endless demand gets of 100 a minute',
  description:
    'Units admitted in the trailing 60 seconds, by algorithm. Demand begins 30 seconds before the edge of a window.',
  x: { label: 'seconds from the edge of the window', from: -30, to: 90, every: 15 },
  y: { label: 'units in the trailing 60 s', from: 0, to: 220, every: 50 },
  marks: [{ y: limit, text: 'the limit' }],
  series: algorithms.map((name, at) => ({ name, points: early[at] })),
})
const images = new URL('../../docs/images/', import.meta.url)
mkdirSync(images, { recursive: true })
writeFileSync(new URL('window-edge.svg', images), svg)
