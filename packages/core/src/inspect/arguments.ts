import { parseArgs } from 'node:util'
import { SluiceError } from '../errors.ts'
import type { Target } from './connect.ts'
import { InspectError } from './inspect-error.ts'
import { checkPrefix } from '../key.ts'
import { nearest } from '../options.ts'
import { parseRedisUrl } from '../redis/redis-url.ts'

/** What the command line asks for. */
export interface InspectArguments {
  readonly kind: 'inspect'
  readonly target: Target
  readonly prefix?: string
  readonly sample: number
  readonly isJson: boolean
}

/** The text of `--help`. */
export const helpText = `Shows what a cache and the packages on it keep in Redis. It changes nothing.

  sluice inspect <redis-url> [options]     also: npx @sluice/core inspect <redis-url> [options]

  <redis-url>      redis://user:password@host:6379/0, or rediss://… for TLS.
                   Without it, the variable REDIS_URL: then no password is in the list of processes.
  --prefix <name>  only the keys of this prefix; without it, of all that are found
  --json           one object on stdout, for programs
  --sample <n>     how many keys of each namespace are measured and looked into, or "all"; default 10000
  --cluster        a Cluster, for a user who may not ask INFO, which tells otherwise
  --help           this text

  Ctrl-C ends it: what was seen so far is shown and labelled partial.
  Exit code: 0 shown whole, 130 stopped by Ctrl-C, 2 anything else.
`

const options = {
  prefix: { type: 'string' },
  json: { type: 'boolean' },
  sample: { type: 'string' },
  cluster: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const deadlineMs = 5000
const defaultSample = 10_000

/** @throws InspectError that repeats nothing but names of options: anything else may hold a password */
export function parseArguments(
  given: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): InspectArguments | { readonly kind: 'help' } {
  const { values, positionals } = read(given)
  const [command, url = env['REDIS_URL'], ...more] = positionals
  if (values.help === true) return { kind: 'help' }
  if (command !== 'inspect') throw wrong('Say what to do: sluice inspect <redis-url>.')
  if (url === undefined || url === '') {
    throw wrong('Say where Redis is: sluice inspect redis://host:6379, or set REDIS_URL.')
  }
  if (more.length > 0) throw wrong('Give one url, and options by their names.')
  const prefix = values.prefix === undefined ? {} : { prefix: prefixOption(values.prefix) }
  return {
    kind: 'inspect',
    target: { ...targetOf(url), isCluster: values.cluster === true, deadlineMs },
    ...prefix,
    sample: sampleOption(values.sample),
    isJson: values.json === true,
  }
}

function read(given: readonly string[]) {
  const wanted = given.flatMap((text) => /^--([\w-]+)/.exec(text)?.[1] ?? [])
  const unknown = wanted.find((name) => !Object.hasOwn(options, name))
  if (unknown !== undefined) {
    const near = nearest(unknown, Object.keys(options))
    throw wrong(
      near === undefined
        ? 'There is no such option.'
        : `There is no option --${unknown}. Did you mean --${near}?`,
    )
  }
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true })
  } catch {
    throw wrong('An option lacks its value, has one too many or is unknown.')
  }
}

function targetOf(url: string): Omit<Target, 'isCluster' | 'deadlineMs'> {
  const { target, credentials } = translated(() => parseRedisUrl(url))
  if (target.kind !== 'server') throw wrong('Expected the url of one server.')
  const { username, password, db = 0, tls } = credentials
  return {
    host: target.host,
    port: target.port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database: db,
    isTls: tls !== undefined,
  }
}

function prefixOption(text: string): string {
  return translated(() => checkPrefix(text))
}

function sampleOption(text: string | undefined): number {
  if (text === undefined) return defaultSample
  if (text === 'all') return Infinity
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw wrong('Expected --sample to be a whole number, or all.')
}

/** An error of the library, which says the fix, as one of the command. */
function translated<Value>(parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    throw error instanceof SluiceError ? new InspectError(error.message) : error
  }
}

function wrong(message: string): InspectError {
  return new InspectError(`${message} sluice --help tells all.`)
}
