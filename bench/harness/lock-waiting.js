import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { url } from './lock-libraries.js'
import { timesNs } from './timing.js'

/** Sent while a connection is opened: no part of a lock's work. */
const handshake = new Set(['auth', 'client', 'hello', 'info', 'select'])

let sent = 0
const send = Redis.prototype.sendCommand

/** From here on, counts the commands that this process sends, those of Sluice's own clients included. */
function countCommands() {
  Redis.prototype.sendCommand = function sendCommand(command, ...more) {
    if (!handshake.has(command.name)) sent++
    return send.call(this, command, ...more)
  }
}

/** Short lines for a second, as one line alone is over before any of its code is compiled. */
async function warmUp(connections) {
  const endMs = performance.now() + 1000
  for (let line = 0; performance.now() < endMs; line++) {
    const name = `warm:${line}`
    const giveBack = await connections[0](name)
    const turns = Array.from({ length: 10 }, async (_, at) => {
      const giveBackLater = await connections[(line + at) % connections.length](name)
      await giveBackLater()
    })
    await sleep(10)
    await Promise.all([giveBack(), ...turns])
  }
}

/**
 * One holds the lock for two seconds more after waiters have come, 2 ms apart; each gives it back as soon as it has it.
 *
 * @param clients over how many connections the waiters are spread; default one each
 * @returns `handOvers` in ns, from the call that gives back to the next one's having it; `order` in which they were served;
 *   how many commands were sent, `commands` in all, `commandsHeld` once all stood in line; `drainNs`
 */
export async function waitInLine(connect, { waiters = 50, clients = waiters } = {}) {
  const [holder, ...others] = Array.from({ length: clients + 1 }, () => connect())
  await Promise.all([holder, ...others].map(async (acquire, at) => (await acquire(`own:${at}`))()))
  await warmUp([holder, ...others])
  countCommands()

  const name = `line:${process.pid}`
  const order = []
  const handOvers = []
  let givenBackAt
  const giveBackFirst = await holder(name)
  sent = 0
  const turn = async (acquire, number) => {
    const giveBack = await acquire(name)
    const now = process.hrtime.bigint()
    handOvers.push(Number(now - givenBackAt))
    order.push(number)
    givenBackAt = now
    await giveBack()
  }
  const turns = []
  for (let number = 0; number < waiters; number++) {
    turns.push(turn(others[number % clients], number))
    await sleep(2)
  }
  await sleep(200)
  const commandsOfArrival = sent
  await sleep(2000)
  const commandsHeld = sent - commandsOfArrival
  const startedAt = process.hrtime.bigint()
  givenBackAt = startedAt
  await Promise.all([giveBackFirst(), ...turns])
  const drainNs = Number(process.hrtime.bigint() - startedAt)
  return { handOvers, order, commandsHeld, commands: sent, drainNs }
}

/** The share of pairs of waiters, in %, of which the one that came later was served first. */
export function inversions(order) {
  const { length } = order
  let count = 0
  for (const [at, number] of order.entries()) {
    for (let later = at + 1; later < length; later++) if (order[later] < number) count++
  }
  return (200 * count) / (length * (length - 1))
}

/** Round trips, in ns, in a process with as many connections as the waiters have. */
export async function pingTimes() {
  const [redis] = await Promise.all(
    Array.from({ length: 51 }, async () => {
      const client = new Redis(url)
      await client.ping()
      return client
    }),
  )
  return timesNs(2000, () => redis.ping())
}
