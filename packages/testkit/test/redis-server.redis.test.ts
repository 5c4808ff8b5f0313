import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  findRedisBinary,
  redisUrl,
  redisVersion,
  startRedis,
  uniquePrefix,
  waitUntil,
} from '@sluice/testkit'
import type { RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'

function connectTo({ port }: Pick<RedisServer, 'port'>): Redis {
  const client = new Redis(port, { retryStrategy: () => 20 })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

async function folderOf(client: Redis): Promise<string> {
  const [, folder] = (await client.config('GET', 'dir')) as [string, string]
  return folder
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const src = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url))

describe('the shared server', () => {
  it('is handed to the tests of the run', async () => {
    const client = new Redis(redisUrl())
    onTestFinished(() => client.disconnect())
    const key = `${uniquePrefix('testkit')}:a`
    await client.set(key, '1', 'PX', 60_000)
    expect(await client.get(key)).toBe('1')
  })

  it('is the binary that the search finds', async () => {
    const client = new Redis(redisUrl())
    onTestFinished(() => client.disconnect())
    const info = await client.info('server')
    expect(info).toContain(await redisVersion(await findRedisBinary()))
  })
})

describe('a server of a test', () => {
  it('keeps clear of port 6379, and leaves room for a cluster bus', async () => {
    await using redis = await startRedis()
    expect(redis.port).not.toBe(6379)
    expect(redis.port).toBeLessThan(55_535)
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`)
  })

  it('takes arguments', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '7mb'] })
    expect(await connectTo(redis).config('GET', 'maxmemory')).toEqual(['maxmemory', '7340032'])
  })

  it('that cannot start says why', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/no-such-option/)
  })

  it('answers nothing while paused, and everything once resumed', async () => {
    await using redis = await startRedis()
    const client = connectTo(redis)
    await client.set('a', '1')
    redis.pause()
    const answer = client.get('a')
    const first = await Promise.race([answer, sleep(100, 'nothing')])
    expect(first).toBe('nothing')
    redis.resume()
    expect(await answer).toBe('1')
  })

  it('refuses connections once killed, and comes back empty on its port', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '7mb'] })
    const client = connectTo(redis)
    await client.set('a', '1')
    const folder = await folderOf(client)
    const { pid, port } = redis

    await redis.kill()
    const stranger = new Redis(port, { lazyConnect: true, retryStrategy: null })
    stranger.on('error', () => {})
    await expect(stranger.connect()).rejects.toThrow('Connection is closed')

    await redis.restart()
    expect(redis.port).toBe(port)
    expect(redis.pid).not.toBe(pid)
    expect(await client.get('a')).toBeNull()
    expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', '7340032'])
    expect(await folderOf(client)).toBe(folder)
  })

  it('can be restarted while it runs, killed twice, and killed when stopped', async () => {
    await using redis = await startRedis()
    const { pid } = redis
    await redis.restart()
    expect(isAlive(pid)).toBe(false)
    await redis.kill()
    await redis.kill()
    await redis.stop()
    await redis.kill()
  })

  it('leaves neither process nor folder when stopped, paused or not', async () => {
    const redis = await startRedis()
    const folder = await folderOf(connectTo(redis))
    redis.pause()
    await redis.stop()
    await redis.stop()
    expect(isAlive(redis.pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
  })

  it('leaves no folder when stopped after a kill', async () => {
    const redis = await startRedis()
    const folder = await folderOf(connectTo(redis))
    await redis.kill()
    expect(existsSync(folder)).toBe(true)
    await redis.stop()
    expect(existsSync(folder)).toBe(false)
  })
})

describe('the starter of a server', () => {
  const starter = `
    const { runnerImport } = await import('vite')
    const { module } = await runnerImport(${JSON.stringify(src('redis-server.ts'))})
    const redis = await module.startRedis()
    console.log(JSON.stringify({ port: redis.port, pid: redis.pid }))
  `

  it('cannot be outlived by it, even when it is ended by SIGKILL', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const { port, pid } = JSON.parse(line) as { port: number; pid: number }
    const folder = await folderOf(connectTo({ port }))

    child.kill('SIGKILL')
    await waitUntil(() => !isAlive(pid), { what: 'the server to end', timeoutMs: 5000 })
    await waitUntil(() => !existsSync(folder), { what: 'its folder to go', timeoutMs: 5000 })
  })

  it('cannot be outlived by it when it ends without stopping it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      `${starter}; process.exit()`,
    ])
    const { pid } = JSON.parse(stdout) as { pid: number }
    await waitUntil(() => !isAlive(pid), { what: 'the server to end', timeoutMs: 5000 })
  })
})
