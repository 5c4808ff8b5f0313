import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { checkExclusion, libraries, url } from './lock-libraries.js'

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

/**
 * One holds the lock for two seconds more after waiters have come, 2 ms apart; each gives it back as soon as it has it.
 *
 * @param clients over how many connections the waiters are spread; default one each
 * @returns `handOvers` in ns, from the call that gives back to the next one's having it; `order` in which they were served;
 *   how many commands were sent, `commandsHeld` until the holder gave the lock back, `commands` to the end; `drainNs`
 */
export async function waitInLine(connect, { waiters = 50, clients = waiters } = {}) {
  const [holder, ...others] = Array.from({ length: clients + 1 }, () => connect())
  await Promise.all([holder, ...others].map(async (acquire, at) => (await acquire(`own:${at}`))()))
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
  await sleep(2000)
  const commandsHeld = sent
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

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** The p50 of a round trip, in ns, in a process with as many connections as the waiters have. */
export async function pingNs() {
  const [redis] = await Promise.all(
    Array.from({ length: 51 }, async () => {
      const client = new Redis(url)
      await client.ping()
      return client
    }),
  )
  const times = []
  for (let at = 0; at < 2000; at++) {
    const startedAt = process.hrtime.bigint()
    await redis.ping()
    times.push(Number(process.hrtime.bigint() - startedAt))
  }
  return median(times)
}

/** Every library, 50 waiters on one lock, each with its own connection: `of` picks the measure. */
export function inLine(of) {
  return Object.fromEntries(
    Object.entries(libraries).map(([name, connect]) => [name, async () => inLineOf(connect, of)]),
  )
}

/** The same, and Sluice with one connection for all of them, as the waiters of one process have. */
export function inLineAndOneProcess(of) {
  const { sluice, ...peers } = inLine(of)
  return { sluice, 'sluice, one process': async () => inLineOf(libraries.sluice, of, 1), ...peers }
}

function inLineOf(connect, of, clients) {
  return {
    check: () => checkExclusion(connect),
    take: async () => of(await waitInLine(connect, { clients })),
  }
}
