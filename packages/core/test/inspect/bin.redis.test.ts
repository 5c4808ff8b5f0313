import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { redisUrl, startRedis, uniquePrefix, waitUntil, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InspectReport } from '../../src/inspect/inspect.ts'
import type { Ran } from './run-sluice.ts'

// The program as it is published: built by `npm test` before the tests run.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(packageFolder, '../../node_modules')

const count = 100_000
let redis: RedisServer
let client: Redis
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
  const fill =
    "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'shop:product:' .. ARGV[2] .. i, i) end"
  await client.eval(fill, 0, count, 'x'.repeat(200))
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ran>
}

function start(program: string, args: readonly string[], flags: readonly string[] = []): Child {
  const child = spawn(process.execPath, [...flags, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
  })
  return { process: child, ended }
}

async function programOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    bin: Record<string, string>
  }
  // npx runs the one program of a package whatever its name is.
  const [program, ...others] = Object.values(manifest.bin)
  expect(others).toEqual([])
  return join(folder, program ?? '')
}

/** The built package where only those packages are installed. */
async function installed(
  packages: Record<string, string>,
): Promise<AsyncDisposable & { program: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-inspect-'))
  await cp(join(packageFolder, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (name) => !/\.(map|d\.ts)$/.test(name),
  })
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await mkdir(join(folder, 'node_modules'))
  for (const [name, source] of Object.entries(packages)) {
    await symlink(join(modules, source), join(folder, 'node_modules', name))
  }
  return {
    program: await programOf(folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

describe('the program', () => {
  it('looks at 100,000 keys in the memory of a page', async () => {
    const flags = ['--max-old-space-size=32']
    const { ended } = start(await programOf(packageFolder), ['inspect', redis.url, '--json'], flags)
    const { code, stdout, stderr } = await ended
    expect([code, stderr.includes('sluice')]).toEqual([0, false])
    const report = JSON.parse(stdout) as InspectReport
    expect(report).toMatchObject({ keys: count, partial: false })
    const [shop] = report.prefixes
    expect(shop?.namespaces).toMatchObject([{ name: 'product', keys: count, measured: 10_000 }])
    expect(shop?.ttls.none).toBe(count)
  }, 60_000)

  it('ends on Ctrl-C with what was seen so far, and says that it is a part', async () => {
    await client.config('RESETSTAT')
    const child = start(await programOf(packageFolder), ['inspect', redis.url])
    await waitUntil(
      async () => (await client.info('commandstats')).includes('cmdstat_memory|usage'),
      {
        what: 'the walk to begin',
      },
    )
    child.process.kill('SIGINT')
    const { code, stdout, stderr } = await child.ended
    expect([code, stderr.includes('sluice')]).toEqual([130, false])
    expect(stdout).toContain('PARTIAL: stopped before all keys were looked at')
    expect(stdout).toMatch(/shop: [\d,]+ keys/)
  })

  it('works with ioredis 5.4, whose errors say the same', async () => {
    await using old = await installed({ ms: 'ms', ioredis: 'ioredis5' })
    const prefix = uniquePrefix('old')
    const small = new Redis(redisUrl())
    const key = `${prefix}#lock:{order}`
    await small.hset(key, 'host:1/a.1', '9999999999999 1 1', 'fence', '1')
    const args = ['inspect', redisUrl(), '--prefix', prefix, '--json']
    const { code, stdout, stderr } = await start(old.program, args).ended
    await small.del(key)
    small.disconnect()
    expect([code, stderr]).toEqual([0, ''])
    const report = JSON.parse(stdout) as InspectReport
    expect(report.prefixes[0]?.locks.longestHeld[0]).toMatchObject({ owner: 'host:1', fence: 1 })
    await using closed = await startRedis({ args: ['--requirepass', 'right'] })
    const refused = await start(old.program, ['inspect', closed.url.replace('://', '://:wrong@')])
      .ended
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^sluice: .* wants a password.*\n$/)
  })

  it('without ioredis, names the command that installs it', async () => {
    await using bare = await installed({ ms: 'ms' })
    const { code, stdout, stderr } = await start(bare.program, ['inspect', redis.url]).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('npx -p @sluice/core -p ioredis sluice inspect <redis-url>')
    expect(await start(bare.program, ['--help']).ended).toMatchObject({ code: 0, stderr: '' })
  })
})
