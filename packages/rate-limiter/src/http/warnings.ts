import { warn, wrongOption } from '@sluice/core/extend'

/** What `rateLimit()` warns of: the code of Node's warning, by which `silence` keeps it quiet. */
export type WarningCode =
  | 'SLUICE_WARN_FORWARDED_FOR'
  | 'SLUICE_WARN_TRUST_PROXY'
  | 'SLUICE_WARN_COUNTED_TWICE'
  | 'SLUICE_WARN_PROCESS_MEMORY'

const messages: Readonly<Record<WarningCode, string>> = {
  SLUICE_WARN_FORWARDED_FOR:
    'A request came with X-Forwarded-For or Forwarded, and the app trusts no proxy: if there is one, it counts as the one ' +
    'client of all requests. Say how many proxies are yours: app.set("trust proxy", 1) in Express, app.proxy = true and ' +
    'app.maxIpsCount = 1 in Koa. Without a proxy this is a client of bad manners: silence the warning.',
  SLUICE_WARN_TRUST_PROXY:
    'The app believes the first address in X-Forwarded-For, which every client may write itself: a new address is a new ' +
    'budget. Say how many proxies are yours: app.set("trust proxy", 1) in Express, app.maxIpsCount = 1 in Koa. If your ' +
    'proxy replaces the header, silence the warning.',
  SLUICE_WARN_COUNTED_TWICE:
    'One request was counted twice in the same count: a rateLimit() is used twice on its way, or two of them have neither ' +
    'different names nor different limits. Use it once, or give each a "name".',
  SLUICE_WARN_PROCESS_MEMORY:
    'There are several workers, and rateLimit() counts in the memory of each: clients have a budget in every one of them. ' +
    'Give it a cache on redisStore().',
}

/** Gives warnings, each once a process. */
export interface Warnings {
  /** False once it was given, or where it is silenced: what it is about need not be looked at. */
  awaits(code: WarningCode): boolean
  give(code: WarningCode): void
}

const given = new Set<WarningCode>()

/**
 * @param silence codes of warnings that are not wanted
 * @throws OptionError for what is no list of codes
 */
export function createWarnings(silence: unknown): Warnings {
  const silenced = checkCodes(silence)
  const awaits = (code: WarningCode): boolean => !given.has(code) && !silenced.includes(code)
  return {
    awaits,
    give(code) {
      if (!awaits(code)) return
      given.add(code)
      warn(code, messages[code])
    },
  }
}

function checkCodes(silence: unknown): readonly unknown[] {
  if (silence === undefined) return []
  const known = Object.keys(messages)
  if (!Array.isArray(silence))
    throw wrongOption('silence', `a list of ${known.join(', ')}`, silence)
  for (const [at, code] of silence.entries()) {
    if (!known.includes(code))
      throw wrongOption(`silence[${at}]`, `one of ${known.join(', ')}`, code)
  }
  return silence
}
