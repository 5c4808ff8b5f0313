import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const testkit = fileURLToPath(new URL('..', import.meta.url))

interface Run {
  readonly file: string
  readonly setup?: string
}

/** The last line of a vitest run over one file, and its exit code. */
async function lastLineOf({ file, setup = '' }: Run): Promise<[string | undefined, number | null]> {
  // Below the repository, so that vitest is found, in a folder that git and every tool ignore.
  await mkdir(join(testkit, 'dist'), { recursive: true })
  const folder = await mkdtemp(join(testkit, 'dist/summary-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'a.test.ts'), `import { it } from 'vitest'\n${file}`)
  await writeFile(join(folder, 'setup.ts'), `export function setup() { ${setup} }`)
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { createSummaryReporter } from '../../src/summary-reporter.ts'
    export default { test: { reporters: ['default', createSummaryReporter()], globalSetup: './setup.ts' } }`,
  )
  const vitest = join(testkit, '../../node_modules/vitest/vitest.mjs')
  const { stdout, status } = spawnSync(process.execPath, [vitest, 'run', '--root', folder], {
    encoding: 'utf8',
  })
  return [stdout.trimEnd().split('\n').at(-1), status]
}

const pass = "it('passes', () => {})"
const fail = "it('fails', () => { throw new Error('fails') })"
const skip = "it.skip('is skipped', () => {})"
const late = `
  setTimeout(() => { throw new Error('late') })
  it('waits', () => new Promise((resolve) => setTimeout(resolve, 50)))
`

it.each([
  ['all passed', { file: pass }, '1 passed, 0 failed', 0],
  ['some did not', { file: [pass, fail, skip].join('\n') }, '1 passed, 1 failed, 1 skipped', 1],
  ['a file did not load', { file: "throw new Error('load')" }, '0 passed, 1 failed', 1],
  ['an error was in no test', { file: late }, '1 passed, 1 failed', 1],
  [
    'a server did not start',
    { file: pass, setup: "throw new Error('server')" },
    '0 passed, 1 failed',
    1,
  ],
])('the last line of a run tells that %s', async (_, run, line, exitCode) => {
  expect(await lastLineOf(run)).toEqual([line, exitCode])
})
