/**
 * Every code has its heading in docs/errors.md, and every message a link to it. What the page says of an error (example,
 * class, package, status, fields) is compared with the error itself.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCache, SluiceError } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { cacheFromEnv } from '@sluice/core/redis'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { rateLimit } from '@sluice/rate-limiter/express'
import { createSessions } from '@sluice/session-store'
import { session } from '@sluice/session-store/express'
import express, { type Express } from 'express'
import request from 'supertest'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { provoked } from './provoked-errors.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const page = readFileSync(join(repository, 'docs/errors.md'), 'utf8')
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => [/^\w+/.exec(text)?.[0] ?? '', text] as const),
)
const headings = [...page.matchAll(/^#+ (SLUICE_\w+)$/gm)].map(([, code]) => code)
const codes = findCodes()
const isWarning = (code: string): boolean => code.startsWith('SLUICE_WARN_')

const linkOf = (code: string): string =>
  ` See https://github.com/sluice/sluice/blob/main/docs/errors.md#${code.toLowerCase()}`
const exampleOf = (code: string): string | undefined =>
  /```text\n(.*)\n```/.exec(sections.get(code) ?? '')?.[1]

it('every code in the sources has one heading, and every heading a code', () => {
  expect(codes.length).toBeGreaterThan(20)
  expect(headings.toSorted()).toEqual(codes)
})

it('every code of an error is provoked here', () => {
  expect(Object.keys(provoked).toSorted()).toEqual(codes.filter((code) => !isWarning(code)))
})

describe.each(Object.entries(provoked))('%s', (code, provoke) => {
  it('is thrown as the page says, with the link to it', async () => {
    const error = await thrownBy(provoke)
    expect(error).toMatchObject({ code })
    expect(error.message).toBe(`${exampleOf(code)}${linkOf(code)}`)
  })

  it('has the class, the package, the status and the fields that the page says', async () => {
    const error = await thrownBy(provoke)
    const row = new RegExp(`^\\| \\[\`${code}\`\\]\\(#${code.toLowerCase()}\\) .*$`, 'm').exec(page)
    const [, , name, from, status] = row?.[0].split(/ *\| */) ?? []
    const exported: Record<string, unknown> = await import(from?.replaceAll('`', '') ?? '')
    expect([name, status?.replace('or 400', '')]).toEqual([
      `\`${error.name}\``,
      String(error.status ?? ''),
    ])
    expect(exported[error.name]).toBe(error.constructor)
    // A log shows what there is, and no `status: undefined`.
    expect(Object.keys(error).includes('status')).toBe(error.status !== undefined)
    const fields = Object.keys(error).filter((key) => !['code', 'status'].includes(key))
    expect(fields.filter((key) => !sections.get(code)?.includes(`\`${key}\``))).toEqual([])
  })
})

describe('a message', () => {
  it('that is made of another one has one link', async () => {
    const faults = manualFaults()
    const away = createCache({ store: flakyStore(memoryStore(), faults) })
    faults.fail({ on: 'getMany' })
    const nested = [
      () => away.getMany(['a', 'b']),
      () => cacheFromEnv({ CACHE_DEFAULT_TTL: 'soon' }),
      () => createSessions<{ a: unknown }>().create({ data: { a: () => 1 } }),
    ]
    for (const provoke of nested) {
      const { message } = await thrownBy(provoke)
      expect(message.match(/ See https:/g)).toHaveLength(1)
      expect(message).toMatch(/\.md#sluice_\w+$/)
    }
  })

  it('of a code that is not ours has none, for the page has no heading for it', () => {
    expect(new SluiceError('ACME_BUSY', 'Come back').message).toBe('Come back')
  })
})

describe('a warning', () => {
  const plain = (): Express => express().get('/', (_req, res) => void res.send('ok'))
  const limited = (trust = false, times = 1): Express => {
    const app = express().set('trust proxy', trust)
    const limit = rateLimit({ limit: 9, window: '1m' })
    for (let at = 0; at < times; at++) app.use(limit)
    return app.use(plain())
  }
  const limitedInProduction = (): Express => {
    vi.stubEnv('NODE_ENV', 'production')
    vi.stubEnv('WEB_CONCURRENCY', '2')
    return limited()
  }
  const withSession = (): Express =>
    express()
      .use(session({ secret: 'x'.repeat(32), cache: createCache(), cookie: { secure: true } }))
      .use((req, _res, next) => {
        Object.assign(req.session, { a: 1 })
        next()
      })
      .use(plain())
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  it.each([
    ['SLUICE_WARN_FORWARDED_FOR', () => limited()],
    ['SLUICE_WARN_TRUST_PROXY', () => limited(true)],
    ['SLUICE_WARN_COUNTED_TWICE', () => limited(false, 2)],
    ['SLUICE_WARN_PROCESS_MEMORY', limitedInProduction],
    ['SLUICE_WARN_SECURE_COOKIE', withSession],
  ])('%s is given as the page says, with the link to it', async (code, makeApp) => {
    const emit = vi.spyOn(process, 'emitWarning').mockReturnValue()
    await request(makeApp()).get('/').set('X-Forwarded-For', '192.0.2.1')
    expect(emit).toHaveBeenCalledWith(`${exampleOf(code)}${linkOf(code)}`, { code })
  })
})

async function thrownBy(provoke: () => unknown): Promise<SluiceError> {
  const error = await Promise.resolve()
    .then(provoke)
    .catch((reason: unknown) => reason)
  if (error instanceof SluiceError) return error
  throw new Error('nothing of ours was thrown', { cause: error })
}

/** The codes that the sources of the published packages name, in order. */
function findCodes(): string[] {
  const found = readdirSync(join(repository, 'packages'))
    .filter((name) => name !== 'testkit')
    .map((name) => join(repository, 'packages', name, 'src'))
    .flatMap((source) =>
      readdirSync(source, { recursive: true, encoding: 'utf8' }).map((file) => join(source, file)),
    )
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readFileSync(file, 'utf8').match(/(?<=['"])SLUICE_[A-Z_]+(?=['"])/g) ?? [])
  return [...new Set(found)].toSorted()
}
