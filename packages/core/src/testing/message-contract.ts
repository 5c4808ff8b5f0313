import assert from 'node:assert/strict'
import { StoreClosedError, StoreUnavailableError } from '../errors.ts'
import type { ChannelListener, Store, Subscription } from '../store.ts'
import type { PortCase } from './contract-subject.ts'
import { tell } from './operations/tell.ts'

/** Who listens, and what was heard. */
interface Ear {
  readonly heard: readonly string[]
  readonly subscription: Subscription
  /** Resolves when so many messages were heard; rejects after five seconds without them. */
  until(count: number): Promise<void>
}

async function listen(store: Store, channel: string): Promise<Ear> {
  const heard: string[] = []
  let check = (): void => undefined
  const listener: ChannelListener = {
    onMessage(message) {
      heard.push(message)
      check()
    },
    onGap: () => undefined,
  }
  const subscription = store.subscribe(channel, listener)
  await subscription.ready
  const until = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = new Error(`heard ${heard.length} of ${count} messages`)
      const timer = setTimeout(() => reject(late), 5000)
      check = () => {
        if (heard.length < count) return
        clearTimeout(timer)
        resolve()
      }
      check()
    })
  return { heard, subscription, until }
}

/** What every store promises of messages. */
export const messageCases: readonly PortCase[] = [
  [
    'a message reaches every subscriber of its channel, and those of no other',
    async ({ store, key }) => {
      const [one, other] = [key('channel:1'), key('channel:2')]
      const ears = [await listen(store, one), await listen(store, one), await listen(store, other)]
      const publish = (channel: string, ...messages: string[]): Promise<number> =>
        store.run(tell, { key: key('any'), channel, messages })
      await publish(key('channel:3'), 'for nobody')
      await publish(one, 'for two')
      await publish(other, 'for one')
      await Promise.all(ears.map((ear) => ear.until(1)))
      assert.deepEqual(
        ears.map(({ heard }) => heard),
        [['for two'], ['for two'], ['for one']],
      )
    },
  ],
  [
    'messages of a channel come in order, text of any kind on channels of any name',
    async ({ store, key }) => {
      const texts = ['', 'plain', 'ünïcödé \u0000 \u{1f30a}', '\r\n', 'x'.repeat(100_000)]
      for (const channel of [key('a*'), key('[a]?'), key('{ünï} \u{1f30a}\n')]) {
        const ear = await listen(store, channel)
        for (const at of [0, 1]) {
          const messages = [...texts, String(at)]
          await store.run(tell, { key: key('any'), channel, messages })
        }
        await ear.until(2 * texts.length + 2)
        assert.deepEqual(ear.heard, [...texts, '0', ...texts, '1'])
      }
    },
  ],
  [
    'a subscription that was closed hears nothing, and the others of its channel go on',
    async ({ store, key }) => {
      const channel = key('channel')
      const [left, stayed] = [await listen(store, channel), await listen(store, channel)]
      left.subscription.close()
      left.subscription.close()
      await store.run(tell, { key: key('any'), channel, messages: ['1'] })
      await stayed.until(1)
      stayed.subscription.close()
      const back = await listen(store, channel)
      await store.run(tell, { key: key('any'), channel, messages: ['2'] })
      await back.until(1)
      assert.deepEqual([left.heard, stayed.heard, back.heard], [[], ['1'], ['2']])
    },
  ],
  [
    'a listener may close another, which then hears nothing of that message',
    async ({ store, key }) => {
      const channel = key('channel')
      const others: Subscription[] = []
      const closing = store.subscribe(channel, {
        onMessage: () => others.forEach((other) => other.close()),
        onGap: () => undefined,
      })
      await closing.ready
      const [closed, stayed] = [await listen(store, channel), await listen(store, channel)]
      others.push(closed.subscription)
      await store.run(tell, { key: key('any'), channel, messages: ['1'] })
      await stayed.until(1)
      assert.deepEqual(closed.heard, [])
    },
  ],
  [
    'a subscription that is closed before it is ready settles all the same',
    async ({ store, key }) => {
      const silent = { onMessage: () => undefined, onGap: () => undefined }
      const { ready, close } = store.subscribe(key('brief'), silent)
      close()
      const error = await ready.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.ok(error === undefined || error instanceof StoreUnavailableError)
    },
  ],
  [
    'a closed store refuses to subscribe',
    async ({ store, key }) => {
      const ear = await listen(store, key('channel'))
      await store.close()
      const silent = { onMessage: () => undefined, onGap: () => undefined }
      const late = store.subscribe(key('channel'), silent)
      await assert.rejects(late.ready, StoreClosedError)
      late.close()
      ear.subscription.close()
    },
  ],
]
