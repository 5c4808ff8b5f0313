import type { Store } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { startCluster, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { clusterStore, eachNode, moveSlot } from './cluster-tools.ts'
import { keep, openPair } from './replicated-tools.ts'

const replicas = { count: 1, timeoutMs: 300 }
/** For a replica that is there, on a loaded machine. */
const patient = { count: 1, timeoutMs: 1000 }
/** What the application may have given its client. */
const ownOptions = { keyPrefix: 'own:', enableAutoPipelining: true }
const refusal = { code: 'SLUICE_STORE_UNAVAILABLE', reason: 'not-replicated' }

describe('what must be on a replica', () => {
  let pair: Awaited<ReturnType<typeof openPair>>
  beforeAll(async () => {
    pair = await openPair()
    return pair.stop
  })
  const open = (store: Store): Store => {
    onTestFinished(() => store.close())
    return store
  }
  const openOwn = (): Store => open(redisStore({ host: '127.0.0.1', port: pair.toPrimary.port }))
  /** No byte reaches the replica any more, until the test ends. */
  const cutOff = (): void => {
    pair.between.blackhole()
    onTestFinished(async () => {
      pair.between.heal()
      const isBack = async () => {
        await pair.direct.publish('pair', 'hello')
        return (await pair.direct.wait(1, 100)) === 1
      }
      await waitUntil(isBack, { what: 'the replica to be back' })
    })
  }

  it('is there when the call resolves', async () => {
    const store = openOwn()
    await pair.direct.script('FLUSH')
    for (let at = 0; at < 50; at++) {
      const key = `there:${at}`
      expect(await store.run(keep, { key, value: 'x' }, { replicas: patient })).toBe('x')
      expect(await pair.copy.get(key)).toBe('x')
    }
  })

  it('is refused when the replica is cut off, though applied', async () => {
    const store = openOwn()
    await store.run(keep, { key: 'warm', value: 'x' }, { replicas: patient })
    cutOff()
    const startedMs = performance.now()
    const running = store.run(keep, { key: 'cut', value: 'x' }, { replicas })
    await expect(running).rejects.toMatchObject(refusal)
    await expect(running).rejects.toThrow(/0 of 1 replicas.*was applied/)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(replicas.timeoutMs - 5)
    expect(await pair.direct.get('cut')).toBe('x')
    expect(await pair.copy.get('cut')).toBeNull()
  })

  it('is refused where fewer replicas are than asked for', async () => {
    const two = { count: 2, timeoutMs: 50 }
    const running = openOwn().run(keep, { key: 'two', value: 'x' }, { replicas: two })
    await expect(running).rejects.toThrow(/1 of 2 replicas/)
  })

  it('is refused where the server does not say', async () => {
    await pair.direct.acl('SETUSER', 'mute', 'on', '>pass', '~*', '+@all', '-wait')
    const options = { port: pair.primary.port, username: 'mute', password: 'pass' }
    const running = open(redisStore(options)).run(keep, { key: 'm', value: 'x' }, { replicas })
    await expect(running).rejects.toMatchObject(refusal)
    await expect(running).rejects.toThrow(/NOPERM/)
  })

  it('is not asked for where the result does not need it', async () => {
    const store = openOwn()
    await store.run(keep, { key: 'warm', value: 'x' }, { replicas: patient })
    cutOff()
    const of = (value: string): boolean => value !== 'unimportant'
    const startedMs = performance.now()
    const args = { key: 'of', value: 'unimportant' }
    await store.run(keep, args, { replicas: { ...replicas, of } })
    expect(performance.now() - startedMs).toBeLessThan(replicas.timeoutMs)
    const wanted = store.run(keep, { ...args, value: 'wanted' }, { replicas: { ...replicas, of } })
    await expect(wanted).rejects.toMatchObject(refusal)
  })

  it('holds up no other call while it waits', async () => {
    const store = openOwn()
    cutOff()
    let isOver = false
    const running = store.run(keep, { key: 'slow', value: 'x' }, { replicas })
    const over = running.catch(() => (isOver = true))
    const isWaiting = async () => String(await pair.direct.client('LIST')).includes('cmd=wait')
    await waitUntil(isWaiting, { what: 'the wait to have begun' })
    await store.get('slow')
    await store.run(keep, { key: 'quick', value: 'x' })
    expect(isOver).toBe(false)
    await over
  })

  it('is waited for together: a hundred at once are refused in the time of two', async () => {
    const store = openOwn()
    await store.run(keep, { key: 'warm', value: 'x' }, { replicas: patient })
    cutOff()
    const startedMs = performance.now()
    const all = await Promise.allSettled(
      Array.from({ length: 100 }, (_, at) =>
        store.run(keep, { key: `many:${at}`, value: 'x' }, { replicas }),
      ),
    )
    for (const one of all) expect(one).toMatchObject({ status: 'rejected', reason: refusal })
    expect(performance.now() - startedMs).toBeLessThan(3 * replicas.timeoutMs)
  })

  it('is never sent late: who gave up is not overtaken', async () => {
    const store = openOwn()
    cutOff()
    const long = { count: 1, timeoutMs: 800 }
    const first = store.run(keep, { key: 'first', value: 'x' }, { replicas: long })
    const begun = async () => (await pair.direct.exists('first')) === 1
    await waitUntil(begun, { what: 'the first to have begun' })
    const short = { deadlineMs: 50, replicas: { count: 1, timeoutMs: 20 } }
    const second = store.run(keep, { key: 'second', value: 'x' }, short)
    await expect(second).rejects.toMatchObject({ reason: 'timeout' })
    await expect(first).rejects.toMatchObject(refusal)
    // After the first one's round: what waited would have been sent by now.
    const third = store.run(keep, { key: 'third', value: 'x' }, { replicas })
    await expect(third).rejects.toMatchObject(refusal)
    expect(await pair.direct.exists('third', 'second')).toBe(1)
  })

  it('is not taken as done on the word of another connection than it went by', async () => {
    const store = openOwn()
    await store.run(keep, { key: 'warm', value: 'x' }, { replicas: patient })
    cutOff()
    const running = store.run(keep, { key: 'broken', value: 'x' }, { replicas })
    const isThere = async () => (await pair.direct.exists('broken')) === 1
    await waitUntil(isThere, { what: 'the script to have run' })
    // A new connection to a server that has written nothing would be told of every replica that there is.
    pair.toPrimary.cut()
    await expect(running).rejects.toMatchObject({ reason: 'disconnected' })
  })

  it('takes one connection more, from the first such call until close()', async () => {
    const store = redisStore({ port: pair.primary.port })
    const count = async (): Promise<number> =>
      String(await pair.direct.client('LIST', 'TYPE', 'NORMAL'))
        .trim()
        .split('\n').length
    const before = await count()
    await store.get('a')
    expect(await count()).toBe(before + 1)
    await store.run(keep, { key: 'a', value: 'x' }, { replicas: patient })
    await store.run(keep, { key: 'a', value: 'x' }, { replicas: patient })
    expect(await count()).toBe(before + 2)
    await store.close()
    await waitUntil(async () => (await count()) === before, { what: 'no connection left' })
    const late = store.run(keep, { key: 'a', value: 'x' }, { replicas: patient })
    await expect(late).rejects.toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
  })

  it.each([
    ['6', (port: number) => new Redis(port, ownOptions)],
    ['5', (port: number) => new Redis5(port, ownOptions)],
  ])(
    'goes to the same keys by a client of ioredis %s, which is left as it is',
    async (_, connect) => {
      const client = connect(pair.primary.port)
      onTestFinished(() => client.disconnect())
      const store = open(redisStore(client))
      const value = uniquePrefix()
      await store.run(keep, { key: 'k', value }, { replicas: patient })
      expect(await store.get('k')).toBe(value)
      expect(await pair.copy.get('own:k')).toBe(value)
      await store.close()
      expect(client.status).toBe('ready')
    },
  )
})

describe('in a Cluster', () => {
  const keys = ['a', 'b', 'c', 'd', '{move}e']
  let cluster: Awaited<ReturnType<typeof startCluster>>
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1 })
  }, 60_000)
  afterAll(() => cluster.stop())

  it('what must be on a replica is on that of its node, also after its slot has moved', async () => {
    const store = clusterStore(cluster, 500)
    onTestFinished(() => store.close())
    const keepAll = async (value: string): Promise<void> => {
      for (const key of keys) await store.run(keep, { key, value }, { replicas: patient })
      const copies = await eachNode(cluster.ports.slice(3), async (node) => {
        await node.readonly()
        const found = await Promise.allSettled(keys.map((key) => node.get(key)))
        return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      })
      expect(copies.flat()).toEqual(keys.map(() => value))
    }
    await keepAll('before')
    const [slot = 0] = await eachNode(cluster.ports.slice(0, 1), async (node) =>
      Number(await node.cluster('KEYSLOT', '{move}')),
    )
    const ports = cluster.ports.slice(0, 3)
    const at = Math.min(2, Math.floor((slot * 3) / 16_384))
    await moveSlot({ slot, ports, from: ports[at] ?? 0, to: ports[(at + 1) % 3] ?? 0 })
    await keepAll('after')
  }, 60_000)

  it.each([
    ['6', (nodes: { port: number }[]) => new Cluster(nodes, ownOptions)],
    ['5', (nodes: { port: number }[]) => new Cluster5(nodes, ownOptions)],
  ])('and by a client of ioredis %s, under the same keys', async (_, connect) => {
    const client = connect(cluster.ports.map((port) => ({ host: '127.0.0.1', port })))
    onTestFinished(() => client.disconnect())
    const store = redisStore(client)
    for (const key of keys) {
      const value = uniquePrefix()
      await store.run(keep, { key, value }, { replicas: patient })
      expect(await store.get(key)).toBe(value)
    }
    await store.close()
    expect(client.status).toBe('ready')
  })

  it('and is refused where that of its node is gone', async () => {
    const store = clusterStore(cluster, 500)
    onTestFinished(() => store.close())
    await Promise.all(cluster.nodes.slice(3).map((node) => node.kill()))
    for (const key of keys) {
      const running = store.run(
        keep,
        { key, value: 'x' },
        { replicas: { count: 1, timeoutMs: 50 } },
      )
      await expect(running).rejects.toMatchObject(refusal)
    }
  }, 60_000)
})
