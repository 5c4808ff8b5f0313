import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'

const startMs = Date.UTC(2026, 0, 1)

/**
 * Nodes that share one store as processes share a Redis: a store in memory that is some milliseconds away, and counts what it
 * is asked.
 *
 * @param random decides how long what is sent is on its way
 */
export function createFleet(time, random) {
  const originMs = time.now()
  const clock = { now: () => startMs + Math.floor(time.now() - originMs) }
  const memory = memoryStore({ clock })
  const commands = { get: 0, set: 0, run: 0 }

  return {
    clock,
    nowMs: () => time.now() - originMs,
    /** What was sent so far, by kind; a script is one command. */
    commands: () => ({ ...commands, all: commands.get + commands.set + commands.run }),
    /** A node: its cache, and how to end it. */
    join() {
      let isDead = false
      const count = (kind) => {
        if (!isDead) commands[kind]++
        return !isDead
      }
      const store = farStore(memory, count, () => createWay(time, random))
      return { cache: createCache({ store }), die: () => (isDead = true) }
    },
    /** Calls `ask` with each of the arrivals when it is due, and passes some time after the last one. */
    async drive(batches, ask, restMs) {
      for (const batch of batches) {
        for (const [at, arrival] of batch.entries()) {
          await time.advanceTo(originMs + arrival.atMs)
          void ask(arrival)
          if (batch[at + 1]?.atMs !== arrival.atMs) await time.settled()
        }
      }
      await time.advanceTo(time.now() + restMs)
    },
    close: () => memory.close(),
  }
}

/** A way on which nothing overtakes: each thing takes a millisecond and, by chance, some more, 1.6 ms in the mean. */
function createWay(time, random) {
  let latestMs = 0
  return (arrive) => {
    const tookMs = 1 + Math.floor(-Math.log(1 - random()))
    latestMs = Math.max(latestMs, Math.ceil(time.now()) + tookMs)
    setTimeout(() => arrive(), latestMs - time.now())
  }
}

/**
 * A store that is far away.
 *
 * @param send counts a command; answers false where nobody is there any more to send it
 */
function farStore(memory, send, openWay) {
  const [there, back, told] = [openWay(), openWay(), openWay()]
  const away = (kind, call) =>
    new Promise((resolve, reject) => {
      if (!send(kind)) return
      there(async () => {
        try {
          const answer = await call()
          back(() => resolve(answer))
        } catch (error) {
          back(() => reject(error))
        }
      })
    })
  const { get, set, run, subscribe } = memory
  return {
    ...memory,
    shared: true,
    get: (...args) => away('get', () => get(...args)),
    set: (...args) => away('set', () => set(...args)),
    run: (...args) => away('run', () => run(...args)),
    subscribe: (channel, { onMessage, onGap }) =>
      subscribe(channel, { onMessage: (message) => told(() => onMessage(message)), onGap }),
  }
}
