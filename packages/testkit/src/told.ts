import { tracingChannel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'

/** What was told of one operation on a tracing channel. */
export interface Told {
  readonly channel: string
  /** The events of the operation in order: `start`, `end`, `asyncStart`, `asyncEnd`. */
  readonly events: string[]
  /** The one object that all of them were given. */
  readonly message: Message
}

type Message = Readonly<Record<string, unknown>>

/** Operations as tracing channels tell of them, in the order in which they begin. */
export interface Listening extends Disposable {
  readonly told: readonly Told[]
}

const events = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const

/** Subscribes to tracing channels until it is disposed of. */
export function listen(names: readonly string[]): Listening {
  const told: Told[] = []
  const stops = names.flatMap((channel) => {
    const channels = tracingChannel<unknown, Message>(channel)
    return events.map((event) => {
      const hear = (message: unknown): void => {
        const known = told.find((one) => one.message === message)
        if (known === undefined)
          told.push({ channel, events: [event], message: message as Message })
        else known.events.push(event)
      }
      channels[event].subscribe(hear)
      return () => channels[event].unsubscribe(hear)
    })
  })
  return {
    told,
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }
}

/** A channel as the guide lists it: what its messages hold, and what they may say in the end. */
export interface ListedChannel {
  readonly fields: string
  readonly results: string
}

/** The tracing channels of a package in the tables of docs/observing.md. @param area its short name: `'core'` */
export function listedChannels(area: string): Record<string, ListedChannel> {
  const page = readFileSync(new URL('../../../docs/observing.md', import.meta.url), 'utf8')
  const row = /^\| `(?<name>sluice:[a-z-]+:\w+)` +\| (?<fields>.*?) +\| (?<results>.*?) +\|$/gm
  const listed: Record<string, ListedChannel> = {}
  for (const { groups = {} } of page.matchAll(row)) {
    const { name = '', fields = '', results = '' } = groups
    if (name.startsWith(`sluice:${area}:`)) listed[name] = { fields, results }
  }
  return listed
}

/** What was told, in the words of the guide's tables. */
export function toldChannels(told: readonly Told[]): Record<string, ListedChannel> {
  const names = new Set(told.map(({ channel }) => channel))
  const rows = [...names].map((name): [string, ListedChannel] => {
    const messages = told.filter(({ channel }) => channel === name).map(({ message }) => message)
    const succeeded = messages.filter((message) => !('error' in message))
    const results = succeeded.map(({ result }) => wordFor(result))
    return [name, { fields: oneOf(messages.map(fieldsOf)), results: oneOf(results) }]
  })
  return Object.fromEntries(rows)
}

const outcome = ['result', 'error', 'durationMs']

function fieldsOf(message: Message): string {
  return Object.keys(message)
    .filter((name) => !outcome.includes(name))
    .map((name) => `\`${name}\``)
    .join(' ')
}

function oneOf(words: readonly string[]): string {
  return [...new Set(words)].toSorted().join(', ')
}

/** A word as it is, anything else by its type. */
function wordFor(result: unknown): string {
  if (result === undefined) return 'none'
  if (typeof result === 'string') return `\`${inspect(result)}\``
  if (typeof result !== 'object' || result === null) return `\`${typeof result}\``
  return `\`{ ${Object.keys(result).join(', ')} }\``
}
