import type { Request } from 'express'

/** How many requests a minute one client may send to a part of the API. */
export interface Tier {
  readonly name: string
  readonly limit: number
}

const tiers: readonly (Tier & { readonly path: string })[] = [
  { name: 'admin', path: '/api/admin', limit: 50 },
  { name: 'auth', path: '/api/auth', limit: 10 },
]

/** The tier of a request: 50 for the admin, 10 for signing in and out, 100 for the rest. */
export function tierOf({ originalUrl }: Request): Tier {
  const tier = tiers.find(({ path }) => originalUrl.startsWith(path))
  return tier ?? { name: 'default', limit: 100 }
}
