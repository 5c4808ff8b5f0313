import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { zones } from './architecture-zones.ts'

// Compilers and linters take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** What the lint forbids beside the arrows: the rule that must refuse it, a name for its file, its text. */
const habits: [rule: string, name: string, text: string][] = [
  ['import(no-cycle)', 'cycle-a', "import { b } from './cycle-b.ts'\nexport const a = b\n"],
  ['import(no-cycle)', 'cycle-b', "import { a } from './cycle-a.ts'\nexport const b = a\n"],
  ['import(no-default-export)', 'default-export', 'export default 1\n'],
  ['typescript(no-explicit-any)', 'any', 'export const a: any = 1\n'],
  ['typescript(consistent-type-imports)', 'type', "export type A = import('ioredis').Redis\n"],
  ['typescript(no-require-imports)', 'require', "export const a: unknown = require('ioredis')\n"],
  ['typescript(no-floating-promises)', 'floating', 'Promise.reject(new Error())\n'],
  ['typescript(no-misused-promises)', 'misused', 'if (Promise.resolve(false)) void 0\n'],
  ['eslint(no-console)', 'console', "console.log('hello')\n"],
  ['eslint(max-lines-per-function)', 'long', `export function a() {\n${'void 0\n'.repeat(60)}}\n`],
  ['eslint(max-lines)', 'long-file', 'void 0\n'.repeat(301)],
]

interface Refusal {
  rule: string
  file: string
  line: number
}

let refusals: Refusal[] = []
const folder = mkdtempSync(join(tmpdir(), 'sluice-architecture-'))
const arrow = 'eslint(no-restricted-imports)'

beforeAll(() => {
  copyFileSync(join(repository, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  // The type-aware half of oxlint is looked for in the folder that is linted.
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  for (const [, name, text] of habits) plant(folder, `packages/core/src/${name}.ts`, text)
  for (const { file, refused, allowed } of zones) {
    plant(folder, file, [...refused, ...allowed].map(importLine).join(''))
  }
  refusals = lint(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(zones)('$file', ({ file, refused, allowed }) => {
  const isRefused = (line: number): boolean =>
    refusals.some((one) => one.rule === arrow && one.file === file && one.line === line)

  it('is refused each forbidden import', () => {
    expect(refused.filter((_, index) => isRefused(index + 1))).toEqual(refused)
  })
  it('is granted each allowed import', () => {
    expect(allowed.filter((_, index) => isRefused(refused.length + index + 1))).toEqual([])
  })
})

it.each(habits)('%s refuses the %s', (rule, name) => {
  const file = `packages/core/src/${name}.ts`
  expect(refusals.filter((one) => one.file === file).map((one) => one.rule)).toContain(rule)
})

it('every operation is defined in an operations folder, where the agreement test finds it', () => {
  expect(strayOperations(repository)).toEqual([])
})

it('an operation that is defined elsewhere is found', () => {
  const call = 'export const take = defineOperation({})\n'
  plant(folder, 'packages/rate-limiter/src/stray.ts', call)
  plant(folder, 'packages/rate-limiter/src/operations/take.ts', call)
  plant(folder, 'packages/core/src/operation.ts', 'export function defineOperation(): void {}\n')
  expect(strayOperations(folder)).toEqual(['packages/rate-limiter/src/stray.ts'])
})

function importLine(name: string, index: number): string {
  const [, type = '', from = ''] = /^(type )?(.*)$/.exec(name) ?? []
  return `import ${type}{ a as a${index} } from '${from}'\n`
}

function plant(root: string, file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

function lint(root: string): Refusal[] {
  const oxlint = join(repository, 'node_modules/oxlint/bin/oxlint')
  const run = spawnSync(process.execPath, [oxlint, '--format', 'json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  try {
    return parseRefusals(run.stdout)
  } catch (cause) {
    throw new Error(`oxlint gave no report: ${run.stdout}${run.stderr}`, { cause })
  }
}

interface OxlintReport {
  diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[]
}

function parseRefusals(stdout: string): Refusal[] {
  const report: OxlintReport = JSON.parse(stdout)
  return report.diagnostics.map(({ code, filename, labels }) => ({
    rule: code,
    file: filename,
    line: labels[0]?.span.line ?? 0,
  }))
}

/** The published source files that call defineOperation outside of an `operations` folder. */
function strayOperations(root: string): string[] {
  const call = /^(?!\s*(?:\*|\/\/)).*(?<!function )\bdefineOperation[<(]/m
  return readdirSync(join(root, 'packages'))
    .filter((name) => name !== 'testkit')
    .map((name) => join(root, 'packages', name, 'src'))
    .filter((source) => existsSync(source))
    .flatMap((source) =>
      readdirSync(source, { recursive: true, encoding: 'utf8' }).map((file) => join(source, file)),
    )
    .filter((file) => file.endsWith('.ts') && call.test(readFileSync(file, 'utf8')))
    .filter((file) => !file.includes('/operations/'))
    .map((file) => relative(root, file))
}
