import { randomBytes } from 'node:crypto'
import { OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { createSessions, type EncryptionKey } from '../src/index.ts'
import { memorySessions, type Kept } from './memory-sessions.ts'

const key = (id: string): EncryptionKey => ({ id, key: randomBytes(32) })

/** All that the store keeps, as one text. */
async function stored({ memory, keys }: ReturnType<typeof memorySessions>): Promise<string> {
  const { inspectAll } = await import('./store-text.ts')
  return inspectAll(memory, await keys())
}

/** The sealed text once for each bit of its iv, content and tag, with that bit changed. */
function flippedBits(sealed: string): readonly string[] {
  const [id = '', encoded = ''] = sealed.split('.')
  const bytes = Buffer.from(encoded, 'base64url')
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const broken = Buffer.from(bytes)
    broken.writeUInt8(broken.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return `${id}.${broken.toString('base64url')}`
  })
}

describe('attributes that are encrypted', () => {
  it('are nowhere in the store in the clear, and come back as they were', async () => {
    const bench = memorySessions({ encrypt: [key('a')] })
    const { sessions } = bench
    const { token, session } = await sessions.create({
      data: { theme: 'midnight', cart: ['green tea'] },
    })
    await sessions.commit(session, { count: 987_654 })
    const text = await stored(bench)
    for (const clear of ['midnight', 'green tea', '987654']) expect(text).not.toContain(clear)
    expect((await sessions.load(token))?.data).toEqual({
      theme: 'midnight',
      cart: ['green tea'],
      count: 987_654,
    })
    const next = (await sessions.rotate(token)) ?? ''
    expect((await sessions.load(next))?.data.theme).toBe('midnight')
  })

  it('are read by any key of the list, and written by the first', async () => {
    const [old, fresh] = [key('old'), key('fresh')]
    const bench = memorySessions({ encrypt: [old] })
    const { token, session } = await bench.sessions.create({ data: { theme: 'dark', count: 1 } })
    const both = createSessions<Kept>({ cache: bench.cache, encrypt: [fresh, old] })
    expect((await both.load(token))?.data).toEqual({ theme: 'dark', count: 1 })
    await both.commit(session, { count: 2 })
    const freshAlone = createSessions<Kept>({ cache: bench.cache, encrypt: [fresh] })
    expect((await freshAlone.load(token))?.data).toEqual({ count: 2 })
  })

  it('that were written in the clear before are still read', async () => {
    const bench = memorySessions()
    const { token } = await bench.sessions.create({ data: { theme: 'dark' } })
    const sealed = createSessions<Kept>({ cache: bench.cache, encrypt: [key('a')] })
    expect((await sealed.load(token))?.data).toEqual({ theme: 'dark' })
  })

  it('do not open in another place, nor when a bit of them has changed', async () => {
    const { createSealing } = await import('../src/sealing.ts')
    const sealing = createSealing([key('a')])
    const text = sealing.seal('session-1', 'theme', '"dark"')
    expect(sealing.open('session-1', 'theme', text)).toBe('"dark"')
    expect(sealing.open('session-2', 'theme', text)).toBe('')
    expect(sealing.open('session-1', 'count', text)).toBe('')
    for (const broken of [...flippedBits(text), text.slice(0, -2), '!a.', '!b.AAAA', '!']) {
      expect(sealing.open('session-1', 'theme', broken)).toBe('')
    }
    expect(sealing.seal('session-1', 'theme', '"dark"')).not.toBe(text)
  })

  it.each([
    [[], /one key or more/],
    [[key('a'), key('a')], /id of its own/],
    [[{ id: 'a b', key: randomBytes(32) }], /"id" of an encryption key/],
    [[{ id: 'a', key: randomBytes(16) }], /32 bytes.*got 16 bytes/],
    [[{ id: 'a', key: 'hunter2' }], /got 5 bytes/],
  ])('keys that are none are refused, and never shown: %#', (encrypt, message) => {
    const make = () => createSessions({ encrypt })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
    expect(make).not.toThrow(/hunter2/)
  })
})

describe('a record that is none', () => {
  it('is dropped and reported, and its owner begins anew', async () => {
    const { channel } = await import('node:diagnostics_channel')
    const seen: unknown[] = []
    const see = (failure: unknown): void => void seen.push(failure)
    channel('sluice:session-store:failure').subscribe(see)
    const { sessions, memory, keys } = memorySessions()
    const { token } = await sessions.create()
    const [record = ''] = await keys()
    await memory.delete([record])
    await memory.set(record, 'not a hash')
    expect(await sessions.load(token)).toBeUndefined()
    expect(await keys()).toEqual([])
    expect(seen).toMatchObject([{ verb: 'load', instead: 'dropped' }])
    channel('sluice:session-store:failure').unsubscribe(see)
  })
})
