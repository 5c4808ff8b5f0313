import type { Connection } from './connection.ts'

/** Gives one connection after the other, those that are ready before those that are not. */
export function turns(connections: readonly [Connection, ...Connection[]]): () => Connection {
  const [first, ...others] = connections
  if (others.length === 0) return () => first
  let turn = 0
  let begun = false
  return () => {
    // All connect on the first call, or the load would stay on the first of them.
    if (!begun) for (const { ready } of connections) ready()?.catch(() => undefined)
    begun = true
    turn = (turn + 1) % connections.length
    const inTurn = [...connections.slice(turn), ...connections.slice(0, turn)]
    return (
      inTurn.find(({ state }) => state() === 'ready') ??
      inTurn.find(({ state }) => state() === 'new') ??
      first
    )
  }
}
