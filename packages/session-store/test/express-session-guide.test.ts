import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'

// The types of express-session declare `req.session` of every Express request, as ours do. So they have a program of
// their own, which the check of all documents is not.

// Compilers take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const ignored = join(repository, 'packages/testkit/dist')
mkdirSync(ignored, { recursive: true })
const folder = mkdtempSync(join(ignored, 'express-session-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const guide = readFileSync(join(repository, 'docs/migrating-from-express-session.md'), 'utf8')
const blocks = [...guide.matchAll(/^```typescript\n([^]*?)^```/gm)].map(([, code = '']) => code)

/** Attributes that an application cannot do without, and every method as the types of express-session have it. */
const application = `
import session, { type SessionData, type Store } from 'express-session'
import { expressSessionStore } from '@sluice/session-store/express-session'

declare module 'express-session' {
  interface SessionData {
    user: string
  }
}
session({ secret: 'x', store: expressSessionStore() })
const store = expressSessionStore<SessionData>()
const base: Store & Required<Pick<Store, 'all' | 'clear' | 'length' | 'touch'>> = store
base.touch('x', { cookie: new session.Cookie(), user: 'ada' })
const user: string | undefined = (await store.get('x'))?.user
store.all((_error, all) => all?.map(({ id, user }) => id + user))
// @ts-expect-error a session has what was declared
store.set('x', { cookie: { originalMaxAge: null } })
export { user }
`

/** What the compiler says of the files. */
function typeCheck(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const config = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      allowImportingTsExtensions: true,
      moduleDetection: 'force',
      noPropertyAccessFromIndexSignature: false,
    },
    files: Object.keys(files),
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(repository, 'node_modules/typescript/bin/tsc')
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [tsc, '--pretty', 'false', '-p', folder],
    { cwd: folder, encoding: 'utf8' },
  )
  return status === 0 ? '' : `${stdout}${stderr}`
}

it('the store fits the types of express-session, in the guide and in an application', () => {
  expect(blocks).toHaveLength(2)
  const guideFiles = Object.fromEntries(blocks.map((code, at) => [`guide-${at}.ts`, code]))
  expect(typeCheck({ ...guideFiles, 'application.ts': application })).toBe('')
})
