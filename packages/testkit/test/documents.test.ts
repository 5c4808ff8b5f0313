/** The documents as a whole: no link leads nowhere, and the packages' READMEs are built alike. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const ours = 'https://github.com/sluice/sluice/blob/main/'

describe('the links', () => {
  const documents = findDocuments()

  it.each(documents)('of %s lead to a file, and to a heading of it', (name) => {
    expect(brokenLinks(join(repository, name))).toEqual([])
  })
  it('of both directions are looked at', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/errors.md']))
    const page = readFileSync(join(repository, 'docs/errors.md'), 'utf8')
    expect(linksOf(page)).toEqual(expect.arrayContaining(['#sluice_option', 'near-cache.md']))
  })
})

describe('a link', () => {
  const here = fileURLToPath(import.meta.url)
  const readme = '../README.md'

  it('to a file that is missing, or to no heading, is broken', () => {
    expect(brokenIn(here, '[a](nowhere.md) [b](../README.md#nowhere) [c](#nowhere)')).toEqual([
      'nowhere.md',
      '../README.md#nowhere',
      '#nowhere',
    ])
    expect(brokenIn(here, '[a](..#faults) [b](..#nowhere)')).toEqual(['..#nowhere'])
    expect(brokenIn(here, `[a](${readme}) [b](${ours}docs/nowhere.md) [c](mailto:a@b)`)).toEqual([
      `${ours}docs/nowhere.md`,
    ])
  })
  it('around an image counts as two', () => {
    expect(linksOf('[![what](a.svg)](b.md "title")')).toEqual(['a.svg', 'b.md'])
  })
  it('in code is none', () => {
    expect(linksOf('```ts\nconst [a](b.md)\n```\nand `[a](c.md)`')).toEqual([])
  })
  it('finds a heading by its words, and the second of a name by its number', () => {
    const page = '# What, now?\n## `run()` & *more*\n## Same\n## Same\n```sh\n# none\n```\n'
    expect([...anchorsOf(page)]).toEqual(['what-now', 'run--more', 'same', 'same-1'])
  })
})

describe('the README of', () => {
  const packages = readdirSync(join(repository, 'packages')).filter((name) => name !== 'testkit')
  const order = [
    'Install',
    'Express',
    'Koa',
    'When Redis is away',
    'Options',
    'Errors',
    'Recipes',
    'Guarantees',
    'Not guaranteed',
    'CommonJS',
  ]

  describe.each(packages)('%s', (name) => {
    const page = readFileSync(join(repository, 'packages', name, 'README.md'), 'utf8')
    const sectionOf = (heading: string): string =>
      page.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]?.split(/^## /m)[0] ?? ''

    it('has the headings of all, in their order, on 150 lines', () => {
      expect(headingsOf(page)).toEqual([`@sluice/${name}`, ...order])
      expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
    })
    it('promises in one sentence, and runs its examples of Express and Koa', () => {
      const [promise] = page.split('\n').slice(2).join('\n').split('\n\n')
      expect(promise?.match(/\.(?=\s|$)/g)).toHaveLength(1)
      expect([sectionOf('Express'), sectionOf('Koa')]).toEqual(
        Array(2).fill(expect.stringContaining('\n```ts run\n')),
      )
    })
    it('says three lines about Redis, and links every code to the page of errors', () => {
      expect(sectionOf('When Redis is away').match(/^- /gm)).toHaveLength(3)
      const codes = sectionOf('Errors').match(/SLUICE_[A-Z_]+/g) ?? []
      expect(codes.length).toBeGreaterThan(3)
      for (const code of codes) {
        expect(page).toContain(`[\`${code}\`](../../docs/errors.md#${code.toLowerCase()})`)
      }
    })
  })
})

/** Every README and guide that is committed. */
function findDocuments(): string[] {
  const documents = [
    '',
    'bench',
    '.changeset',
    ...['packages', 'examples', 'tools'].flatMap(within),
  ]
    .filter((folder) => existsSync(join(repository, folder)))
    .flatMap((folder) => readdirSync(join(repository, folder)).map((name) => join(folder, name)))
  const guides = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
  return [...documents, ...guides.map((name) => join('docs', name))].filter((name) =>
    name.endsWith('.md'),
  )
}

function within(folder: string): string[] {
  return readdirSync(join(repository, folder))
    .map((name) => join(folder, name))
    .filter((name) => statSync(join(repository, name)).isDirectory())
}

function brokenLinks(file: string): string[] {
  return brokenIn(file, readFileSync(file, 'utf8'))
}

function brokenIn(file: string, page: string): string[] {
  return linksOf(page).filter((link) => {
    const [path = '', anchor] = link
      .replace(ours, `${relative(dirname(file), repository)}/`)
      .split('#')
    if (/^[a-z]+:/.test(path)) return false
    if (path === '') return !anchorsOf(page).has(anchor ?? '')
    const target = resolve(dirname(file), path)
    if (!existsSync(target)) return true
    if (anchor === undefined) return false
    const shown = statSync(target).isDirectory() ? join(target, 'README.md') : target
    return !anchorsOf(readFileSync(shown, 'utf8')).has(anchor)
  })
}

function linksOf(page: string): string[] {
  const text = withoutFences(page).replaceAll(/`[^`\n]*`/g, '`')
  return [...text.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(([, link]) => link ?? '')
}

/** As GitHub names them: small letters, spaces as hyphens, no other punctuation; the next of a name is numbered. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const heading of headingsOf(page)) {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let count = 0
    while (anchors.has(count === 0 ? name : `${name}-${count}`)) count++
    anchors.add(count === 0 ? name : `${name}-${count}`)
  }
  return anchors
}

function headingsOf(page: string): string[] {
  return [...withoutFences(page).matchAll(/^#{1,6} +(.*)$/gm)].map(([, text]) => text ?? '')
}

function withoutFences(page: string): string {
  return page.replaceAll(/^( *)(```+)[^]*?^\1\2/gm, '')
}
