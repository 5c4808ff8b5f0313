import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A running process of the shop. */
export interface AppProcess extends AsyncDisposable {
  readonly name: string
  readonly port: number
}

/** What an app process is told, by its environment. */
export interface AppOrders {
  /** What it puts into `X-Served-By`. */
  readonly name: string
  readonly clusterPorts: readonly number[]
}

/** What an app process says when it listens. */
export interface Opened {
  readonly port: number
}

const endWithinMs = 5000

/** Starts a shop in a process of its own. It ends when it is disposed of, and when this process is gone. */
export async function startApp(name: string, clusterPorts: readonly number[]): Promise<AppProcess> {
  const child = fork(fileURLToPath(new URL('app.js', import.meta.url)), {
    env: { ...process.env, APP_NAME: name, CLUSTER_PORTS: clusterPorts.join() },
  })
  const ended = once(child, 'exit')
  const opened = await Promise.race([once(child, 'message'), ended])
  const port = portIn(opened[0])
  if (port === undefined) throw new Error(`${name} ended before it was open`)
  return { name, port, [Symbol.asyncDispose]: () => end(child, ended) }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
  await ended
  clearTimeout(timer)
}

function portIn(message: unknown): number | undefined {
  const isOpened = typeof message === 'object' && message !== null && 'port' in message
  return isOpened && typeof message.port === 'number' ? message.port : undefined
}

/** Reads what `startApp` has put into the environment. */
export function readOrders({ APP_NAME = '', CLUSTER_PORTS = '' }: NodeJS.ProcessEnv): AppOrders {
  return { name: APP_NAME, clusterPorts: CLUSTER_PORTS.split(',').map(Number) }
}
