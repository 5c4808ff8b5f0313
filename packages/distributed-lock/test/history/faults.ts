import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { nowMs, type HistoryEvent } from './events.ts'
import type { Random } from './random.ts'
import type { Member, Scene } from './scene.ts'

/** Something bad that happens to workers who contend, and is over when it resolves. */
export type Fault = (scene: Scene, random: Random) => Promise<void>

/** How workers contend in a random schedule. */
export const contention = { client: 'own', locks: ['a', 'b'], wait: 2000, workMs: 40 }

/** Faults that may happen two at once. */
export const faults: Readonly<Record<string, Fault>> = {
  'a holder is stopped': async (scene, random) => {
    const { worker } = await holderIn(scene, random)
    worker.pause()
    await sleep(scene.ttlMs * 1.5)
    worker.resume()
  },
  'a holder blocks its event loop': async (scene, random) => {
    // Not awaited: it may be killed meanwhile, and then never answers.
    const { worker } = await holderIn(scene, random)
    void worker.ask('block', { ms: scene.ttlMs * 1.5 })
    await sleep(scene.ttlMs * 1.5)
  },
  'a holder is killed': async (scene, random) =>
    killAndReplace(scene, await holderIn(scene, random)),
  'the first in the line is killed': (scene, random) =>
    killAndReplace(scene, firstInLine(scene, random)),
  'Redis stands still': async ({ server, ttlMs }) => {
    server.pause()
    await sleep(ttlMs * 4)
    server.resume()
  },
  'all links for messages are cut': async ({ server }) => {
    const admin = new Redis(server.url)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    admin.disconnect()
  },
  'a connection is cut': async (scene, random) => {
    random.pick(some(scene)).proxy.cut()
  },
  'a reply is lost': async (scene, random) => {
    random.pick(some(scene)).proxy.dropNextReply()
  },
  'nothing reaches Redis': throughProxy((proxy) => proxy.blackhole('up'), 1.5),
  'nothing comes back from Redis': throughProxy((proxy) => proxy.blackhole('down'), 1.5),
  'every byte is late': throughProxy((proxy, ttlMs) => proxy.delay(ttlMs * 1.2), 3),
  'Redis refuses connections': throughProxy((proxy) => proxy.refuse(), 1.5),
}

/** SIGKILL, and a new start with what it has kept; twice. */
export async function killRedis({ server, ttlMs }: Scene): Promise<void> {
  await server.restart()
  await sleep(ttlMs)
  await server.restart()
}

function throughProxy(begin: (proxy: Member['proxy'], ttlMs: number) => void, ttls: number): Fault {
  return async (scene, random) => {
    const { proxy } = random.pick(some(scene))
    begin(proxy, scene.ttlMs)
    await sleep(scene.ttlMs * ttls)
    proxy.heal()
  }
}

async function killAndReplace(scene: Scene, member: Member): Promise<void> {
  await member.worker.kill()
  await scene.replace(member)
  await member.worker.ask('begin', contention)
}

/** The next who gets a lock; anybody when nobody does for a while. */
async function holderIn(scene: Scene, random: Random): Promise<Member> {
  const askedMs = nowMs()
  const isNew = ({ atMs }: HistoryEvent): boolean => atMs > askedMs
  const granted = await Promise.race([scene.recorder.event('ok', isNew), sleep(1000)])
  return memberOf(scene, granted?.worker) ?? random.pick(some(scene))
}

/** Who has waited for a lock the longest; anybody when nobody does. */
function firstInLine(scene: Scene, random: Random): Member {
  const last = new Map(scene.recorder.history.map((event) => [event.worker, event]))
  const waiting = [...last.values()].filter(({ type }) => type === 'invoke')
  const names = waiting.toSorted((a, b) => a.atMs - b.atMs).map(({ worker }) => worker)
  // A worker that was killed is none of the members any more.
  const found = names.flatMap((name) => memberOf(scene, name) ?? [])
  return found[0] ?? random.pick(some(scene))
}

function memberOf({ members }: Scene, name: string | undefined): Member | undefined {
  return members.find(({ worker }) => worker.name === name)
}

function some({ members }: Scene): [Member, ...Member[]] {
  const [first, ...others] = members
  if (first === undefined) throw new Error('Nobody is there')
  return [first, ...others]
}
