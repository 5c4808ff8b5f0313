/**
 * Files that share one set of arrows. Each import is planted on its own line of `file`; one that starts with `type `
 * is planted as a type import, any other as a value import.
 */
export interface Zone {
  file: string
  refused: string[]
  allowed: string[]
}

const anyEngine = ['ioredis', 'ioredis/built/utils', 'lru-cache', 'msgpackr']
const anyFramework = ['express', 'type express', 'koa', 'type koa', 'type express-session']
const leavesThePackage = ['../../rate-limiter/src/index.ts', '../../../packages/testkit/src/a.ts']
const portOnly = {
  refused: [
    'type @sluice/core/redis',
    '@sluice/core/memory',
    '@sluice/core/near',
    '@sluice/core/testing',
    '@sluice/core/express',
    '@sluice/core/not-yet-written',
    '@sluice/testkit',
    ...anyEngine,
    ...leavesThePackage,
  ],
  allowed: ['@sluice/core', '@sluice/core/extend', '@sluice/core/http', 'type node:http', './a.ts'],
}

/** Every folder with arrows of its own. */
export const zones: readonly Zone[] = [
  {
    file: 'packages/core/src/plant.ts',
    refused: [
      ...anyEngine,
      ...anyFramework,
      ...leavesThePackage,
      'type ./redis/index.ts',
      ...['redis', 'memory', 'near', 'testing', 'inspect'].map((folder) => `./${folder}/index.ts`),
      '@sluice/rate-limiter',
      '@sluice/testkit',
      '@sluice/core',
    ],
    allowed: ['./store.ts', './http/exchange.ts', './operations/entry.ts', 'ms', 'node:crypto'],
  },
  ...['process-cache', 'create-cache'].map((name) => ({
    file: `packages/core/src/${name}.ts`,
    refused: [...anyEngine, ...anyFramework, ...leavesThePackage, './redis/a.ts', './testing/a.ts'],
    allowed: ['./memory/index.ts', './store.ts'],
  })),
  {
    file: 'packages/core/src/codecs/msgpack.ts',
    refused: ['ioredis', 'lru-cache', ...anyFramework, ...leavesThePackage, '../redis/index.ts'],
    allowed: ['msgpackr', '../codec.ts'],
  },
  {
    file: 'packages/core/src/memory/plant.ts',
    refused: [
      'ioredis',
      ...anyFramework,
      ...leavesThePackage,
      '../redis/index.ts',
      '../http/index.ts',
      '../testing/index.ts',
      '@sluice/testkit',
    ],
    allowed: ['lru-cache', './entries.ts', '../store.ts'],
  },
  {
    file: 'packages/core/src/redis/plant.ts',
    refused: [
      'lru-cache',
      ...anyFramework,
      ...leavesThePackage,
      '../memory/index.ts',
      '../http/index.ts',
      '../testing/index.ts',
      '@sluice/testkit',
    ],
    allowed: ['ioredis', 'type ioredis', './script.ts', '../store.ts'],
  },
  {
    file: 'packages/core/src/inspect/plant.ts',
    refused: [
      'lru-cache',
      ...anyFramework,
      ...leavesThePackage,
      '../memory/index.ts',
      '../near/index.ts',
      '../http/index.ts',
      '../testing/index.ts',
      '@sluice/distributed-lock',
      '@sluice/testkit',
    ],
    allowed: ['type ioredis', './survey.ts', '../redis/redis-url.ts', '../errors.ts'],
  },
  {
    file: 'packages/core/src/near/plant.ts',
    refused: [
      'ioredis',
      ...anyFramework,
      ...leavesThePackage,
      '../memory/index.ts',
      '../redis/index.ts',
      '../http/index.ts',
      '../testing/index.ts',
      '@sluice/testkit',
    ],
    allowed: ['lru-cache', './near-entries.ts', '../store.ts'],
  },
  {
    file: 'packages/core/src/http/plant.ts',
    refused: [...anyEngine, ...anyFramework, '../memory/a.ts', '../redis/a.ts', '../testing/a.ts'],
    allowed: ['./exchange.ts', '../errors.ts', 'type node:http'],
  },
  {
    file: 'packages/core/src/testing/plant.ts',
    refused: [...anyEngine, ...anyFramework, '../memory/index.ts', '../redis/index.ts'],
    allowed: ['./manual-clock.ts', '../clock.ts'],
  },
  ...['express', 'koa'].map((name) => ({
    file: `packages/core/src/${name}.ts`,
    refused: ['express', 'koa', ...anyEngine, ...leavesThePackage, './memory/a.ts', './redis/a.ts'],
    allowed: [`type ${name}`, './http/index.ts', './tenant.ts'],
  })),
  ...['rate-limiter', 'session-store', 'distributed-lock'].map((name) => ({
    file: `packages/${name}/src/plant.ts`,
    refused: [
      ...portOnly.refused,
      ...anyFramework,
      'node:http',
      'http',
      ...['rate-limiter', 'session-store', 'distributed-lock', 'stampede-guard']
        .filter((other) => other !== name)
        .map((other) => `@sluice/${other}`),
    ],
    allowed: [...portOnly.allowed, 'cookie', './operations/a.ts'],
  })),
  {
    file: 'packages/stampede-guard/src/plant.ts',
    refused: [
      ...portOnly.refused,
      ...anyFramework,
      'node:http',
      '@sluice/rate-limiter',
      '@sluice/session-store',
      '@sluice/distributed-lock/express',
    ],
    allowed: [...portOnly.allowed, '@sluice/distributed-lock'],
  },
  ...['express', 'koa', 'express-session', 'koa-session'].map((name) => ({
    file: `packages/session-store/src/${name}.ts`,
    refused: [...portOnly.refused, 'express', 'koa', 'node:http', '@sluice/rate-limiter'],
    allowed: [...portOnly.allowed, `type ${name}`],
  })),
  {
    file: 'packages/rate-limiter/src/express-rate-limit.ts',
    refused: [
      ...portOnly.refused,
      'express-rate-limit',
      'express',
      'node:http',
      '@sluice/session-store',
    ],
    allowed: [...portOnly.allowed, 'type express-rate-limit'],
  },
  {
    file: 'packages/rate-limiter/test/plant.test.ts',
    refused: ['../../core/src/index.ts', '../../../packages/core/src/redis/index.ts'],
    allowed: ['../src/index.ts', '@sluice/core/redis', '@sluice/testkit', 'ioredis', 'express'],
  },
  {
    file: 'examples/express-shop/src/plant.ts',
    refused: ['../../../packages/core/src/index.ts'],
    allowed: ['@sluice/core/redis', '@sluice/rate-limiter/express', 'express', 'ioredis'],
  },
]
