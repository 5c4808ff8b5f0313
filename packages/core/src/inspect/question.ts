import type { KeyName } from './key-name.ts'

/** A command that reads, in small letters, and its arguments. */
export type Command = readonly [name: string, ...args: (string | number | Buffer)[]]

/** A key that was there a moment ago. */
export interface FoundKey<Name extends KeyName = KeyName> {
  /** As commands are given it: a key may hold any bytes. */
  readonly key: string | Buffer
  readonly text: string
  readonly name: Name
  /** As `TYPE` says it. */
  readonly type: string
  /** Remaining ms; -1 without expiry. */
  readonly ttlMs: number
  /** The clock of the server that has the key, ms since 1970. */
  readonly nowMs: number
}

/** What somebody wants to know of a key. */
export interface Question {
  readonly commands: readonly Command[]
  /**
   * Told the replies, in the order of the commands. `null` stands for what is gone meanwhile, is of another type by now or may
   * not be read as well.
   */
  take(replies: readonly unknown[]): void
}

/** A reply as text; `undefined` for anything else. */
export function textOf(reply: unknown): string | undefined {
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString() : undefined
}

/** A reply as a whole number; `undefined` for anything else. */
export function wholeOf(reply: unknown): number | undefined {
  const text = typeof reply === 'number' ? String(reply) : textOf(reply)
  if (text === undefined || !/^-?\d{1,16}$/.test(text)) return undefined
  return Number(text)
}

/** A reply of several, as texts; empty for anything else. */
export function textsOf(reply: unknown): readonly (string | undefined)[] {
  return Array.isArray(reply) ? reply.map(textOf) : []
}

/** Fields and values. ioredis makes an object of what HGETALL replies. */
export function fieldsOf(reply: unknown): readonly (readonly [field: string, value: string])[] {
  if (typeof reply !== 'object' || reply === null) return []
  return Object.entries(reply).flatMap(([field, value]) => {
    const text = textOf(value)
    return text === undefined ? [] : [[field, text] as const]
  })
}
