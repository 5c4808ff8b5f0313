import { explain } from './explain.ts'
import type { Command } from './question.ts'
import { withDeadline } from './with-deadline.ts'

/** One server, asked by commands that read. */
export interface Server {
  /** `host:port` */
  readonly address: string
  /**
   * The replies in the order of the commands; an error that is about one command stands in its place.
   * @throws InspectError when there is no answer in time, or the connection is lost
   */
  send(commands: readonly Command[]): Promise<readonly unknown[]>
}

/** How a server is asked. */
export interface ServerOptions {
  readonly address: string
  readonly deadlineMs: number
  /** Why the connection failed, once it has. */
  readonly why: () => unknown
}

/** What is used of a client of one server. */
interface PipelineClient {
  pipeline(): {
    callBuffer(command: string, ...args: (string | number | Buffer)[]): unknown
    exec(): Promise<[error: Error | null, reply: unknown][] | null>
  }
}

/** Commands in one round trip: so few that a busy server serves others between two of them. */
const batchSize = 250

/**
 * Why a connection failed is told by an event of the client; the commands on it only hear that it is closed.
 *
 * @returns the first reason that was told
 */
export function watchErrors(client: {
  on(event: string, listener: (error: unknown) => void): unknown
}): () => unknown {
  let reason: unknown
  const learn = (error: unknown): void => void (reason ??= error)
  client.on('error', learn)
  client.on('node error', learn)
  return () => reason
}

/** A server that a client is connected with. */
export function serverOf(
  client: PipelineClient,
  { address, deadlineMs, why }: ServerOptions,
): Server {
  const sendBatch = async (commands: readonly Command[]): Promise<readonly unknown[]> => {
    const pipeline = client.pipeline()
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args)
    try {
      const replies = await withDeadline(pipeline.exec(), deadlineMs, address)
      return (replies ?? []).map(([error, reply]) => error ?? reply)
    } catch (error) {
      throw explain(why() ?? error, address)
    }
  }
  return {
    address,
    async send(commands) {
      const replies: unknown[] = []
      for (let at = 0; at < commands.length; at += batchSize) {
        replies.push(...(await sendBatch(commands.slice(at, at + batchSize))))
      }
      // A connection that is lost fails each command that was on its way.
      const fatal = replies.find((reply) => reply instanceof Error && !isAboutCommand(reply))
      if (fatal !== undefined) throw explain(why() ?? fatal, address)
      return replies
    },
  }
}

const aboutCommand = /^(WRONGTYPE|NOPERM|MOVED|ASK|TRYAGAIN|ERR)\b/

function isAboutCommand({ message }: Error): boolean {
  return aboutCommand.test(message)
}
