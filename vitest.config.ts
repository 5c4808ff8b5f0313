import { defineConfig } from 'vitest/config'
import { createSummaryReporter } from './packages/testkit/src/summary-reporter.ts'

/** The projects by the suffix of their files, each with the servers that it shares. */
const servers = {
  redis: 'redis',
  cluster: 'cluster',
  sentinel: 'sentinel',
  faults: 'redis',
  e2e: 'redis',
}
const suffixes = Object.keys(servers).join(',')
/** The servers of which there is only one. */
const single = ['cluster', 'sentinel']

/** Two files at a time, each with a server of its own, come first; then those that share one, one after the other. */
const together = { maxWorkers: 2, sequence: { groupOrder: 0 } }
const oneByOne = { maxWorkers: 1, sequence: { groupOrder: 1 } }

const folders = '{packages,examples}/*/test'

// `npm run matrix` runs the tests of every package on the oldest client that is supported, too.
const alias = process.env['SLUICE_IOREDIS'] === '5' ? { ioredis: 'ioredis5' } : {}

export default defineConfig({
  resolve: { alias },
  // This condition only: 'import' or 'module' here would reach Node's own require() inside the frameworks.
  ssr: { resolve: { conditions: ['@sluice/source'] } },
  test: {
    reporters: ['default', createSummaryReporter()],
    passWithNoTests: true,
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${folders}/**/*.test.ts`, 'bench/test/*.test.js'],
          exclude: [`**/*.{${suffixes}}.test.ts`, '**/node_modules/**'],
          ...together,
        },
      },
      ...Object.entries(servers).map(([suffix, server]) => ({
        extends: true as const,
        test: {
          name: suffix,
          include: [`${folders}/**/*.${suffix}.test.ts`],
          globalSetup: `packages/testkit/src/global-setup/${server}.ts`,
          ...(single.includes(server) ? oneByOne : together),
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      })),
    ],
  },
})
