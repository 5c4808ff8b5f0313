import type { Server } from './server.ts'
import { explain } from './explain.ts'
import { InspectError } from './inspect-error.ts'
import { keyNameOf, type KeyName } from './key-name.ts'
import { createPrefixSurvey, type PrefixReport, type PrefixSurvey } from './prefix-survey.ts'
import { textOf, wholeOf, type Command, type FoundKey, type Question } from './question.ts'

/** Which keys could not be looked at, and why. */
export interface MissedReport {
  /** Deleted or expired between SCAN and the look. */
  readonly vanished: number
  /** Moved to another node of the Cluster meanwhile. */
  readonly moved: number
  /** Commands that the user may not give, or not on these keys. */
  readonly denied: readonly string[]
}

/** What was found under all prefixes. */
export interface SurveyReport {
  /** Keys that SCAN named. It may name one twice while Redis resizes. */
  readonly keys: number
  /** Keys that no cache writes: they begin with no prefix. */
  readonly otherKeys: number
  /** Keys of prefixes that there was no room for: name one by `--prefix`. */
  readonly furtherKeys: number
  readonly missed: MissedReport
  /** By name. */
  readonly prefixes: readonly PrefixReport[]
}

/** Gathers what is to be known of keys, page by page, in bounded memory. */
export interface Survey {
  readonly keys: number
  /** @throws InspectError when the server does not answer */
  add(server: Server, page: readonly Buffer[]): Promise<void>
  report(): SurveyReport
}

/** Other programs write keys with ':' as well, and any number of beginnings. */
const mostPrefixes = 32

type Named = Pick<FoundKey, 'key' | 'text' | 'name'>

/** @param sample how many keys of each namespace and area are measured */
export function createSurvey(sample: number): Survey {
  const surveys = new Map<string, PrefixSurvey>()
  const misses = createMisses()
  let [keys, otherKeys, furtherKeys] = [0, 0, 0]

  const surveyOf = ({ prefix }: KeyName): PrefixSurvey | undefined => {
    const known = surveys.get(prefix)
    if (known !== undefined || surveys.size === mostPrefixes) return known
    const survey = createPrefixSurvey(prefix, sample)
    surveys.set(prefix, survey)
    return survey
  }
  const read = (page: readonly Buffer[]): readonly Named[] =>
    page.flatMap((key) => {
      const text = key.toString()
      const name = keyNameOf(text)
      if (name === undefined) otherKeys++
      else if (surveyOf(name) === undefined) furtherKeys++
      else return [{ key: argumentOf(key, text), text, name }]
      return []
    })

  return {
    get keys() {
      return keys
    },
    async add(server, page) {
      keys += page.length
      const found = await lookAt(server, read(page), misses)
      const questions = found.flatMap((one) => surveyOf(one.name)?.add(one) ?? [])
      await askAll(server, questions, misses)
    },
    report: () => ({
      keys,
      otherKeys,
      furtherKeys,
      missed: misses.report(),
      prefixes: [...surveys.values()].map((survey) => survey.report()).toSorted(byPrefix),
    }),
  }
}

/** Text costs the client half as much as bytes; bytes that are no UTF-8 stay what they are. */
function argumentOf(key: Buffer, text: string): string | Buffer {
  return text.includes('\ufffd') ? key : text
}

function byPrefix(a: PrefixReport, b: PrefixReport): number {
  return a.prefix < b.prefix ? -1 : 1
}

/** Type, ttl and time: a key that is gone by now is left out. */
async function lookAt(
  server: Server,
  named: readonly Named[],
  misses: Misses,
): Promise<readonly FoundKey[]> {
  if (named.length === 0) return []
  const commands = named.flatMap(({ key }): Command[] => [
    ['type', key],
    ['pttl', key],
  ])
  const [time, ...replies] = await ask(server, [['time'], ...commands], misses)
  const nowMs = timeOf(server, time)
  return named.flatMap((one, at) => {
    const [type, ttlMs] = [textOf(replies[2 * at]), wholeOf(replies[2 * at + 1])]
    if (type === 'none' || ttlMs === -2) misses.vanished()
    if (type === undefined || ttlMs === undefined || type === 'none' || ttlMs === -2) return []
    // Written out: on Node 20 a spread that other properties follow takes microseconds.
    return [{ key: one.key, text: one.text, name: one.name, type, ttlMs, nowMs }]
  })
}

function timeOf({ address }: Server, reply: unknown): number {
  const [seconds, micros] = Array.isArray(reply) ? reply.map(wholeOf) : []
  if (seconds !== undefined && micros !== undefined) {
    return seconds * 1000 + Math.floor(micros / 1000)
  }
  throw new InspectError(
    `The user may not ask ${address} for its TIME. Give it the rights +@read +info +time.`,
  )
}

async function askAll(
  server: Server,
  questions: readonly Question[],
  misses: Misses,
): Promise<void> {
  const replies = await ask(
    server,
    questions.flatMap(({ commands }) => commands),
    misses,
  )
  let at = 0
  for (const { commands, take } of questions) {
    take(replies.slice(at, at + commands.length))
    at += commands.length
  }
}

/** The replies, `null` in place of an error that is about one key. */
async function ask(
  server: Server,
  commands: readonly Command[],
  misses: Misses,
): Promise<readonly unknown[]> {
  const replies = await server.send(commands)
  return replies.map((reply, at) => {
    if (!(reply instanceof Error)) return reply
    misses.learn(server, commands[at]?.[0] ?? '', reply)
    return null
  })
}

interface Misses {
  vanished(): void
  /** @throws InspectError for what is about more than one key */
  learn(server: Server, command: string, error: Error): void
  report(): MissedReport
}

function createMisses(): Misses {
  const denied = new Set<string>()
  let [vanished, moved] = [0, 0]
  return {
    vanished: () => void vanished++,
    learn({ address }, command, error) {
      if (/^NOPERM|unknown (sub)?command/i.test(error.message)) denied.add(command)
      else if (/^(MOVED|ASK|TRYAGAIN)/.test(error.message)) moved++
      else if (!error.message.startsWith('WRONGTYPE')) throw explain(error, address)
    },
    report: () => ({ vanished, moved, denied: [...denied].toSorted() }),
  }
}
