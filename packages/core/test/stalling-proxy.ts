import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server on which single connections fall silent for ever, while others work. */
export interface StallingProxy {
  readonly port: number
  /** What is open now carries nothing any more, and is never closed from here. */
  stall(): void
  /** Likewise for the one that was opened first. */
  stallFirst(): void
  /** Whether connections to come are taken and never carry anything. */
  stallNewOnes(on: boolean): void
  /** Whether bytes wait here, to go on when it is over. */
  hold(on: boolean): void
  /** Lets three bytes of the next reply through, then ends that connection. */
  cutNextReply(): void
  /** Resets what is open. */
  cut(): void
  stop(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** Starts one on a free port. */
export async function startStallingProxy(serverPort: number): Promise<StallingProxy> {
  const pairs = new Set<Pair>()
  let stallsNew = false
  let holds = false
  let cutsReply = false
  const stallPair = ({ client, server }: Pair): void => {
    client.unpipe(server).resume()
    server.removeAllListeners('data').resume()
  }
  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1')
    const pair = { client, server }
    pairs.add(pair)
    client.on('error', () => server.destroy())
    server.on('error', () => client.destroy())
    client.on('close', () => {
      pairs.delete(pair)
      server.destroy()
    })
    if (stallsNew) return stallPair(pair)
    client.pipe(server)
    server.on('data', (chunk) => {
      if (!cutsReply) return void client.write(chunk)
      cutsReply = false
      client.end(chunk.subarray(0, 3))
      server.destroy()
    })
    if (holds) client.cork()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return {
    port,
    stall: () => pairs.forEach(stallPair),
    stallFirst: () => [...pairs].slice(0, 1).forEach(stallPair),
    stallNewOnes: (on) => void (stallsNew = on),
    hold(on) {
      holds = on
      for (const { client } of pairs) {
        if (on) client.cork()
        else client.uncork()
      }
    },
    cutNextReply: () => void (cutsReply = true),
    cut: () => pairs.forEach(({ client }) => client.resetAndDestroy()),
    async stop() {
      for (const { client } of pairs) client.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
