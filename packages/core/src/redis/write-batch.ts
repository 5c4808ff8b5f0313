import type { RedisClient } from './client.ts'
import { atTurnEnd } from './turn-end.ts'

/**
 * Makes what is called before a command is sent, so that all commands of one turn of the event loop leave in one write a
 * connection: a write to a socket costs more than the command in it. Replies and errors stay those of each command, unlike
 * in a pipeline.
 */
export function createWriteBatch(client: RedisClient): () => void {
  let held: readonly RedisClient['stream'][] | undefined
  const release = (): void => {
    for (const stream of held ?? []) stream?.uncork()
    held = undefined
  }
  return () => {
    if (held !== undefined) return
    held = client.nodes?.('master').map(({ stream }) => stream) ?? [client.stream]
    for (const stream of held) stream?.cork()
    atTurnEnd(release)
  }
}
