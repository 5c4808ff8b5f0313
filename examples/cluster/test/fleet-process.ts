import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'

/** The example, started by its one command. */
export interface FleetProcess extends AsyncDisposable {
  readonly url: string
  readonly redisPorts: readonly number[]
  /** All that it printed so far. */
  output(): string
  /** Signals the process alone, or everything in its terminal as Ctrl-C does; answers with the exit code. */
  end(signal: NodeJS.Signals, whom: 'process' | 'terminal'): Promise<number | null>
}

/** Starts the fleet on a free port and waits until it is open. */
export async function startFleet(env: NodeJS.ProcessEnv = {}): Promise<FleetProcess> {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, as in a terminal
  })
  const pid = child.pid ?? 0
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  }
  const ended = once(child, 'close')
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  await waitUntil(() => output.includes('Ctrl-C') || isOver(), { what: 'the fleet is open' })
  const [, url] = /open at (\S+) /.exec(output) ?? []
  const [, ports] = /Redis at ([\d, ]+)/.exec(output) ?? []
  if (url === undefined || ports === undefined) throw new Error(`The fleet ended: ${output}`)
  return {
    url,
    redisPorts: ports.split(', ').map(Number),
    output: () => output,
    async end(signal, whom) {
      process.kill(whom === 'terminal' ? -pid : pid, signal)
      await ended
      return child.exitCode
    },
    async [Symbol.asyncDispose]() {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // Nothing is left of the group.
      }
      await ended
    },
  }
}

/** One of the Redis servers. */
export interface RedisProcess {
  readonly pid: number
  readonly folder: string
}

/** Which processes the Redis servers are, and where their files lie. */
export function redisOf({ redisPorts }: FleetProcess): Promise<RedisProcess[]> {
  const asked = redisPorts.map((port) =>
    ask(port, async (client) => {
      const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])
      const [, folder] = await client.config('GET', 'dir')
      return { pid, folder: String(folder) }
    }),
  )
  return Promise.all(asked)
}

/** Forgets all limits and sessions. */
export async function flush({ redisPorts }: FleetProcess): Promise<void> {
  for (const port of redisPorts) await ask(port, (client) => client.flushall())
}

/** Whether a node knows that a master is lost, and that another serves its slots. */
export function hasFailedOver(port: number): Promise<boolean> {
  return ask(port, async (client) => {
    const nodes = String(await client.cluster('NODES'))
    const info = await client.cluster('INFO')
    return /master,fail /.test(nodes) && /state:ok[^]*slots_ok:16384/.test(info)
  })
}

async function ask<Value>(
  port: number,
  question: (client: Redis) => Promise<Value>,
): Promise<Value> {
  const client = new Redis(port)
  try {
    return await question(client)
  } finally {
    client.disconnect()
  }
}
