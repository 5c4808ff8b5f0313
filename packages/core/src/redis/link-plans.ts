import type { WatchOptions } from '../near-source.ts'
import type { Call } from './caller.ts'
import type { RedisClient } from './client.ts'
import type { LinkPlan } from './link-connection.ts'

const trackingChannel = '__redis__:invalidate'

/**
 * Redis tells: server-assisted client-side caching in broadcasting mode, redirected to the connection itself. RESP2
 * delivers it as messages of a channel that is none, each with a list of keys, or nil when a database was flushed.
 */
export function trackingPlan(client: RedisClient, options: WatchOptions): LinkPlan {
  const keyPrefix = client.options.keyPrefix ?? ''
  return {
    silenceMs: options.silenceMs,
    onDoubt: options.onDoubt,
    async arm(link) {
      const id = Number(await link.call('CLIENT', 'ID'))
      const prefix = keyPrefix + options.base
      await Promise.all([
        link.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', prefix),
        link.subscribe(trackingChannel),
      ])
    },
    onMessage(_channel, payload) {
      if (!Array.isArray(payload)) return options.onDoubt()
      options.onWrite(payload.map((key: unknown) => String(key).slice(keyPrefix.length)))
    },
  }
}

/** Near stores tell each other, on a channel of the prefix. */
export function pubsubPlan(client: RedisClient, options: WatchOptions): LinkPlan {
  const channel = channelOf(client.options.keyPrefix ?? '', options.base)
  return {
    silenceMs: options.silenceMs,
    onDoubt: options.onDoubt,
    arm: async (link) => void (await link.subscribe(channel)),
    onMessage(_channel, payload) {
      const keys = parseKeys(String(payload))
      if (keys === undefined) options.onDoubt()
      else options.onWrite(keys)
    },
  }
}

/** The most keys in one message. */
const batchSize = 512

/** Tells what `pubsubPlan` reads. On a Cluster the message reaches every node. */
export async function tellKeys(
  call: Call,
  keyPrefix: string,
  base: string,
  keys: readonly string[],
): Promise<void> {
  const channel = channelOf(keyPrefix, base)
  for (let at = 0; at < keys.length; at += batchSize) {
    const message = JSON.stringify(keys.slice(at, at + batchSize))
    await call('tell', (client) => client.call('PUBLISH', channel, message))
  }
}

function channelOf(keyPrefix: string, base: string): string {
  return `sluice:near:${keyPrefix}${base}`
}

/** What cannot be read may have named any key. */
function parseKeys(text: string): readonly string[] | undefined {
  try {
    const keys: unknown = JSON.parse(text)
    return Array.isArray(keys) ? keys.map(String) : undefined
  } catch {
    return undefined
  }
}
