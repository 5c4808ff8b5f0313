import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createFaultyPipe } from './faulty-pipe.ts'
import type { Direction, Faults } from './faulty-pipe.ts'
import { onFreePort } from './free-port.ts'

/** A TCP proxy before a server, which misbehaves on request. Faults add up until `heal()`. */
export interface FaultProxy extends AsyncDisposable {
  /** Connect here instead of to the server. */
  readonly port: number
  /** Holds every byte back by this many milliseconds, in each direction; the order of bytes is kept. */
  delay(ms: number): void
  /**
   * Swallows bytes towards the server (`'up'`), towards the client (`'down'`), or both; connections stay open.
   * A connection that lost bytes is reset by `heal()`, since no TCP stream goes on without them.
   */
  blackhole(direction?: Direction | 'both'): void
  /** Resets every open connection, once. New ones are accepted. */
  cut(): void
  /** Resets every open connection, and nothing listens on the port until `heal()`: ECONNREFUSED. */
  refuse(): void
  /**
   * Lets the server handle what it is sent, then swallows its next chunk of reply, whoever it is for, and resets
   * that connection: what was asked has happened, and the client never hears.
   */
  dropNextReply(): void
  /** Ends every fault. */
  heal(): void
  stop(): Promise<void>
}

/** Which server to stand before. */
export interface FaultProxyOptions {
  /** The server's port. */
  readonly port: number
  /** The server's host. Default `127.0.0.1`. */
  readonly host?: string
}

/**
 * Starts a proxy without faults.
 *
 * @example
 * await using proxy = await startFaultProxy({ port: redis.port })
 * const client = new Redis(proxy.port)
 * proxy.dropNextReply()
 * await expect(client.incr('hits')).rejects.toThrow() // counted, and not told
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { port: serverPort, host = '127.0.0.1' } = options
  const open = new Set<Socket>()
  const tainted = new Set<Socket>()
  const faults: Faults = {
    delayMs: 0,
    swallows: new Set(),
    dropNextReply: false,
    onLoss: (socket) => tainted.add(socket),
  }
  const track = (socket: Socket): void => {
    socket.setNoDelay(true)
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      tainted.delete(socket)
    })
  }
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: serverPort, host, allowHalfOpen: true })
    track(client)
    track(server)
    createFaultyPipe({ from: client, to: server, direction: 'up', faults })
    createFaultyPipe({ from: server, to: client, direction: 'down', faults })
  })
  const { port } = await onFreePort((free) => once(listener.listen(free, '127.0.0.1'), 'listening'))
  const reset = (sockets: Iterable<Socket>): void => {
    for (const socket of [...sockets]) socket.resetAndDestroy()
  }
  const stop = async (): Promise<void> => {
    reset(open)
    if (listener.listening) await new Promise((resolve) => listener.close(resolve))
  }
  return {
    port,
    delay: (ms) => void (faults.delayMs = ms),
    blackhole: (direction = 'both') => {
      for (const one of direction === 'both' ? (['up', 'down'] as const) : [direction]) {
        faults.swallows.add(one)
      }
    },
    cut: () => reset(open),
    refuse: () => {
      if (listener.listening) listener.close()
      reset(open)
    },
    dropNextReply: () => void (faults.dropNextReply = true),
    heal: () => {
      faults.delayMs = 0
      faults.swallows.clear()
      faults.dropNextReply = false
      reset(tainted)
      if (!listener.listening) listener.listen(port, '127.0.0.1')
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
