import { createHash } from 'node:crypto'
import type { StateName } from './key-name.ts'
import { createLargest } from './largest.ts'
import { textsOf, type FoundKey, type Question } from './question.ts'

/** How many sessions a user has. */
export interface UserReport {
  /** The first 12 hex digits of the SHA-256 of the user's id, behind the namespaces of the sessions if there are any. */
  readonly user: string
  readonly sessions: number
}

/** What the session store keeps. */
export interface SessionsReport {
  /** Sessions that can be used, those of other middlewares not included. */
  readonly live: number
  readonly signedIn: number
  readonly anonymous: number
  /** Past a deadline, and not removed yet. */
  readonly ended: number
  /** How many users are signed in. */
  readonly users: number
  /** True when there are more users than were told apart. */
  readonly usersAtLeast: boolean
  /** Those with the most sessions. */
  readonly perUser: readonly UserReport[]
  /** Sessions that are kept for `express-session`, `koa-session` and the like, by the prefix of their store. */
  readonly middleware: readonly { readonly name: string; readonly sessions: number }[]
}

/** Reads the area `session`. */
export interface SessionsArea {
  ask(found: FoundKey<StateName>): Question | undefined
  report(): SessionsReport
}

const mostShown = 5
/** How many users are told apart: about 20 MB. */
const mostUsers = 100_000
const mostMiddlewares = 100

// As `times.ts` of the session store writes them: created, idle, absolute, seen, rotated and signed in.
const timesForm = /^(\d+) (\d+) (\d+) (-?\d+) (-?\d+) (?:-?\d+|-)$/

/** Makes a reader that has seen nothing. */
export function createSessionsArea(): SessionsArea {
  const users = new Map<string, number>()
  const middleware = new Map<string, number>()
  let [signedIn, anonymous, ended, usersAtLeast] = [0, 0, 0, false]

  const countUser = (user: string): void => {
    const count = users.get(user)
    if (count !== undefined || users.size < mostUsers) users.set(user, (count ?? 0) + 1)
    else usersAtLeast = true
  }
  const ask = (found: FoundKey<StateName>): Question => ({
    commands: [['hmget', found.key, 'secret', 'user', 'times']],
    take([record]) {
      const [secret, user, times] = textsOf(record)
      if (secret === undefined) return
      if (!isLive(times ?? '', found.nowMs)) ended++
      else if (user === undefined) anonymous++
      else {
        signedIn++
        countUser(found.name.levels + pseudonymOf(user))
      }
    },
  })
  return {
    ask(found) {
      const { ending } = found.name
      if (ending === '') return ask(found)
      const name = /^:([^:]+)$/.exec(ending)?.[1]
      if (name === undefined || found.type !== 'hash') return undefined
      const count = middleware.get(name)
      if (count !== undefined || middleware.size < mostMiddlewares) {
        middleware.set(name, (count ?? 0) + 1)
      }
      return undefined
    },
    report: () => ({
      live: signedIn + anonymous,
      signedIn,
      anonymous,
      ended,
      users: users.size,
      usersAtLeast,
      perUser: largestOf(users),
      middleware: [...middleware].map(([name, sessions]) => ({ name, sessions })),
    }),
  }
}

function largestOf(users: ReadonlyMap<string, number>): readonly UserReport[] {
  const largest = createLargest<UserReport>(mostShown, ({ sessions }) => sessions)
  for (const [user, sessions] of users) largest.add({ user, sessions })
  return largest.list()
}

function isLive(times: string, nowMs: number): boolean {
  const [, created, idle, absolute, seen] = timesForm.exec(times) ?? []
  if (created === undefined) return false
  const [begins, idleEnds] = [Number(created), Number(created) + Number(seen) + Number(idle)]
  return nowMs < idleEnds && nowMs < begins + Number(absolute)
}

/** Whoever knows an id finds it again; the terminal of an operator, or its history, does not name people. */
export function pseudonymOf(user: string): string {
  return createHash('sha256').update(user).digest('hex').slice(0, 12)
}
