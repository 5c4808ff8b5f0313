import { OptionError } from '@sluice/core'
import { booleanOption, checkOptions, choiceOption, show, wrongOption } from '@sluice/core/extend'
import { serialize, type SerializeOptions } from 'cookie'

/** How the cookie is named and sent. It is always HttpOnly, and lasts as long as its session can. */
export interface CookieOptions {
  /**
   * 1 to 64 letters, digits, '-' and '_'. Default `'id'`. A Secure cookie is called `__Host-` and this, which no
   * subdomain and no plain connection can plant; with a `domain` or a `path` browsers allow `__Secure-` only.
   */
  readonly name?: string | undefined
  /** Whether it is Secure: `'auto'` (default) over TLS, as the framework sees it behind its proxies. */
  readonly secure?: boolean | 'auto' | undefined
  /**
   * Which requests from other sites carry it: `'lax'` (default) links to this one, `'strict'` none, `'none'` all. Browsers
   * take `'none'` only of a Secure cookie: over plain HTTP it is sent as `'lax'`.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined
  /** Sends it to the subdomains of this domain too, so each of them can plant one. Default: to this host alone. */
  readonly domain?: string | undefined
  /**
   * Sends it to this path, as the client sees it, and below. Default `'/'`. A request outside of it has no stored session;
   * one that begins there is found again under the path.
   */
  readonly path?: string | undefined
  /** Gives each site that embeds this one a cookie of its own (CHIPS). Over plain HTTP it is left out. Default false. */
  readonly partitioned?: boolean | undefined
  /** Which cookies Chromium keeps when there are too many. Default: it decides, `'medium'`. */
  readonly priority?: 'low' | 'medium' | 'high' | undefined
}

/** A name and the attributes that go with it. */
export interface CookieForm {
  readonly name: string
  readonly attributes: SerializeOptions
}

/** What the cookie needs, complete. */
export interface CookieConfig {
  readonly secure: boolean | 'auto'
  readonly path: string
  readonly secrets: readonly [string, ...string[]]
  /** The cookie when it is Secure. */
  readonly overTls: CookieForm
  /** The cookie when it is not. */
  readonly overPlain: CookieForm
}

const shortestSecret = 32
const names = ['name', 'secure', 'sameSite', 'domain', 'path', 'partitioned', 'priority']

/**
 * @param owner the function that was given the options: `'session'`
 * @throws OptionError for an option that is unknown, of the wrong kind, or that browsers would drop the cookie for; no
 *   secret is ever in the message
 */
export function parseCookieConfig(
  owner: string,
  secret: unknown,
  options: CookieOptions = {},
): CookieConfig {
  checkOptions(owner, options, names)
  const secure = parseSecure(options.secure)
  const path = parsePath(options.path)
  const name = parseName(options.name)
  const attributes = { path, httpOnly: true, ...parseAttributes(options, secure) }
  const prefix = path === '/' && options.domain === undefined ? '__Host-' : '__Secure-'
  return {
    secure,
    path,
    secrets: parseSecrets(secret),
    overTls: { name: prefix + name, attributes: { ...attributes, secure: true } },
    overPlain: { name, attributes: withoutTls(attributes) },
  }
}

type Attributes = SerializeOptions & Required<Pick<SerializeOptions, 'sameSite' | 'partitioned'>>

function parseAttributes(
  { sameSite, domain, partitioned, priority }: CookieOptions,
  secure: boolean | 'auto',
): Attributes {
  const attributes = {
    sameSite: choiceOption(sameSite, 'cookie.sameSite', ['lax', 'strict', 'none'] as const, 'lax'),
    partitioned: booleanOption(partitioned, 'cookie.partitioned', false),
  }
  if (secure === false && attributes.sameSite === 'none') throw needsSecure("sameSite: 'none'")
  if (secure === false && attributes.partitioned) throw needsSecure('partitioned: true')
  return {
    ...attributes,
    ...(domain !== undefined && { domain: checkDomain(domain) }),
    ...(priority !== undefined && {
      priority: choiceOption(
        priority,
        'cookie.priority',
        ['low', 'medium', 'high'] as const,
        'medium',
      ),
    }),
  }
}

/** What browsers take of a cookie that is not Secure. */
function withoutTls({ sameSite, ...others }: Attributes): SerializeOptions {
  return {
    ...others,
    sameSite: sameSite === 'none' ? 'lax' : sameSite,
    partitioned: false,
    secure: false,
  }
}

function needsSecure(attribute: string): OptionError {
  return new OptionError(
    `Expected a "cookie" with ${attribute} not to have secure: false: browsers drop such a cookie unless it is Secure. ` +
      'Leave "secure" at \'auto\', or make it true.',
  )
}

function parseName(name: unknown = 'id'): string {
  if (typeof name === 'string' && /^[\w-]{1,64}$/.test(name) && !name.startsWith('__')) return name
  throw new OptionError(
    `Expected "cookie.name" to be 1 to 64 letters, digits, '-' or '_', without a leading '__'; got ${show(name)}. ` +
      'The prefix __Host-, or __Secure- with a "domain" or a "path", is added by itself.',
  )
}

function parseSecure(secure: unknown = 'auto'): boolean | 'auto' {
  if (typeof secure === 'boolean' || secure === 'auto') return secure
  throw wrongOption('cookie.secure', "true, false or 'auto'", secure)
}

function parsePath(path: unknown = '/'): string {
  if (typeof path === 'string' && path.startsWith('/') && canBeSent({ path })) return path
  throw wrongOption(
    'cookie.path',
    "a path that begins with '/', without ';': browsers replace any other by the path of the request",
    path,
  )
}

function checkDomain(domain: unknown): string {
  if (typeof domain === 'string' && domain !== '' && canBeSent({ domain })) return domain
  throw wrongOption(
    'cookie.domain',
    "a domain such as 'example.com', without scheme, port or path",
    domain,
  )
}

/** What can stand in an attribute is for `cookie` to say. */
function canBeSent(attribute: SerializeOptions): boolean {
  try {
    serialize('id', '', attribute)
    return true
  } catch {
    return false
  }
}

function parseSecrets(secret: unknown): readonly [string, ...string[]] {
  const [first, ...others] = (Array.isArray(secret) ? secret : [secret]).map(checkSecret)
  if (first === undefined) {
    throw new OptionError('Expected "secret" to hold at least one secret; got an empty list.')
  }
  return [first, ...others]
}

/** Says how long a secret is, never what it is. */
function checkSecret(secret: unknown): string {
  const bytes = typeof secret === 'string' ? Buffer.byteLength(secret) : 0
  if (typeof secret === 'string' && bytes >= shortestSecret) return secret
  const got = typeof secret === 'string' ? `${bytes} bytes` : `a value of type ${typeof secret}`
  throw new OptionError(
    `Expected "secret" to be text of at least ${shortestSecret} bytes, or a list of such; got ${got}. ` +
      `Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
  )
}
