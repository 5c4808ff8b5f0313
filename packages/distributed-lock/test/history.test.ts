import { describe, expect, it } from 'vitest'
import { holdsOf, judge, lostMarks } from './history/checker.ts'
import type { HistoryEvent } from './history/events.ts'

const clean = { overlaps: [], fences: [], staleWrites: [] }

/** The events of one hold of the lock 'a', whose deadline is at 100. */
function hold(id: string, fence: number, fromMs: number, rest: readonly Rest[] = []) {
  const where = { worker: id, hold: id, lock: 'a' }
  const events: HistoryEvent[] = [
    { ...where, atMs: fromMs, type: 'ok', fence, deadlineMs: 100 },
    ...rest.map((event) => ({ ...where, ...event })),
  ]
  return events
}

type Rest = { readonly atMs: number } & (
  | { readonly type: 'kept'; readonly deadlineMs: number }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'release-called' }
  | Written
)
interface Written {
  readonly type: 'written'
  readonly fence: number
  readonly accepted: boolean
  readonly calledMs: number
}

function write(fence: number, calledMs: number, atMs: number, accepted = true): Rest {
  return { type: 'written', fence, accepted, calledMs, atMs }
}

describe('the checker of histories', () => {
  it('passes holds that follow each other, whoever ended them', () => {
    const history = [
      ...hold('released', 1, 10, [{ atMs: 20, type: 'release-called' }]),
      ...hold('lost', 2, 20, [{ atMs: 30, type: 'lost', reason: 'gone' }]),
      ...hold('out of time', 3, 40),
      ...hold('next', 4, 100, [{ atMs: 101, type: 'kept', deadlineMs: 300 }]),
    ]
    expect(judge(history)).toEqual(clean)
  })

  it('fails two that are valid at once, however short', () => {
    const history = [
      ...hold('one', 1, 10, [{ atMs: 20.5, type: 'release-called' }]),
      ...hold('two', 2, 20),
    ]
    expect(judge(history).overlaps).toHaveLength(1)
  })

  it('fails one that begins within another that began long before', () => {
    const history = [
      ...hold('long', 1, 10),
      ...hold('short', 2, 20, [{ atMs: 21, type: 'release-called' }]),
      ...hold('third', 3, 90),
    ]
    expect(judge(history).overlaps).toHaveLength(2)
  })

  it('believes a deadline that was moved, and no release after it', () => {
    const [held] = holdsOf(hold('one', 1, 10, [{ atMs: 50, type: 'kept', deadlineMs: 150 }]))
    expect(held?.untilMs).toBe(150)
    const [late] = holdsOf(hold('one', 1, 10, [{ atMs: 170, type: 'release-called' }]))
    expect(late?.untilMs).toBe(100)
  })

  it('fails a holder that knows no deadline and that another one follows', () => {
    const endless = hold('one', 1, 10, [{ atMs: 11, type: 'kept', deadlineMs: Infinity }])
    expect(judge(endless).overlaps).toEqual([])
    const next = hold('two', 2, 500, [{ atMs: 501, type: 'kept', deadlineMs: 600 }])
    expect(judge([...endless, ...next]).overlaps).toHaveLength(1)
  })

  it('lets two locks be held at once', () => {
    const other = hold('two', 1, 20).map((event) => ({ ...event, lock: 'b' }))
    expect(judge([...hold('one', 1, 10), ...other])).toEqual(clean)
  })

  it('fails a fence that falls, and one that is given twice', () => {
    const one = hold('one', 5, 10, [{ atMs: 20, type: 'release-called' }])
    expect(judge([...one, ...hold('two', 4, 30)]).fences).toHaveLength(1)
    expect(judge([...one, ...hold('two', 5, 30)]).fences).toHaveLength(1)
    expect(judge([...one, ...hold('two', 6, 30)]).fences).toEqual([])
  })

  it('fails a write that the register took after one with a higher fence', () => {
    const late = [
      ...hold('one', 1, 10, [write(1, 60, 61)]),
      ...hold('two', 2, 100, [write(2, 40, 50)]),
    ]
    expect(judge(late).staleWrites).toHaveLength(1)
  })

  it('passes a stale write that was refused, and one whose place among the others nobody knows', () => {
    const refused = [write(2, 40, 50), write(1, 60, 61, false)]
    expect(judge(hold('one', 1, 10, refused))).toEqual(clean)
    // Its reply came late: it may have been taken first.
    const unknown = [write(2, 40, 50), write(1, 45, 70)]
    expect(judge(hold('one', 1, 10, unknown))).toEqual(clean)
  })

  it('names the marks that the list has lost', () => {
    const appended = ['x', 'y'].map((mark): HistoryEvent => {
      return { atMs: 1, worker: 'w', hold: mark, lock: 'a', type: 'appended', mark }
    })
    expect(lostMarks(appended, ['y'])).toEqual(['x'])
    expect(lostMarks(appended, ['x', 'y'])).toEqual([])
  })
})
