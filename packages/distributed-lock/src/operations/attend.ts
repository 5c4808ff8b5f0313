import { defineOperation, lua, type Operation } from '@sluice/core/extend'
import { lineLua, lockKeys, lockLua } from './line.ts'
import { prune, serve, stay, untilFirst, openLock } from './open-lock.ts'

/** The waiters of one client for one lock. */
export interface Attendance {
  readonly key: string
  readonly tokens: readonly string[]
  readonly retentionMs: number
}

/** What became of them. */
export interface Attended {
  /** True when one of them is served next. */
  readonly isNext: boolean
  /** Ms until a lease may end, unless it is renewed. */
  readonly remainingMs: number
  /** Those who still wait; the others have been served, or have lost their place. */
  readonly waiting: ReadonlySet<string>
}

/** Keeps the places of a client's waiters, serves who is next, and answers who still waits. */
export const attend: Operation<Attendance, Attended> = defineOperation({
  name: 'distributed-lock.attend',
  keys: ({ key }) => lockKeys(key),
  argv: ({ retentionMs, tokens }) => [retentionMs, ...tokens],
  lua: lua`
    -- KEYS[1] lock   KEYS[2] line
    -- ARGV[1] retention of the fence in ms   ARGV[2…] tokens
    -- replies { 1 when one of the tokens is next, ms until a lease may end, tokens that still wait… }
    ${lockLua}
    ${lineLua}
    prune()
    if not lined then return { 0, untilFirst() } end
    local tickets = redis.call('HMGET', line, unpack(ARGV, 2))
    for _, ticket in ipairs(tickets) do
      if ticket then stay(ticket) end
    end
    local head, reply = serve(), { 0, 0 }
    reply[2] = untilFirst()
    for at, ticket in ipairs(tickets) do
      local number = tonumber(ticket or 0)
      if number >= head then reply[#reply + 1] = ARGV[at + 1] end
      if number == head then reply[1] = 1 end
    end
    return reply`,
  memory: (view, keys, [retentionMs, ...tokens]) => {
    const [, line] = keys
    const open = openLock(view, keys, retentionMs)
    prune(open)
    if (!open.lined) return [0, untilFirst(open)]
    const tickets = tokens.map((token) => view.hGet(line, token))
    for (const ticket of tickets) if (ticket !== null) stay(open, ticket)
    const head = serve(open)
    return [
      tickets.some((ticket) => Number(ticket) === head) ? 1 : 0,
      untilFirst(open),
      ...tokens.filter((_, at) => Number(tickets[at]) >= head),
    ]
  },
  reply: ([isNext, remainingMs, ...waiting]): Attended => ({
    isNext: isNext === 1,
    remainingMs: Number(remainingMs),
    waiting: new Set(waiting.map(String)),
  }),
})
