/** What the environment says, checked. */
export interface Settings {
  readonly port: number
  readonly redisUrl: string | undefined
  readonly sessionSecret: string
}

/** Signs cookies on a developer's machine only. */
const developmentSecret = 'development-only: set SESSION_SECRET in production'

/** @throws Error that says which variable is wrong and what is expected */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { PORT = '3000', REDIS_URL, SESSION_SECRET, NODE_ENV } = env
  if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) {
    throw new Error(`Expected PORT to be a number from 0 to 65535; got "${PORT}".`)
  }
  if (NODE_ENV === 'production' && SESSION_SECRET === undefined) {
    throw new Error(
      'Set SESSION_SECRET in production: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
    )
  }
  return {
    port: Number(PORT),
    redisUrl: REDIS_URL,
    sessionSecret: SESSION_SECRET ?? developmentSecret,
  }
}
