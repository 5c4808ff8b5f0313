import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from '@sluice/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { findChromium } from './chromium-binary.ts'

interface FakeMachine extends Machine {
  readonly commands: string[]
  readonly said: string[]
}

function machine(changes: Partial<Machine> = {}): FakeMachine {
  const commands: string[] = []
  const said: string[] = []
  return {
    env: { PATH: '/nowhere' },
    platform: 'linux',
    uid: 1000,
    exists: () => false,
    run: async (command, args) => void commands.push([command, ...args].join(' ')),
    say: (line) => void said.push(line),
    ...changes,
    commands,
    said,
  }
}

const hasApt = { exists: (path: string): boolean => path === '/usr/bin/apt-get' }

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-chromium-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function addBrowser(folder: string, name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 })
  return path
}

it('CHROMIUM_BIN goes before PATH', async () => {
  const folder = emptyFolder()
  addBrowser(folder, 'chromium')
  const chosen = addBrowser(folder, 'my-browser')
  const env = { PATH: folder, CHROMIUM_BIN: chosen }
  expect(await findChromium(machine({ env }))).toBe(chosen)
})

it('a CHROMIUM_BIN that cannot be run is refused, rather than another used', async () => {
  const folder = emptyFolder()
  addBrowser(folder, 'chromium')
  const env = { PATH: folder, CHROMIUM_BIN: '/no/such/file' }
  await expect(findChromium(machine({ env }))).rejects.toThrow(/CHROMIUM_BIN.*no\/such/)
})

it('what is on PATH is taken, and nothing is installed', async () => {
  const folder = emptyFolder()
  const browser = addBrowser(folder, 'google-chrome')
  const fake = machine({ env: { PATH: `/nowhere:${folder}`, CI: 'true' }, uid: 0, ...hasApt })
  expect(await findChromium(fake)).toBe(browser)
  expect(fake.commands).toEqual([])
})

it('root on Debian gets one installed, and is told so', async () => {
  const folder = emptyFolder()
  const fake: FakeMachine = machine({
    env: { PATH: folder },
    uid: 0,
    ...hasApt,
    run: async (command, args) => {
      fake.commands.push([command, ...args].join(' '))
      if (args.includes('install')) addBrowser(folder, 'chromium')
    },
  })
  expect(await findChromium(fake)).toBe(join(folder, 'chromium'))
  expect(fake.commands.at(-1)).toContain('apt-get install -y --no-install-recommends chromium')
  expect(fake.said.join()).toMatch(/installing chromium/)
})

it.each([
  ['a user on Debian', hasApt, 'sudo apt-get install -y --no-install-recommends chromium'],
  ['root without apt', { uid: 0 }, 'CHROMIUM_BIN=/path/to/chromium npm test'],
])('%s is told aloud what is not tested and what to type', async (_, changes, hint) => {
  const fake = machine(changes)
  expect(await findChromium(fake)).toBeUndefined()
  expect(fake.said).toEqual([expect.stringMatching(/THE PAGE OF THE SHOP IS NOT TESTED/)])
  expect(fake.said[0]).toContain(hint)
  expect(fake.commands).toEqual([])
})

it('in CI its absence is a failure, also when apt could not install one', async () => {
  const env = { PATH: '/nowhere', CI: 'true' }
  await expect(findChromium(machine({ env }))).rejects.toThrow(/NOT TESTED/)
  const run = () => Promise.reject(new Error('no network'))
  const root = machine({ env, uid: 0, ...hasApt, run })
  await expect(findChromium(root)).rejects.toThrow(/NOT TESTED/)
  expect(root.said.join()).toContain('no network')
})
