const waiting: (() => void)[] = []

/**
 * Calls back when everything that this turn of the event loop brought has been looked at: all sockets that had something
 * to read, and all promises that settled by it. What they want of Redis can then be sent together. While one request comes
 * at a time that is at once.
 *
 * @param action must not throw. What it adds is called too, after all that waited before.
 */
export function atTurnEnd(action: () => void): void {
  if (waiting.length === 0) setImmediate(endTurn)
  waiting.push(action)
}

/** Calls all that wait for the end of the turn now: what has come together is worth a write of its own. */
export function endTurn(): void {
  for (const action of waiting) action()
  waiting.length = 0
}
