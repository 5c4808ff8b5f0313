import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { RedisClient } from '../src/redis/client.ts'
import { createWriteBatch } from '../src/redis/write-batch.ts'

/** A stream that keeps the sizes of its writes. */
function countingStream() {
  const writes: number[] = []
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(void writes.push(1)),
    writev: (chunks, done) => done(void writes.push(chunks.length)),
  })
  return { writes, stream }
}

function clientOf(parts: object) {
  return parts as RedisClient
}

it('what one turn of the loop sends leaves in one write', async () => {
  const { writes, stream } = countingStream()
  const batch = createWriteBatch(clientOf({ stream }))
  for (let turn = 0; turn < 3; turn++) {
    for (let at = 0; at < 50; at++) {
      batch()
      stream.write('command')
    }
    await nextTurn()
  }
  expect(writes).toEqual([50, 50, 50])
})

it('commands of promises that settle together leave in one write', async () => {
  const { writes, stream } = countingStream()
  const batch = createWriteBatch(clientOf({ stream }))
  const send = async () => {
    await Promise.resolve()
    batch()
    stream.write('command')
  }
  await Promise.all(Array.from({ length: 20 }, send))
  await nextTurn()
  expect(writes).toEqual([20])
})

it('a Cluster sends one write to each of its masters', async () => {
  const nodes = [countingStream(), countingStream()]
  const batch = createWriteBatch(clientOf({ nodes: () => nodes }))
  for (const { stream } of [...nodes, ...nodes]) {
    batch()
    stream.write('command')
  }
  await nextTurn()
  expect(nodes.map(({ writes }) => writes)).toEqual([[2], [2]])
})

it('a connection that is replaced within a turn keeps nothing back', async () => {
  const [old, fresh] = [countingStream(), countingStream()]
  const client = { stream: old.stream }
  const batch = createWriteBatch(clientOf(client))
  batch()
  old.stream.destroy()
  client.stream = fresh.stream
  batch()
  fresh.stream.write('command')
  await nextTurn()
  expect(fresh.writes).toEqual([1])
  expect(fresh.stream.writableCorked).toBe(0)
  batch()
  fresh.stream.write('command')
  await nextTurn()
  expect(fresh.writes).toEqual([1, 1])
})

it('a client that is not connected yet has nothing to hold', async () => {
  const batch = createWriteBatch(clientOf({}))
  expect(batch).not.toThrow()
  await nextTurn()
})
