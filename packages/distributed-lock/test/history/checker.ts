import type { HistoryEvent } from './events.ts'

/** One hold of a lock, from the grant to the moment at which its holder knew at the latest that it was over. */
export interface Hold {
  readonly hold: string
  readonly worker: string
  readonly lock: string
  readonly fence: number
  readonly fromMs: number
  /** The first of: its release was called, it was told as lost, its local deadline. */
  readonly untilMs: number
}

/** What a history breaks; each line names the two events that cannot both be. */
export interface Verdict {
  /** Two were valid at the same time. */
  readonly overlaps: readonly string[]
  /** A later grant has a fence that is not above that of an earlier one. */
  readonly fences: readonly string[]
  /** The register took a write after it had taken one with a higher fence. */
  readonly staleWrites: readonly string[]
}

/** Judges what the locks of a history did. */
export function judge(history: readonly HistoryEvent[]): Verdict {
  const holds = holdsOf(history)
  return {
    overlaps: ofEachLock(holds, overlapsOf),
    fences: ofEachLock(holds, disorderOf),
    staleWrites: staleWritesOf(history),
  }
}

/** The holds of a history in the order of their grants. */
export function holdsOf(history: readonly HistoryEvent[]): readonly Hold[] {
  const holds = new Map<string, Hold & { readonly deadlineMs: number; readonly endMs: number }>()
  for (const event of history) {
    const { hold, worker, lock, atMs } = event
    const before = holds.get(hold)
    if (event.type === 'ok') {
      const { fence, deadlineMs } = event
      const held = { hold, worker, lock, fence, fromMs: atMs, deadlineMs, endMs: Infinity }
      holds.set(hold, { ...held, untilMs: deadlineMs })
    } else if (before !== undefined) {
      const deadlineMs =
        event.type === 'kept' ? Math.max(before.deadlineMs, event.deadlineMs) : before.deadlineMs
      const isEnd = event.type === 'lost' || event.type === 'release-called'
      const endMs = isEnd ? Math.min(before.endMs, atMs) : before.endMs
      holds.set(hold, { ...before, deadlineMs, endMs, untilMs: Math.min(deadlineMs, endMs) })
    }
  }
  return [...holds.values()].toSorted((a, b) => a.fromMs - b.fromMs)
}

/** The marks that workers have put into the list and that are not in it any more. */
export function lostMarks(
  history: readonly HistoryEvent[],
  list: readonly string[],
): readonly string[] {
  const kept = new Set(list)
  return history.flatMap((event) =>
    event.type === 'appended' && !kept.has(event.mark) ? [event.mark] : [],
  )
}

function ofEachLock(
  holds: readonly Hold[],
  check: (holds: readonly Hold[]) => readonly string[],
): readonly string[] {
  const locks = new Set(holds.map(({ lock }) => lock))
  return [...locks].flatMap((lock) => check(holds.filter((hold) => hold.lock === lock)))
}

/** Sorted by their start: who is not over when the next begins overlaps with it, and with those that follow. */
function overlapsOf(holds: readonly Hold[]): readonly string[] {
  const open: Hold[] = []
  return holds.flatMap((hold) => {
    if (hold.untilMs <= hold.fromMs) return []
    const others = open.filter(({ untilMs }) => untilMs > hold.fromMs)
    open.splice(0, open.length, ...others, hold)
    return others.map((other) => `${show(other)} was not over at ${show(hold)}`)
  })
}

function disorderOf(holds: readonly Hold[]): readonly string[] {
  const seen = new Set<number>()
  let highest: Hold | undefined
  return holds.flatMap((hold) => {
    const isNew = !seen.has(hold.fence)
    seen.add(hold.fence)
    if (!isNew) return [`fence ${hold.fence} was given twice: ${show(hold)}`]
    // The reply came too late to be of use: where its grant stands among the others nobody can tell.
    if (hold.untilMs <= hold.fromMs) return []
    const before = highest
    if (before === undefined || hold.fence > before.fence) highest = hold
    return before !== undefined && hold.fence <= before.fence
      ? [`${show(hold)} came after ${show(before)}`]
      : []
  })
}

/** A write takes effect between its call and its reply: only those that lie wholly apart have an order. */
function staleWritesOf(history: readonly HistoryEvent[]): readonly string[] {
  const accepted = history.flatMap((event) =>
    event.type === 'written' && event.accepted ? [event] : [],
  )
  return accepted.flatMap((late) => {
    const higher = accepted.find(
      (early) => early.lock === late.lock && early.atMs < late.calledMs && early.fence > late.fence,
    )
    return higher === undefined
      ? []
      : [`${late.hold} wrote with fence ${late.fence} after ${higher.hold} with ${higher.fence}`]
  })
}

function show({ hold, fence, fromMs, untilMs }: Hold): string {
  return `${hold} (fence ${fence}, ${fromMs.toFixed(2)} to ${untilMs.toFixed(2)})`
}
