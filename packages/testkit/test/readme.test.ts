/**
 * Every `ts` block of every README and guide is type-checked, and every `ts run` block is run.
 *
 * - A block is a module of its own. It is extracted at its own line of an otherwise blank file, so an error names the
 *   document's line.
 * - Names that a block takes for granted stand in a comment before it, which no reader of the page sees:
 *   `<!-- prelude: declare const app: import('express').Express -->`. It is put before the next block alone, and may
 *   span lines. A block that runs needs a prelude that runs.
 * - A `ts run` block has finished when its top level has; it stands on memory, so it reads no REDIS_URL.
 * - A server that it starts listens on a free port instead of its own, must answer `GET /`, and is closed.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

interface Block {
  document: string
  line: number
  text: string
  runs: boolean
}

// Compilers and linters take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const repository = fileURLToPath(new URL('../../..', import.meta.url))
// Inside the repository, so that blocks resolve the packages; in a folder that git and every tool ignore.
const ignored = join(repository, 'packages/testkit/dist')
mkdirSync(ignored, { recursive: true })
const folder = mkdtempSync(join(ignored, 'readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the documents', () => {
  const documents = findDocuments()
  const blocks = documents.flatMap((name) =>
    findBlocks(name, readFileSync(join(repository, name), 'utf8')),
  )
  let complaints: string[] = []
  beforeAll(() => {
    vi.stubEnv('REDIS_URL', undefined)
    complaints = typeCheck(blocks)
  })
  afterAll(() => void vi.unstubAllEnvs())

  it.each(documents)('%s holds code that type-checks', (document) => {
    expect(complaints.filter((line) => line.startsWith(`${fileStem(document)}-`))).toEqual([])
  })
  it('every complaint of the compiler belongs to a document', () => {
    const stems = documents.map(fileStem)
    expect(complaints.filter((line) => !stems.some((stem) => line.startsWith(stem)))).toEqual([])
  })
  for (const block of blocks.filter(({ runs }) => runs)) {
    it(`${block.document}:${block.line} runs`, async () => {
      await run(block)
    })
  }
})

describe('the check itself', () => {
  const fence = '```'
  let pages = 0
  const page = (info: string, code: string, before = ''): Block[] =>
    findBlocks(`fixture-${++pages}.md`, `# Page\n\n${before}\n${fence}${info}\n${code}\n${fence}\n`)

  it('a block that does not compile is refused at its line', () => {
    const complaints = typeCheck(page('ts', "const a: number = 'text'"))
    expect(complaints).toEqual([expect.stringMatching(/^fixture-1\.md-5\.ts\(5,7\): error TS2322/)])
  })
  it('a name that does not exist in a package is refused', () => {
    const complaints = typeCheck(page('ts', "import { noSuchName } from '@sluice/core'"))
    expect(complaints).toEqual([expect.stringContaining('noSuchName')])
  })
  it('a prelude declares what the next block takes for granted', () => {
    const prelude = '<!-- prelude:\ndeclare const app: { use(path: string): void }\n-->'
    expect(typeCheck(page('ts', "app.use('/')", prelude))).toEqual([])
    expect(typeCheck(page('ts', "app.use('/')"))).toEqual([expect.stringContaining('TS2304')])
  })
  it('a block that throws when it runs is refused', async () => {
    const blocks = page('ts run', "throw new Error('thrown by the page')")
    expect(typeCheck(blocks)).toEqual([])
    await expect(Promise.all(blocks.map(run))).rejects.toThrow('thrown by the page')
  })
  it('a block whose server does not answer is refused', async () => {
    const server = (status: number): Block[] => {
      const answer = `(_req, res) => void res.writeHead(${status}).end()`
      return page(
        'ts run',
        `import { createServer } from 'node:http'\ncreateServer(${answer}).listen(80)`,
      )
    }
    await Promise.all(server(404).map(run))
    await expect(Promise.all(server(500).map(run))).rejects.toThrow('500')
  })
  it('a block that runs reads the source of the packages', async () => {
    const [block, ...more] = page('ts run', "export * from '@sluice/core'")
    expect(more).toEqual([])
    expect(block && (await run(block))).toHaveProperty('createCache')
  })
  it('other languages are left alone', () => {
    expect(page('js', 'nonsense(')).toEqual([])
    expect(page('tsx', 'nonsense(')).toEqual([])
  })
  it('an indented block, as in a list, is a block', () => {
    expect(page('ts', '  const a = 1').length).toBe(1)
    expect(findBlocks('fixture.md', '- item\n\n  ```ts\n  let a = 1\n  ```\n').length).toBe(1)
  })
})

function findDocuments(): string[] {
  const packages = readdirSync(join(repository, 'packages')).map((name) =>
    join('packages', name, 'README.md'),
  )
  return ['README.md', ...packages, ...findGuides()].filter((name) =>
    existsSync(join(repository, name)),
  )
}

function findGuides(): string[] {
  const guides = join(repository, 'docs')
  if (!existsSync(guides)) return []
  return readdirSync(guides, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join('docs', name))
}

type Span = [start: number, end: number]

/** The `ts` blocks of a page, each with the prelude that stands before it. */
function findBlocks(document: string, page: string): Block[] {
  const piece =
    /<!--\s*prelude:(?<prelude>[^]*?)-->|^(?<indent> *)```(?<info>.*)\n(?<code>[^]*?)^\k<indent>```/dgm
  const blocks: Block[] = []
  let prelude: Span[] = []
  for (const { groups, indices } of page.matchAll(piece)) {
    const code = indices?.groups?.['code']
    const declared = indices?.groups?.['prelude']
    if (declared !== undefined) prelude = [declared]
    if (code === undefined) continue
    const [language, mode] = groups?.['info']?.trim().split(/\s+/) ?? []
    const line = page.slice(0, code[0]).split('\n').length
    const text = blankExcept(page, [...prelude, code])
    if (language === 'ts') blocks.push({ document, line, text, runs: mode === 'run' })
    prelude = []
  }
  return blocks
}

/** The page with spaces for all but the spans, so that what is left keeps its line and column. */
function blankExcept(page: string, spans: Span[]): string {
  let text = ''
  let at = 0
  for (const [start, end] of spans) {
    text += page.slice(at, start).replaceAll(/[^\n]/g, ' ') + page.slice(start, end)
    at = end
  }
  return text
}

/** What the compiler says of the blocks, a line each. */
function typeCheck(blocks: Block[]): string[] {
  if (blocks.length === 0) return []
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
      // A page may say process.env.REDIS_URL, as its readers do.
      noPropertyAccessFromIndexSignature: false,
    },
    files: blocks.map(extract),
  }
  const project = join(folder, 'tsconfig.json')
  writeFileSync(project, JSON.stringify(config))
  const tsc = join(repository, 'node_modules/typescript/bin/tsc')
  const run = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', project], {
    cwd: folder,
    encoding: 'utf8',
  })
  const output = run.stdout + run.stderr
  if (run.status !== 0 && output === '') throw new Error('tsc ended without a word')
  return output.split('\n').filter((line) => line !== '' && !line.startsWith(' '))
}

function extract(block: Block): string {
  const file = join(folder, `${fileStem(block.document)}-${block.line}.ts`)
  writeFileSync(file, block.text)
  return file
}

/** What the file name of every block of a document starts with. */
function fileStem(document: string): string {
  return document.replaceAll(/[/\\]/g, '.')
}

async function run(block: Block): Promise<unknown> {
  const { listen } = Server.prototype
  const servers: Server[] = []
  const spied = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
    servers.push(this)
    Reflect.apply(listen, this, [0, '127.0.0.1'])
    return this
  })
  try {
    const loaded: unknown = await import(/* @vite-ignore */ pathToFileURL(extract(block)).href)
    for (const server of servers) expect(await statusOf(server)).toBeLessThan(500)
    return loaded
  } finally {
    spied.mockRestore()
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
}

async function statusOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  // Such as a gateway that has authenticated the request adds.
  const headers = { 'X-Authenticated-Tenant': 'acme' }
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
  await response.text()
  return response.status
}
