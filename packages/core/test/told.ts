import type { Store } from '@sluice/core'
import {
  defineOperation,
  lua,
  type ChannelListener,
  type Operation,
  type Subscription,
} from '@sluice/core/extend'
import { waitUntil } from '@sluice/testkit'

/** What an ear hears besides messages. */
export const gap = Symbol('gap')

/** A listener that keeps what it is told. */
export interface Ear extends ChannelListener {
  readonly heard: (string | typeof gap)[]
}

export function createEar(): Ear {
  const heard: Ear['heard'] = []
  return {
    heard,
    onMessage: (message) => void heard.push(message),
    onGap: () => void heard.push(gap),
  }
}

/** An ear on a channel. */
export interface Listening extends Ear {
  readonly subscription: Subscription
}

export async function listening(store: Store, channel: string): Promise<Listening> {
  const ear = createEar()
  const subscription = store.subscribe(channel, ear)
  await subscription.ready
  return { ...ear, subscription }
}

/** Publishes as operations do. Touches no key. */
export const publish: Operation<{ channel: string; message: string }, null> = defineOperation({
  name: 'test.publish',
  keys: ({ channel }) => [channel],
  argv: ({ channel, message }) => [channel, message],
  lua: lua`
    -- KEYS[1] any key   ARGV[1] channel   ARGV[2] message   replies nil
    redis.call('PUBLISH', ARGV[1], ARGV[2])
    return false`,
  memory(view, _keys, [channel, message]) {
    view.publish(channel, message)
    return null
  },
  reply: (nothing) => nothing,
})

/** Publishes until it is heard; how long that took. What was lost meanwhile is lost. */
export async function heardAgain(store: Store, channel: string, ear: Ear): Promise<number> {
  const startedAtMs = performance.now()
  const message = `probe ${startedAtMs}`
  const isHeard = async (): Promise<boolean> => {
    await store.run(publish, { channel, message }).catch(() => undefined)
    return ear.heard.includes(message)
  }
  await waitUntil(isHeard, { what: 'messages to flow again', timeoutMs: 30_000 })
  return Math.round(performance.now() - startedAtMs)
}
