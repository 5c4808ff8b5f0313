import { fileURLToPath } from 'node:url'

/** The built file that runs the Koa shop. */
export const koaMain: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))
