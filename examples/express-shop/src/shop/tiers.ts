/** How many requests a minute one client may send to a part of the API. */
export interface Tier {
  readonly name: string
  readonly limit: number
}

const tiers: readonly (Tier & { readonly path: string })[] = [
  { name: 'admin', path: '/api/admin', limit: 50 },
  { name: 'auth', path: '/api/auth', limit: 10 },
]

/**
 * The tier of a path: 50 for the admin, 10 for signing in and out, 100 for the rest. Express routes `/API/Auth` like
 * `/api/auth`, so it counts like it, too.
 */
export function tierOf(path: string): Tier {
  const lowerCase = path.toLowerCase()
  return tiers.find((tier) => lowerCase.startsWith(tier.path)) ?? { name: 'default', limit: 100 }
}
