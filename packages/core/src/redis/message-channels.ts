import { StoreUnavailableError } from '../errors.ts'
import { createDeadlines } from './deadlines.ts'
import type { LinkClient } from './link-client.ts'
import type { LinkPlan } from './link-connection.ts'
import { createMessageChannel, type MessageChannel } from './message-channel.ts'
import { reasonOf, safeCause } from './redis-errors.ts'

/** A link that was silent for this long is lost. It is asked four times in that time. */
const silenceMs = 4000
/** The most channels in one UNSUBSCRIBE. */
const batchSize = 1000

/** All channels of a store, on whatever connection carries them. */
export interface MessageChannels {
  /** What the link is to do: each connection asks for every channel. */
  readonly plan: LinkPlan
  /** The channel, asked for if it is not. */
  open(name: string): MessageChannel
  /** Why there is no connection, for who waits for one. */
  blame(error: unknown): void
  /**
   * Lets go of what nobody has listened to for `idleMs`, and asks again for what was refused.
   *
   * @returns whether channels are left
   */
  tend(idleMs: number): boolean
  /** Tells whoever waits, and forgets all. */
  end(error: Error): void
}

/** Makes an empty set of channels. */
export function createMessageChannels(readyWithinMs: number): MessageChannels {
  const channels = new Map<string, MessageChannel>()
  const deadlines = createDeadlines()
  let listener: LinkClient | undefined
  let lastError: unknown

  const ask = (link: LinkClient, name: string, channel: MessageChannel): Promise<void> =>
    askFor(channel, link.subscribe(name), () => link === listener)
  const askAll = async (): Promise<void> => {
    if (listener === undefined) return
    const link = listener
    const down = [...channels].filter(([, { state }]) => state === 'down')
    await Promise.all(down.map(([name, channel]) => ask(link, name, channel)))
  }
  const onDoubt = (reason?: unknown): void => {
    listener = undefined
    lastError = reason ?? lastError
    for (const channel of channels.values()) channel.state = 'down'
  }
  const arm = async (link: LinkClient): Promise<void> => {
    listener = link
    lastError = undefined
    await askAll()
  }
  const create = (name: string): MessageChannel => {
    const onExpired = (): Error => unavailable(lastError)
    const channel = createMessageChannel({ deadlines, ms: readyWithinMs, onExpired })
    channels.set(name, channel)
    return channel
  }

  return {
    plan: {
      silenceMs,
      arm,
      onMessage: (name, payload) => channels.get(name)?.tell(String(payload)),
      onDoubt,
    },
    open(name) {
      const channel = channels.get(name) ?? create(name)
      if (listener !== undefined && channel.state === 'down') void ask(listener, name, channel)
      return channel
    },
    blame: (error) => void (lastError = error),
    tend(idleMs) {
      const names = dropIdle(channels, performance.now() - idleMs)
      for (let at = 0; at < names.length; at += batchSize) {
        listener?.unsubscribe(...names.slice(at, at + batchSize)).catch(() => undefined)
      }
      void askAll()
      return channels.size > 0
    },
    end(error) {
      for (const channel of channels.values()) channel.end(error)
      channels.clear()
    },
  }
}

/** @param isCurrent false when the connection that was asked is no more the one that counts */
async function askFor(
  channel: MessageChannel,
  confirmed: Promise<unknown>,
  isCurrent: () => boolean,
): Promise<void> {
  channel.state = 'asked'
  try {
    await confirmed
    if (isCurrent()) channel.arrive()
  } catch (error) {
    if (!isCurrent()) return
    channel.state = 'down'
    // Of a broken connection the link hears by itself.
    if (reasonOf(error) !== 'disconnected') channel.fail(unavailable(error))
  }
}

function dropIdle(channels: Map<string, MessageChannel>, sinceMs: number): readonly string[] {
  const idle = [...channels].filter(
    ([, channel]) => (channel.idleAtMs() ?? Number.POSITIVE_INFINITY) <= sinceMs,
  )
  for (const [name] of idle) channels.delete(name)
  return idle.map(([name]) => name)
}

function unavailable(cause: unknown): StoreUnavailableError {
  const reason = cause === undefined ? 'timeout' : (reasonOf(cause) ?? 'not-serving')
  const safe = safeCause(cause)
  const why = safe instanceof Error ? `: ${safe.message}` : '.'
  return new StoreUnavailableError(reason, `subscribe: messages do not arrive yet${why}`, {
    cause: safe,
    mayHaveApplied: false,
  })
}
