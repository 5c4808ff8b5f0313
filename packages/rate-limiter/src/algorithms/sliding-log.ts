import { lua } from '@sluice/core/extend'
import { never, type Algorithm, type Charge, type Question } from './algorithm.ts'

/**
 * The sliding log: what was taken, and when. An entry counts for one window, and a cost c fits when the units that count
 * and c are at most L.
 *
 * Bounds: a trailing window admits exactly L, never more, and nothing is refused that a trailing window has room for: no
 * other algorithm is exact. In return it keeps an entry each time that something is taken, so L is at most 1000. Refused
 * costs are not logged.
 *
 * A clock that moved back leaves entries of a time that has not come: they count as taken now, so a step back neither
 * forgets them nor locks a client out for longer than a window.
 *
 * Units are given back only to the entries of the very ms in which they were taken; when that is now, or not known, to the
 * newest.
 *
 * State: `'<units in all> <ms of the newest> '`, then the entries, oldest first: `'<ms since the one before> <units>'` each,
 * the first since 1970. So a question reads the entries that it drops, those that it waits for, and no others; what is
 * taken is written at the end, and what is given back is looked for from there: the cost hardly grows with the log.
 */
export const slidingLog: Algorithm = {
  code: 'l',
  mostUnits: 1000,
  lua: lua`
    local entry = '^(%d+) ()(%d+) ?'

    local function empty() return { sum = 0, last = 0, text = '' } end

    local function add(log, at, units)
      if units == 0 then return end
      if log.text ~= '' then log.text = log.text .. ' ' end
      log.text = log.text .. string.format('%.0f %.0f', at - log.last, units)
      log.sum, log.last = log.sum + units, at
    end

    local function space_before(text, at)
      while at > 0 and string.byte(text, at) ~= 32 do at = at - 1 end
      return at
    end

    local function cut(log, from, most)
      local entries, text, at, sum, stop = {}, log.text, log.last, log.sum, #log.text
      while stop > 0 and at >= from and most > 0 do
        local before = space_before(text, space_before(text, stop) - 1)
        local _, last, ms, units = string.find(text, '^(%d+) (%d+)', before + 1)
        if last ~= stop then return empty(), {} end
        entries[#entries + 1] = { at = at, units = tonumber(units) }
        at, sum, most, stop = at - tonumber(ms), sum - units, most - units, math.max(0, before - 1)
      end
      return { sum = sum, last = at, text = string.sub(text, 1, stop) }, entries
    end

    local function set_back(log, now)
      local rest, entries = cut(log, now + 1, math.huge)
      for i = #entries, 1, -1 do add(rest, now, entries[i].units) end
      return rest
    end

    local function without_old(log, now, window)
      if now - log.last >= window then return empty() end
      local from, at = 1, 0
      while true do
        local _, stop, ms, rest, units = string.find(log.text, entry, from)
        if not stop then return empty() end
        at = at + tonumber(ms)
        if now - at < window then
          if log.sum < 1 or log.last < at then return empty() end
          return { sum = log.sum, last = log.last, text = string.format('%.0f ', at) .. string.sub(log.text, rest) }
        end
        log.sum, from = log.sum - tonumber(units), stop + 1
      end
    end

    local function log_at(state, now, window)
      local _, stop, sum, last = string.find(state or '', '^(%d+) (%d+) ')
      if not stop then return empty() end
      local log = { sum = tonumber(sum), last = tonumber(last), text = string.sub(state, stop + 1) }
      if log.last > now then log = set_back(log, now) end
      return without_old(log, now, window)
    end

    local function text_of(log)
      if log.sum == 0 then return nil end
      return string.format('%.0f %.0f ', log.sum, log.last) .. log.text
    end

    local function wait_for(cost, log, now, policy)
      if cost > policy.limit then return ${String(never)} end
      local over = log.sum + cost - policy.limit
      if cost == 0 or over <= 0 then return 0 end
      local from, at = 1, 0
      while over > 0 do
        local _, stop, ms, _, units = string.find(log.text, entry, from)
        if not stop then return log.last + policy.window - now end
        over, at, from = over - tonumber(units), at + tonumber(ms), stop + 1
      end
      return at + policy.window - now
    end

    local function ask(state, now, policy, cost)
      local log = log_at(state, now, policy.window)
      local wait = wait_for(cost, log, now, policy)
      if wait == 0 then add(log, now, cost) end
      return wait, text_of(log), log.last + policy.window - now
    end

    local function left(state, now, policy)
      return math.max(0, policy.limit - log_at(state, now, policy.window).sum)
    end

    local function give_back(log, now, units, taken_at)
      local from, most = taken_at, math.huge
      if taken_at == now then from, most = 0, units end
      local rest, entries = cut(log, from, most)
      for _, one in ipairs(entries) do
        if taken_at == now or taken_at == one.at then
          local given = math.min(units, one.units)
          one.units, units = one.units - given, units - given
        end
      end
      for i = #entries, 1, -1 do add(rest, entries[i].at, entries[i].units) end
      return rest
    end

    local function charge(state, now, policy, units, taken_at)
      local log = log_at(state, now, policy.window)
      if units > 0 then add(log, now, math.min(units, math.max(0, policy.limit - log.sum)))
      else log = give_back(log, now, -units, taken_at) end
      return text_of(log) or false
    end

    return ask, left, charge`,
  ask(state, question) {
    const { nowMs, limit, windowMs, cost } = question
    const before = logAt(state, question)
    const waitMs = waitFor(cost, before, question)
    const log = waitMs === 0 ? added(before, nowMs, cost) : before

    const remaining = Math.max(0, limit - log.sum)
    return {
      waitMs,
      remaining,
      refillMs: log.sum > 0 ? waitFor(remaining + 1, log, question) : 0,
      resetMs: log.sum > 0 ? log.lastMs + windowMs - nowMs : 0,
      next: textOf(log),
    }
  },
  charge(state, change) {
    const { nowMs, limit, units } = change
    const log = logAt(state, change)
    if (units <= 0) return textOf(givenBack(log, change))
    return textOf(added(log, nowMs, Math.min(units, Math.max(0, limit - log.sum))))
  },
}

/** The policy, and the time. */
type Moment = Omit<Question, 'cost'>

interface Log {
  /** Units in all. */
  readonly sum: number
  /** Of the newest entry. */
  readonly lastMs: number
  /** The entries as they are kept. */
  readonly text: string
}

/** What was taken in one go. */
interface Entry {
  readonly atMs: number
  readonly units: number
}

const empty: Log = { sum: 0, lastMs: 0, text: '' }

/** What counts of the log. */
function logAt(state: string | null, { nowMs, windowMs }: Moment): Log {
  const [head, sum = 0, lastMs = 0] = /^(\d+) (\d+) /.exec(state ?? '') ?? []
  if (state === null || head === undefined) return empty
  const log = { sum: Number(sum), lastMs: Number(lastMs), text: state.slice(head.length) }
  return withoutOld(log.lastMs > nowMs ? setBack(log, nowMs) : log, nowMs, windowMs)
}

/** A log whose newest entries are of a time that has not come. */
function setBack(log: Log, nowMs: number): Log {
  const { rest, entries } = cut(log, nowMs + 1, Infinity)
  return entries.reduceRight((all, { units }) => added(all, nowMs, units), rest)
}

function withoutOld({ sum, lastMs, text }: Log, nowMs: number, windowMs: number): Log {
  if (nowMs - lastMs >= windowMs) return empty
  let counted = sum
  for (const { atMs, units, rest } of walk(text)) {
    if (nowMs - atMs < windowMs) {
      if (counted < 1 || lastMs < atMs) return empty
      return { sum: counted, lastMs, text: `${atMs} ${text.slice(rest)}` }
    }
    counted -= units
  }
  return empty
}

/** Ms until the cost fits if nothing else is taken meanwhile. */
function waitFor(cost: number, log: Log, { nowMs, limit, windowMs }: Moment): number {
  if (cost > limit) return never
  let over = log.sum + cost - limit
  if (cost === 0 || over <= 0) return 0
  for (const { atMs, units } of walk(log.text)) {
    over -= units
    if (over <= 0) return atMs + windowMs - nowMs
  }
  return log.lastMs + windowMs - nowMs
}

function added({ sum, lastMs, text }: Log, atMs: number, units: number): Log {
  if (units === 0) return { sum, lastMs, text }
  const entry = `${atMs - lastMs} ${units}`
  return { sum: sum + units, lastMs: atMs, text: text === '' ? entry : `${text} ${entry}` }
}

function givenBack(log: Log, { nowMs, units, takenAtMs }: Charge): Log {
  const anyEntry = takenAtMs === nowMs
  const { rest, entries } = anyEntry ? cut(log, 0, -units) : cut(log, takenAtMs, Infinity)
  let due = -units
  const left = entries.map(({ atMs, units: taken }) => {
    const given = anyEntry || atMs === takenAtMs ? Math.min(due, taken) : 0
    due -= given
    return { atMs, units: taken - given }
  })
  return left.reduceRight((all, entry) => added(all, entry.atMs, entry.units), rest)
}

/** Takes entries off the end, as far back as `fromMs` or until they are `most` units: the newest first. */
function cut(log: Log, fromMs: number, most: number): { rest: Log; entries: readonly Entry[] } {
  const entries: Entry[] = []
  const { text } = log
  let { sum, lastMs } = log
  let [stop, due] = [text.length, most]
  while (stop > 0 && lastMs >= fromMs && due > 0) {
    const start = spaceBefore(text, spaceBefore(text, stop)) + 1
    const [, ms, count] = /^(\d+) (\d+)$/.exec(text.slice(start, stop)) ?? []
    if (ms === undefined) return { rest: empty, entries: [] }
    const units = Number(count)
    entries.push({ atMs: lastMs, units })
    lastMs -= Number(ms)
    sum -= units
    due -= units
    stop = Math.max(0, start - 1)
  }
  return { rest: { sum, lastMs, text: text.slice(0, stop) }, entries }
}

/** Where the last space before an index is; -1 without any. */
function spaceBefore(text: string, index: number): number {
  return index <= 0 ? -1 : text.lastIndexOf(' ', index - 1)
}

/** The entries, oldest first, as far as they can be read; `rest` is where the units of one stand. */
function* walk(text: string): Generator<Entry & { rest: number }> {
  const form = /(\d+) (\d+) ?/y
  let atMs = 0
  for (let found = form.exec(text); found !== null; found = form.exec(text)) {
    const [, ms = '', units = ''] = found
    atMs += Number(ms)
    yield { atMs, units: Number(units), rest: found.index + ms.length + 1 }
  }
}

function textOf({ sum, lastMs, text }: Log): string | null {
  return sum === 0 ? null : `${sum} ${lastMs} ${text}`
}
