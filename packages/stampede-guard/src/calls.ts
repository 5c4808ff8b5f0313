import { onAbort } from '@sluice/core/extend'
import { copiesOf, type Copies } from './copies.ts'

/** What a call found: a value that nobody else has, or copies of one that others may have too. */
export type Found = { readonly value: unknown } | { readonly copies: Copies }

/** Who waits for a call. */
export interface Crowd {
  /** Who ever joined. */
  count: number
  /** Who has gone before the end. */
  gone: number
  /** Called when the last one has gone. */
  onEmpty: (() => void) | undefined
}

/** One reading of a key, and its load on a miss, which all who ask meanwhile share. */
export interface Call {
  readonly crowd: Crowd
  readonly copies: Promise<Copies>
}

/** Joins a call, or makes it. A caller whose signal aborts goes, and the call goes on for the others. */
export async function shareCall(
  calls: Map<string, Call>,
  id: string,
  find: (crowd: Crowd) => Promise<Found>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  signal?.throwIfAborted()
  let call = calls.get(id)
  if (call === undefined) {
    const crowd: Crowd = { count: 0, gone: 0, onEmpty: undefined }
    call = { crowd, copies: land(calls, id, crowd, find) }
    calls.set(id, call)
  }
  call.crowd.count++
  const copies = await (signal === undefined ? call.copies : untilAborted(calls, id, call, signal))
  return copies()
}

/** Ends the call in the same step in which its callers are counted: nobody joins in between. */
async function land(
  calls: Map<string, Call>,
  id: string,
  crowd: Crowd,
  find: (crowd: Crowd) => Promise<Found>,
): Promise<Copies> {
  try {
    const found = await find(crowd)
    if ('copies' in found) return found.copies
    return crowd.count === 1 ? () => found.value : copiesOf(found.value)
  } finally {
    if (calls.get(id)?.crowd === crowd) calls.delete(id)
  }
}

/** The outcome of the call, or the signal's reason as soon as it aborts. */
function untilAborted(
  calls: Map<string, Call>,
  id: string,
  { crowd, copies }: Call,
  signal: AbortSignal,
): Promise<Copies> {
  return new Promise((resolve, reject) => {
    const leave = onAbort(signal, () => {
      reject(signal.reason)
      crowd.gone++
      if (crowd.gone < crowd.count) return
      // Nobody is left: whoever comes now asks anew.
      if (calls.get(id)?.crowd === crowd) calls.delete(id)
      crowd.onEmpty?.()
    })
    copies.then(resolve, reject).finally(leave)
  })
}
