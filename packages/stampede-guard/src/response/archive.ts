import type { IncomingHttpHeaders } from 'node:http'
import type { Cache } from '@sluice/core'
import { createGenerations, type Generations } from './generations.ts'
import { createImmutable, newId, type Immutable } from './immutable.ts'
import type { ResponseCacheConfig } from './options.ts'
import { isRecord, withVariant, type PageRecord, type Stamp, type Variant } from './record.ts'
import { boundedKey, type PageKey } from './request-key.ts'
import { isSelected } from './vary.ts'

/** A response with its body. */
export interface Kept {
  readonly variant: Variant
  readonly body: Buffer
}

/** What was found for a request. */
export interface Found {
  readonly kept: Kept | undefined
  /** All the headers by which responses of this URL are known to vary. */
  readonly vary: readonly string[]
}

/** A response that is to be kept. */
export interface Filling extends Kept {
  readonly at: PageKey
  readonly tags: readonly string[]
  /** The mark from before its handler ran. */
  readonly since: number
  /** The headers of the request that made it. */
  readonly requestHeaders: IncomingHttpHeaders
}

/** Where responses are kept. */
export interface Archive {
  find(at: PageKey, headers: IncomingHttpHeaders): Promise<Found>
  /** What `find` would find, where all of it is in this process; `undefined` says nothing. */
  recall(at: PageKey, headers: IncomingHttpHeaders): Kept | undefined
  /** To be had before the handler runs. */
  mark(): Promise<number>
  /** What is kept; `undefined` when an invalidation overtook the response. */
  keep(filling: Filling): Promise<Kept | undefined>
  /** False when an invalidation has overtaken the response since. */
  isCurrent(kept: Kept): Promise<boolean>
}

/** The view in which `cacheResponse` keeps what it keeps. */
export function responsesOf(cache: Cache): Cache {
  return cache.namespace('http-responses')
}

type ArchiveConfig = Pick<ResponseCacheConfig<never>, 'cache' | 'normalizers' | 'maxVariants'>

/** What finding and keeping share. */
interface Parts {
  readonly responses: Cache
  readonly generations: Generations
  readonly records: Immutable<PageRecord>
  readonly bodies: Immutable<Buffer>
  matches(variant: Variant, headers: IncomingHttpHeaders): boolean
}

/** How much a process remembers: bodies by their bytes, records by their variants. */
const mostBodyBytes = 8 * 2 ** 20
const mostVariants = 10_000

/**
 * The responses in a cache. Under a URL is the id of its record, which names the variants; a record and a body are written
 * once, under an id that is never used again. So a process that has seen them reads ids and generations alone.
 */
export function createArchive({ cache, normalizers, maxVariants }: ArchiveConfig): Archive {
  const responses = responsesOf(cache)
  const generations = createGenerations(responses)
  const parts: Parts = {
    responses,
    generations,
    records: createImmutable(responses, 'record', isRecord, {
      most: mostVariants,
      sizeOf: ({ variants }) => variants.length,
    }),
    bodies: createImmutable(responses, 'body', Buffer.isBuffer, {
      most: mostBodyBytes,
      sizeOf: (body) => body.length + 100,
    }),
    matches: (variant, headers) => isSelected(headers, variant, normalizers),
  }
  return {
    find: createFind(parts),
    recall: createRecall(parts),
    mark: generations.mark,
    keep: (filling) => keep(parts, maxVariants, filling),
    async isCurrent({ variant }) {
      const current = await Promise.all(variant.stamps.map((stamp) => isCurrent(parts, stamp)))
      return current.every(Boolean)
    },
  }
}

async function isCurrent({ generations }: Parts, [name, generation]: Stamp): Promise<boolean> {
  return (await generations.current(name)) === generation
}

function createFind(parts: Parts): Archive['find'] {
  const { responses, generations, records, bodies, matches } = parts

  /** The body, and the stamps beside that of the page, in one batch. */
  const fetch = async (variant: Variant, others: readonly Stamp[]): Promise<Kept | undefined> => {
    const checks = others.map((stamp) => isCurrent(parts, stamp))
    const [body, ...current] = await Promise.all([bodies.read(variant.id), ...checks])
    return body !== undefined && current.every(Boolean) ? { variant, body } : undefined
  }

  return async function find({ key, page }, headers) {
    const [id, generation] = await Promise.all([responses.get(key), generations.current(page)])
    if (typeof id !== 'string') return nothing
    const record = records.recall(id) ?? (await records.read(id))
    if (record === undefined) return nothing
    const vary = unionOf(record.variants)
    const variant = record.variants.find((one) => matches(one, headers))
    const [ofPage, ...others] = variant?.stamps ?? []
    if (variant === undefined || generation === undefined || ofPage?.[1] !== generation) {
      return { kept: undefined, vary }
    }
    const body = others.length === 0 ? bodies.recall(variant.id) : undefined
    return {
      kept: body === undefined ? await fetch(variant, others) : { variant, body },
      vary,
    }
  }
}

function createRecall({ responses, records, bodies, matches }: Parts): Archive['recall'] {
  return function recall({ key }, headers) {
    const id = responses.getNow(key)
    const record = typeof id === 'string' ? records.recall(id) : undefined
    const variant = record?.variants.find((one) => matches(one, headers))
    const body = variant && bodies.recall(variant.id)
    if (variant === undefined || body === undefined) return undefined
    const isCurrent = variant.stamps.every(([name, made]) => responses.getNow(name) === made)
    return isCurrent ? { variant, body } : undefined
  }
}

const nothing: Found = { kept: undefined, vary: [] }

async function keep(
  parts: Parts,
  maxVariants: number,
  { at, variant, body, tags, since, requestHeaders }: Filling,
): Promise<Kept | undefined> {
  const { responses, generations, records, bodies, matches } = parts
  // The page comes first, as those who find the response expect.
  const stamps = await generations.stamp([at.page, ...tags.map(tagName)], since)
  if (stamps === undefined) return undefined
  const stamped = { ...variant, stamps }
  const isReplaced = (other: Variant): boolean => matches(other, requestHeaders)
  const ttl = lifeFrom(variant.atMs, variant.untilMs)
  await bodies.write(variant.id, body, ttl)
  let before: string | undefined
  let old: PageRecord | undefined
  let record: PageRecord | undefined
  await responses.update(
    at.key,
    async (found) => {
      before = typeof found === 'string' ? found : undefined
      old = before === undefined ? undefined : await records.read(before)
      record = withVariant(old, stamped, isReplaced, maxVariants)
      const id = newId()
      await records.write(id, record, lifeOf(record, variant))
      return id
    },
    { ttl },
  )
  // What was there has kept what was left of its life.
  if (record !== undefined) await responses.expire(at.key, lifeOf(record, variant))
  if (before !== undefined) await records.shorten(before)
  const gone = old?.variants.filter((one) => record?.variants.includes(one) !== true) ?? []
  await Promise.all(gone.map(({ id }) => bodies.shorten(id)))
  return { variant: stamped, body }
}

/** As long as its last variant. */
function lifeOf({ variants }: PageRecord, { atMs }: Variant): number {
  return lifeFrom(atMs, Math.max(...variants.map(({ untilMs }) => untilMs)))
}

function lifeFrom(fromMs: number, untilMs: number): number {
  return Math.max(1, Math.ceil(untilMs - fromMs))
}

/** The name of a tag's generation. */
export function tagName(tag: string): string {
  return boundedKey('tag:', tag)
}

function unionOf(variants: readonly Variant[]): readonly string[] {
  if (variants.length === 1) return variants[0]?.vary ?? []
  return [...new Set(variants.flatMap(({ vary }) => vary))].toSorted()
}
