import { simulateLeases } from '../simulations/leases.js'

const nodes = 100
const windows = 3

export const title =
  'A hundred simulated nodes share one limit, each taking units by lease: what is refused below the limit, and what is admitted above it'
export const unit = '% and commands'
export const counted = true
export const columns = {
  held: '%',
  'refused at 0.9': '%',
  'admitted at 2': '%',
  'commands at 0.9': 'for 100 requests',
  'commands at 2': 'for 100 requests',
  over: 'units',
}
export const note =
  "The real limiters on one memory store that passes for a Redis some milliseconds away (1.6 ms each way in the mean); time is virtual, and all that is random is seeded. Held: what all leases together may hold of the limit. At 0.9 and at 2: where requests are so many times the limit, by Zipf's law over the nodes, each of which has bursts; three windows after a first one. Refused is of the requests, admitted of the limit. Over: units that were ever admitted above what the algorithm allows."

/** By name: algorithm, limit and lease. */
const settings = Object.fromEntries([
  ...[1, 2, 5, 10, 20, 50, 100].map((lease) => setting('sliding-window', 10_000, lease)),
  ...[1, 2, 5, 10, 20, 50, 100].map((lease) => setting('fixed-window', 10_000, lease)),
  ...[1, 2, 5].map((lease) => setting('sliding-window', 1000, lease)),
])

function setting(algorithm, limit, lease) {
  const name = `${algorithm.replace('-window', '')}, limit ${limit.toLocaleString('en')}, lease ${lease}`
  return [name, { algorithm, limit, lease }]
}

export const budgets = ['sliding', 'fixed'].map((algorithm) => ({
  contender: `${algorithm}, limit 10,000, lease 100`,
  atMost: 0,
  column: 'over',
}))

export async function measure({ algorithm, limit, lease }) {
  const run = (demand) =>
    simulateLeases({ algorithm, limit, lease, nodes, windows, demand, seed: 1 })
  const below = await run(0.9)
  const above = await run(2)
  return {
    columns: {
      held: (100 * nodes * lease) / limit,
      'refused at 0.9': 100 * (below.refused / requestsOf(below)),
      'admitted at 2': 100 * (above.admitted / (windows * limit)),
      'commands at 0.9': 100 * (below.commands / requestsOf(below)),
      'commands at 2': 100 * (above.commands / requestsOf(above)),
      over: Math.max(below.over, above.over),
    },
  }
}

function requestsOf({ admitted, refused }) {
  return admitted + refused
}

export const contenders = Object.fromEntries(
  Object.entries(settings).map(([name, given]) => [name, async () => given]),
)
