/** What the environment says, checked. */
export interface Settings {
  readonly port: number
  /** Replicas of each master. */
  readonly replicas: 0 | 1
}

/** @throws Error that says which variable is wrong and what is expected */
export function readSettings({ PORT = '3000', REPLICAS = '0' }: NodeJS.ProcessEnv): Settings {
  if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) {
    throw new Error(`Expected PORT to be a number from 0 to 65535; got "${PORT}".`)
  }
  if (REPLICAS !== '0' && REPLICAS !== '1') {
    throw new Error(`Expected REPLICAS to be 0 or 1; got "${REPLICAS}".`)
  }
  return { port: Number(PORT), replicas: REPLICAS === '0' ? 0 : 1 }
}
