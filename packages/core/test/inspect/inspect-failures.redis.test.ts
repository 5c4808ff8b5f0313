import { createServer, type AddressInfo } from 'node:net'
import { startRedis } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort, makeCertificate, tlsArguments } from '../certificates.ts'
import type { Target } from '../../src/inspect/connect.ts'
import { inspect } from '../../src/inspect/inspect.ts'
import { runSluice, type Ran } from './run-sluice.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function failsWith(ran: Ran, message: RegExp): void {
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toMatch(message)
  expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(ran.stderr).not.toContain('hunter2')
}

/** A server of bytes on a free port. */
async function listen(onData: (write: (text: string) => void) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('data', () => onData((text) => socket.write(text)))
    cleanups.push(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  return (server.address() as AddressInfo).port
}

describe('one line says what is wrong and what mends it', () => {
  it('a password that is wrong or missing', async () => {
    await using redis = await startRedis({ args: ['--requirepass', 'right'] })
    const wrong = redis.url.replace('://', '://:hunter2@')
    for (const url of [redis.url, wrong, wrong.replace('://', '://someone')]) {
      failsWith(await runSluice(['inspect', url]), /wants a password.*Check the url/)
    }
    expect((await runSluice(['inspect', redis.url.replace('://', '://:right@')])).code).toBe(0)
    const env = { REDIS_URL: redis.url.replace('://', '://:right@') }
    expect((await runSluice(['inspect'], { env })).code).toBe(0)
  })
  it('a port where nothing listens', async () => {
    const url = `redis://:hunter2@127.0.0.1:${await freePort()}`
    failsWith(await runSluice(['inspect', url]), /Nothing listens on 127\.0\.0\.1/)
  })
  it('a host that does not exist', async () => {
    const ran = await runSluice(['inspect', 'redis://:hunter2@no-such-host.invalid'])
    failsWith(ran, /The host of no-such-host\.invalid:6379 is not known/)
  })
  it('a database that does not exist', async () => {
    await using redis = await startRedis()
    failsWith(await runSluice(['inspect', `${redis.url}/99`]), /has no database 99/)
  })
  it('another program on the port', async () => {
    const port = await listen((write) => write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    failsWith(
      await runSluice(['inspect', `redis://127.0.0.1:${port}`]),
      /does not speak the protocol of Redis/,
    )
  })
  it('TLS where there is none, none where there is, and a certificate that nobody vouches for', async () => {
    const certificate = await makeCertificate()
    cleanups.push(() => certificate.remove())
    const port = await freePort()
    const redis = await startRedis({ args: [...tlsArguments(certificate, port)] })
    cleanups.push(() => redis.stop())
    failsWith(
      await runSluice(['inspect', `rediss://localhost:${port}`]),
      /certificate.*not trusted.*NODE_EXTRA_CA_CERTS/,
    )
    failsWith(await runSluice(['inspect', `redis://localhost:${port}`]), /TLS is rediss/)
  })
  it('a user without the right to look', async () => {
    await using redis = await startRedis()
    const client = new Redis(redis.url)
    await client.call('ACL', 'SETUSER', 'nobody', 'on', '>hunter2', '~*', '+info')
    client.disconnect()
    failsWith(
      await runSluice(['inspect', redis.url.replace('://', '://nobody:hunter2@')]),
      /\+@read \+info \+time/,
    )
  })
  it('a url, an option or a number that cannot be meant, without repeating it', async () => {
    for (const [args, message] of [
      [['inspect', 'hunter2'], /Expected "url" to look like/],
      [['inspect', 'redis://:hunter2@x:99999'], /Expected "url" to look like/],
      [['inspect', '--prefxi=hunter2', 'redis://x'], /Did you mean --prefix/],
      [['inspect', '--hunter2', 'redis://x'], /There is no such option/],
      [['inspect', 'redis://x', 'redis://:hunter2@y'], /Give one url/],
      [['inspect', 'redis://x', '--sample', 'hunter2'], /--sample/],
      [['inspect', 'redis://x', '--json=hunter2'], /An option/],
      [['inspect'], /Say where Redis is/],
      [[], /Say what to do/],
    ] as const) {
      failsWith(await runSluice(args), message)
    }
  })
})

describe('a server that stops answering', () => {
  const deadlineMs = 300
  const signal = new AbortController().signal
  const onProgress = (): void => undefined
  const targetOf = (port: number): Target => ({
    ...{ host: '127.0.0.1', port, database: 0, isTls: false, isCluster: false, deadlineMs },
  })

  it('is given up after the deadline, at whatever moment', async () => {
    const silent = await listen(() => undefined)
    const request = { target: targetOf(silent), sample: 10, signal, onProgress }
    await expect(inspect(request)).rejects.toThrow(/did not answer within 0.3 s/)
    await using redis = await startRedis()
    redis.pause()
    await expect(inspect({ ...request, target: targetOf(redis.port) })).rejects.toThrow(
      /did not answer within 0.3 s/,
    )
    redis.resume()
  })

  it('leaves what was seen until then, labelled partial', async () => {
    await using redis = await startRedis()
    await fill(redis.url, 5000)
    const report = await inspect({
      ...{ target: targetOf(redis.port), sample: 10, signal },
      onProgress: () => redis.pause(),
    })
    redis.resume()
    expect(report).toMatchObject({ partial: true })
    expect(report.error).toMatch(/did not answer/)
    expect(report.keys).toBeGreaterThan(0)
    expect(report.keys).toBeLessThan(5000)
  })

  it('and one that dies: exit code 2, what was seen on stdout, the reason on stderr', async () => {
    await using redis = await startRedis()
    await fill(redis.url, 5000)
    const { code, stdout, stderr } = await runSluice(['inspect', redis.url], {
      isTTY: true,
      onError: () => process.kill(redis.pid, 'SIGKILL'),
    })
    expect(code).toBe(2)
    expect(stdout).toContain('PARTIAL')
    expect(stderr).toMatch(/closed the connection/)
  })
})

async function fill(url: string, count: number): Promise<void> {
  const client = new Redis(url)
  const keys = Array.from({ length: count }, (_, at) => [`many:${at}`, at])
  await client.mset(...keys.flat())
  client.disconnect()
}
