const repeatMs = 10_000

/** Prints failures, each at most once in ten seconds: a Redis that is away is noticed many times a second. */
export function createWarnings(): (error: Error) => void {
  const saidAtMs = new Map<string, number>()
  return ({ message }) => {
    const nowMs = performance.now()
    if (nowMs - (saidAtMs.get(message) ?? Number.NEGATIVE_INFINITY) < repeatMs) return
    // Messages may hold ids: those of long ago are forgotten.
    for (const [text, atMs] of saidAtMs) if (nowMs - atMs >= repeatMs) saidAtMs.delete(text)
    saidAtMs.set(message, nowMs)
    console.error(message)
  }
}
