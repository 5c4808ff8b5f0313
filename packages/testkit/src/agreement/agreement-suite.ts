import { readdirSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { redisUrl } from '../provided.ts'
import { uniquePrefix } from '../unique-prefix.ts'
import { checkAgreement, type AnyOperation, type Steps } from './check-agreement.ts'

/** What `agreementSuite` is given. */
export interface AgreementSuiteOptions {
  /** The folder of the package's operations: `new URL('../src/operations/', import.meta.url)`. */
  readonly operations: URL
  /** Operations that the folder does not export by themselves, each with a name of its own. Default: none. */
  readonly more?: readonly AnyOperation[]
  /** Arguments for every operation, by its name. Use ttls of 10 000 ms or more. */
  readonly steps: Steps
}

/**
 * Registers the agreement test of a package (design 3.1): random schedules of all its operations give the same replies
 * and leave the same state in memory and in Redis. An operation without steps fails it.
 */
export function agreementSuite({
  operations: folder,
  more = [],
  steps,
}: AgreementSuiteOptions): void {
  let operations: readonly AnyOperation[] = []
  beforeAll(async () => {
    operations = [...(await operationsIn(folder)), ...more]
  })

  it('runs every operation of the package alike in memory and in Redis', async () => {
    expect(operations.length).toBeGreaterThan(0)
    await checkAgreement({ url: redisUrl(), prefix: uniquePrefix('agree'), operations, steps })
  }, 120_000)
}

async function operationsIn(folder: URL): Promise<readonly AnyOperation[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const modules = await Promise.all(
    files.map((name) => import(/* @vite-ignore */ new URL(name, folder).href) as Promise<object>),
  )
  return modules.flatMap((module) => Object.values(module).filter(isOperation))
}

function isOperation(value: unknown): value is AnyOperation {
  return typeof value === 'object' && value !== null && 'lua' in value && 'memory' in value
}
