import { besideEach } from '../harness/budgets.js'
import { checkExclusion, libraries } from '../harness/lock-libraries.js'
import { inversions, pingTimes, waitInLine } from '../harness/lock-waiting.js'
import { median } from '../harness/timing.js'

export const title = 'Fifty waiters on one lock that is held for two seconds, a connection each'
export const unit = 'ns, %, commands'
export const floor = 'PING, a round trip'
export const columns = {
  'hand-over, p50': 'ns',
  'hand-over, p99': 'ns',
  disorder: '%',
  commands: 'commands',
  'commands, held': 'commands',
}
export const note =
  'Disorder: pairs of waiters of which the one that came later was served first; 50 % is by chance. Commands: all that one waiter sends, its release included; held: those of them in the two seconds in which it stood in line. redlock tries without a limit here: by default it gives up after ten attempts. No peer gives a fence.'
export const budgets = [
  ...besideEach('sluice', ['PING, a round trip'], { atLeast: 1 / 3, column: 'hand-over, p50' }),
  ...besideEach('sluice', Object.keys(libraries).slice(1), { column: 'hand-over, p50' }),
  { contender: 'sluice', atMost: 0, column: 'disorder' },
  ...['sluice', 'sluice, one process'].flatMap((contender) => [
    { contender, atMost: 4, column: 'commands' },
    { contender, atMost: 0, column: 'commands, held' },
  ]),
]

export const measure = async ({ take }) => ({ columns: await take() })

const waiters = 50

function contender(connect, clients = waiters) {
  const take = async () => {
    const { handOvers, order, commands, commandsHeld } = await waitInLine(connect, { clients })
    return {
      ...times(handOvers),
      disorder: inversions(order),
      // One of them is the first holder's, which gives the lock back.
      commands: (commands - 1) / waiters,
      'commands, held': commandsHeld / waiters,
    }
  }
  return { take, check: () => checkExclusion(connect) }
}

/** Of fifty, the 99th percentile is the longest. */
function times(all) {
  const longest = all.toSorted((a, b) => a - b)[Math.floor(all.length * 0.99)]
  return { 'hand-over, p50': median(all), 'hand-over, p99': longest }
}

const { sluice, ...peers } = libraries

export const contenders = {
  'PING, a round trip': async () => ({
    take: async () => times(await pingTimes()),
  }),
  sluice: async () => contender(sluice),
  'sluice, one process': async () => contender(sluice, 1),
  ...Object.fromEntries(
    Object.entries(peers).map(([name, connect]) => [name, async () => contender(connect)]),
  ),
}
