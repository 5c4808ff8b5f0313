import { defineOperation, lua, type Operation } from '../../operation.ts'

/** What `tell` is given. */
export interface Told {
  /** Where the operation runs: it publishes and leaves the key alone. */
  readonly key: string
  readonly channel: string
  readonly messages: readonly string[]
}

/** Publishes, and touches no key: for the contract of messages. */
export const tell: Operation<Told, number> = defineOperation({
  name: 'contract.tell',
  keys: ({ key }) => [key],
  argv: ({ channel, messages }) => [channel, ...messages],
  lua: lua`
    -- KEYS[1] any key   ARGV[1] channel   ARGV[2…] messages   replies how many there were
    for at = 2, #ARGV do redis.call('PUBLISH', ARGV[1], ARGV[at]) end
    return #ARGV - 1`,
  memory(view, _keys, [channel, ...messages]) {
    for (const message of messages) view.publish(channel, message)
    return messages.length
  },
  reply: (count) => count,
})
