import type { StoredLock } from './operations/inspect.ts'

/** A lease as the store saw it a moment ago. */
export interface LeaseInspection {
  /** `host:pid` of the holder's process. */
  readonly owner: string
  /** Ms until it ends unless it is renewed. */
  readonly remainingMs: number
  /** The fence that its holder was given. */
  readonly fence: number
  /** How many permits of a semaphore it has. Else 1, and a billion for the writer of a read-write lock: all there are. */
  readonly units: number
}

/** A lock as the store saw it a moment ago: for pages and logs, never for a decision. */
export interface LockInspection {
  /** True when at least one lease is live. */
  readonly held: boolean
  /** `host:pid` of the process that has held it the longest; `undefined` when nobody holds it. */
  readonly owner: string | undefined
  /** Ms until that lease ends unless it is renewed; 0 when nobody holds it. */
  readonly remainingMs: number
  /** The last fence given; `undefined` when the name was not used for as long as fences are remembered. */
  readonly fence: number | undefined
  /** All who hold it, in the order in which they got it. */
  readonly holders: readonly LeaseInspection[]
  /** How many stand in the line for it. */
  readonly waiting: number
}

/** What a caller is shown of a lock. A token begins with its owner, and a host name holds no '/'. */
export function inspectionOf({ leases, waiting, fence }: StoredLock): LockInspection {
  const holders = leases.map(({ token, ...lease }) => ({
    owner: token.split('/', 1)[0] ?? '',
    ...lease,
  }))
  const [first] = holders
  return {
    held: first !== undefined,
    owner: first?.owner,
    remainingMs: first?.remainingMs ?? 0,
    fence,
    holders,
    waiting,
  }
}
