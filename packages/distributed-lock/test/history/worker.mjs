// A worker of the history tests, started by crew.ts: takes locks of the built package as it is told, and tells what it sees.
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createLocks, fencedSet } from '@sluice/distributed-lock'
import { createBrokenLocks } from './broken-locks.mjs'

const [, , me] = process.argv
/** Locks by client, and the holds by their id. */
const clients = new Map()
const holds = new Map()
/** What the locks guard: on a Redis that no fault reaches. */
let resource
let contending = Promise.resolve()
let isStopped = true
let count = 0

const nowMs = () => Number(process.hrtime.bigint()) / 1e6
const tell = (hold, lock, event) =>
  process.send({ event: { atMs: nowMs(), worker: me, hold, lock, ...event } })
const codeOf = (error) => error.code ?? String(error)
const deadlineMs = ({ remainingMs }) => nowMs() + remainingMs

/** Takes a lock if it can be had in time, and answers what it came to: 'ok', or the code of the error. */
async function acquire({ client, lock, wait, hold = `${me}.${++count}` }) {
  tell(hold, lock, { type: 'invoke' })
  try {
    const held = await clients.get(client).acquire(lock, { wait })
    tell(hold, lock, { type: 'ok', fence: held.fence, deadlineMs: deadlineMs(held) })
    const onLost = () => {
      clearInterval(timer)
      tell(hold, lock, { type: 'lost', reason: held.signal.reason.reason })
    }
    const timer = setInterval(() => keep(hold), 20)
    holds.set(hold, { lock, held, timer, list: [] })
    if (held.signal.aborted) onLost()
    else held.signal.addEventListener('abort', onLost)
    return 'ok'
  } catch (error) {
    tell(hold, lock, { type: 'refused', code: codeOf(error) })
    return codeOf(error)
  }
}

/** Tells of a deadline that was moved. */
function keep(hold) {
  const { lock, held } = holds.get(hold)
  if (held.remainingMs > 0) tell(hold, lock, { type: 'kept', deadlineMs: deadlineMs(held) })
}

async function release({ hold }) {
  const { lock, held, timer } = holds.get(hold)
  keep(hold)
  clearInterval(timer)
  tell(hold, lock, { type: 'release-called' })
  const how = await held.release().catch(codeOf)
  tell(hold, lock, { type: 'released', how })
  holds.delete(hold)
  return how
}

const extend = ({ hold }) =>
  holds
    .get(hold)
    .held.extend()
    .then(() => 'kept', codeOf)

/** 'held', or the code of what `assertHeld` throws. */
function assertHeld({ hold }) {
  try {
    holds.get(hold).held.assertHeld()
    return 'held'
  } catch (error) {
    return codeOf(error)
  }
}

/** Blocks the event loop, and asks whether the lock is held at the next line. */
function block({ hold, ms }) {
  for (const untilMs = nowMs() + ms; nowMs() < untilMs;);
  return hold === undefined ? undefined : assertHeld({ hold })
}

/** Reads the list that nothing guards but the lock; `append` writes what was read with one mark more. */
async function read({ hold }) {
  const mine = holds.get(hold)
  mine.list = (await resource.get(`${mine.lock}:list`)) ?? []
}

async function append({ hold }) {
  const { lock, list } = holds.get(hold)
  await resource.set(`${lock}:list`, [...list, hold])
  tell(hold, lock, { type: 'appended', mark: hold })
}

/** Writes to the register that checks fences, and answers whether it was let. */
async function write({ hold }) {
  const { lock, held } = holds.get(hold)
  const calledMs = nowMs()
  const { fence } = held
  const accepted = await fencedSet(resource, `${lock}:register`, fence, { fence, ttl: '10m' })
  tell(hold, lock, { type: 'written', fence, accepted, calledMs })
  return accepted
}

/** Takes one of the locks, works under it and gives it back, again and again until `rest`. */
async function contend({ client, locks, wait, workMs }) {
  while (!isStopped) {
    const hold = `${me}.${++count}`
    const lock = locks[Math.floor(Math.random() * locks.length)]
    const outcome = await acquire({ client, lock, wait, hold })
    if (outcome !== 'ok') await sleep(20)
    else {
      await read({ hold })
      await sleep(Math.random() * workMs)
      await append({ hold })
      await write({ hold })
      await release({ hold })
    }
  }
}

const verbs = {
  open({ client, kind = 'sluice', prefix, ttl, redis, replicas = 0 }) {
    const locks =
      kind === 'sluice'
        ? createLocks({ cache: createCache({ store: redisStore(redis), prefix }), ttl, replicas })
        : createBrokenLocks({ kind, redis, prefix, ttl })
    clients.set(client, locks)
  },
  guard({ redis, prefix }) {
    resource = createCache({ store: redisStore(redis), prefix })
  },
  begin(options) {
    isStopped = false
    contending = contend(options)
  },
  async rest() {
    isStopped = true
    await contending
  },
  clock: nowMs,
  ...{ acquire, extend, release, assertHeld, block, read, append, write },
}

async function answer({ id, verb, args }) {
  try {
    process.send({ id, answer: await verbs[verb](args) })
  } catch (error) {
    process.send({ id, failure: String(error.stack) })
  }
}

process.on('message', (message) => void answer(message))
// The tests are over, however they ended.
process.on('disconnect', () => process.exit())
process.send({ ready: true })
