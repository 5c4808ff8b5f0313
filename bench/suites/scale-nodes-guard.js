import { loadMs, readers, simulateGuard, ttlMs } from '../simulations/guards.js'

const ttls = 20

export const title = `A hundred simulated nodes read one key, ttl ${ttlMs / 1000} s, a load takes ${loadMs} ms: what an expiry costs`
export const unit = 'a ttl'
export const counted = true
export const columns = {
  loads: 'loads a ttl',
  'at once': 'loads',
  waits: 'reads a ttl that waited',
  'longest wait': 'ms',
  oldest: 'ms',
  scripts: 'scripts a ttl',
  commands: 'commands a read',
}
export const note =
  'The real guards on one memory store that passes for a Redis some milliseconds away (1.6 ms each way in the mean); time is virtual, and all that is random is seeded; twenty ttls after a first one. Reads are Poisson, 1,000 a second of all nodes together where no other number is told. "Dies": in each ttl the first node that loads ends in the middle of it, and a new one takes its place; whom it kept waiting ends with it. Waited: longer than 50 ms. Oldest: how long before a read was answered the load of its value had begun. Scripts: what is sent besides reads to claim, renew, fill and wait.'

/** By name: who reads, and under which circumstances. */
const settings = {
  ...Object.fromEntries(Object.keys(readers).map((reader) => [reader, { reader }])),
  ...Object.fromEntries(
    [100, 10].flatMap((readsPerSecond) =>
      ['early: false', 'default'].map((reader) => [
        `${reader}, ${readsPerSecond} reads/s`,
        { reader, readsPerSecond },
      ]),
    ),
  ),
  ...Object.fromEntries(
    ['early: false', 'default', 'default, stale window'].map((reader) => [
      `${reader}, dies`,
      { reader, deaths: ttls },
    ]),
  ),
}

export const budgets = [{ contender: 'early: false', atMost: 1, column: 'loads' }]

export async function measure(setting) {
  const given = { readsPerSecond: 1000, deaths: 0, ...setting }
  const told = await simulateGuard({ ...given, nodes: 100, ttls, seed: 1 })
  return {
    columns: {
      loads: told.loads / ttls,
      'at once': told.mostLoads,
      waits: told.waits / ttls,
      'longest wait': told.longestMs,
      oldest: told.oldestMs,
      scripts: told.scripts / ttls,
      commands: told.commands / told.reads,
    },
  }
}

export const contenders = Object.fromEntries(
  Object.entries(settings).map(([name, setting]) => [name, async () => setting]),
)
