import { OptionError } from '../errors.ts'
import type { RedisCredentials, RedisTarget } from './target.ts'

/** What a url says. */
export interface RedisUrl {
  readonly target: RedisTarget
  readonly credentials: RedisCredentials
}

/** The url itself never gets into a message: it may hold a password, wherever a typing error put it. */
export function parseRedisUrl(text: unknown): RedisUrl {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const database = url === undefined ? undefined : /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  if (
    url === undefined ||
    database === undefined ||
    !/^rediss?:$/.test(url.protocol) ||
    url.hostname === '' ||
    url.port === '0'
  ) {
    throw unreadable('got text that does not')
  }
  if (url.search !== '' || url.hash !== '') throw unreadable('got one with a "?" or "#" part')
  const [username, password] = [decoded(url.username), decoded(url.password)]
  return {
    target: {
      kind: 'server',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 6379 : Number(url.port),
    },
    credentials: {
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(database === '' ? {} : { db: Number(database) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw unreadable('got one with a "%" that encodes nothing: write "%25" for it')
  }
}

function unreadable(got: string): OptionError {
  return new OptionError(
    'Expected "url" to look like redis://host:6379, redis://user:password@host:6379/0 or rediss://host:6380; ' +
      `${got} (not shown: it may hold a password).`,
  )
}
