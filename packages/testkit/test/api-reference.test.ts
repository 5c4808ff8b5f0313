/**
 * `npm run check` refuses an export that nobody described. This plants what it must find in packages of its own; that the
 * real packages hold none of it is what `npm run check` shows.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
// Inside the repository, in a folder that git and every tool ignore.
const ignored = join(repository, 'packages/testkit/dist')

const files = {
  'described/package.json': JSON.stringify({
    name: '@fixture/described',
    exports: {
      '.': { '@sluice/source': './index.ts' },
      './extra': { '@sluice/source': './extra.ts' },
      './package.json': './package.json',
    },
  }),
  'described/index.ts': `
    /** Something. */
    export interface Described {
      /** A number. */
      readonly told: number
      readonly untold: number
      untoldMethod(): void
    }
    /** Of several kinds. */
    export type Kinds =
      | {
          /** A kind. */
          readonly toldKind: 1
        }
      | { readonly untoldKind: 2 }
    export function untoldFunction(): void {}
    /** Like {@link Described}, and unlike {@link NoSuchThing}. */
    export const linked = 1
  `,
  'described/extra.ts': `export const untoldOfSubpath = 1`,
  'private/package.json': JSON.stringify({
    name: '@fixture/private',
    private: true,
    exports: { '.': { '@sluice/source': './index.ts' } },
  }),
  'private/index.ts': `export const untoldInPrivate = 1`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', types: [] },
    include: ['*/*.ts'],
  }),
}

describe('the check of the API reference', () => {
  let folder = ''
  let output = ''
  let status: number | null = 0
  beforeAll(() => {
    mkdirSync(ignored, { recursive: true })
    folder = mkdtempSync(join(ignored, 'reference-'))
    for (const name of ['described', 'private']) mkdirSync(join(folder, name))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const script = join(repository, 'tools/api-reference/reference.js')
    const args = [script, 'check', folder, join(folder, 'tsconfig.json')]
    const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
    output = run.stdout + run.stderr
    status = run.status
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('fails where something is not described', () => {
    expect(output).toContain('2 subpaths: 6 complaints')
    expect(status).toBe(1)
  })
  it.each([
    'untold (Property)',
    'untoldMethod (CallSignature)',
    'untoldKind (Property)',
    'untoldFunction (CallSignature)',
    'untoldOfSubpath (Variable)',
  ])('%s is named', (name) => {
    expect(output).toContain(`.${name}`)
  })
  it('a link that leads nowhere is named', () => {
    expect(output).toContain('NoSuchThing')
  })
  it('what is described, and what is private, is left alone', () => {
    expect(output).not.toMatch(/\btold|"Described"|untoldInPrivate/)
  })
})
