import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createCache, type Store } from '@sluice/core'
import type { RedisStoreOptions } from '@sluice/core/redis'
import { uniquePrefix } from '@sluice/testkit'
import { expect } from 'vitest'

const fixture = fileURLToPath(new URL('./fixtures/counting-process.mjs', import.meta.url))
const [processes, callers, rounds] = [2, 100, 3]

/** How the processes reach the store. */
export interface ProcessStore {
  readonly store: RedisStoreOptions
  readonly ioredis5?: boolean
}

/** 200 parallel callers on two processes count, swap and update, and none of their changes is lost or doubled. */
export async function expectExactChanges(how: ProcessStore, store: Store): Promise<void> {
  const prefix = uniquePrefix('processes')
  const settings = JSON.stringify({ ...how, prefix, callers, rounds })
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [fixture, settings], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  try {
    await Promise.all(children.map((child) => lineOf(child)))
    const answers = children.map((child) => lineOf(child))
    for (const child of children) child.stdin?.write('go\n')
    const increments = (await Promise.all(answers)).flatMap((line): number[] => JSON.parse(line))

    const total = processes * callers * rounds
    const cache = createCache({ store, prefix })
    expect(increments.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: total }, (_, at) => at + 1),
    )
    expect(await cache.getMany(['counted', 'updated', 'swapped'])).toEqual(
      new Map([
        ['counted', total],
        ['updated', total],
        ['swapped', total],
      ]),
    )
    await cache.clear()
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

async function lineOf(child: ChildProcess): Promise<string> {
  let text = ''
  for (;;) {
    const [chunk] = await Promise.race([
      once(child.stdout ?? child, 'data'),
      once(child, 'exit').then(() => ['']),
    ])
    text += String(chunk)
    if (text.endsWith('\n')) return text
    if (String(chunk) === '') throw new Error(`The process ended after saying "${text}".`)
  }
}
