import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRedisBinary, redisVersion, type Machine } from '@sluice/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

interface FakeMachine extends Machine {
  readonly commands: string[]
  readonly said: string[]
}

function machine(changes: Partial<Machine> = {}): FakeMachine {
  const commands: string[] = []
  const said: string[] = []
  const run = async (command: string, args: readonly string[]): Promise<void> => {
    commands.push([command, ...args].join(' '))
  }
  const say = (line: string): void => void said.push(line)
  const base = { env: { PATH: '/nowhere' }, platform: 'linux', uid: 1000, exists: () => false }
  return { ...base, run, say, ...changes, commands, said }
}

const isDebian = (path: string): boolean => path === '/usr/bin/apt-get'

async function folderWith(...names: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-binary-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const name of names) await addBinary(folder, name)
  return folder
}

async function addBinary(folder: string, name: string): Promise<void> {
  await writeFile(join(folder, name), '#!/bin/sh\necho "Valkey server v=8.1.3 sha=0"\n')
  await chmod(join(folder, name), 0o755)
}

describe('the search for a server', () => {
  it('takes REDIS_SERVER_BIN before anything on PATH', async () => {
    const chosen = await folderWith('my-redis')
    const path = await folderWith('valkey-server')
    const env = { PATH: path, REDIS_SERVER_BIN: join(chosen, 'my-redis') }
    expect(await findRedisBinary(machine({ env }))).toBe(join(chosen, 'my-redis'))
  })

  it('refuses a REDIS_SERVER_BIN that cannot be run, rather than to use another', async () => {
    const env = { PATH: await folderWith('redis-server'), REDIS_SERVER_BIN: '/no/such/file' }
    await expect(findRedisBinary(machine({ env }))).rejects.toThrow(/REDIS_SERVER_BIN.*no\/such/)
  })

  it('takes valkey-server before redis-server, wherever on PATH they are', async () => {
    const first = await folderWith('redis-server')
    const second = await folderWith('valkey-server')
    const found = await findRedisBinary(machine({ env: { PATH: `${first}:${second}` } }))
    expect(found).toBe(join(second, 'valkey-server'))
  })

  it('takes redis-server where there is no other, and no folder of that name', async () => {
    const folder = await folderWith('redis-server')
    expect(await findRedisBinary(machine({ env: { PATH: folder } }))).toBe(
      join(folder, 'redis-server'),
    )
  })
})

describe('without a server', () => {
  it.each([
    ['macOS', { platform: 'darwin', uid: 501 }, 'brew install valkey'],
    ['root on macOS', { platform: 'darwin', uid: 0 }, 'brew install valkey'],
    ['Debian as a user', { exists: isDebian }, 'sudo apt-get install -y redis-server'],
    ['root on another Linux', { uid: 0 }, 'REDIS_SERVER_BIN=/path/to/redis-server npm test'],
  ])('%s is told the one command to type, and nothing is installed', async (_, changes, hint) => {
    const fake = machine(changes)
    await expect(findRedisBinary(fake)).rejects.toThrow(hint)
    expect(fake.commands).toEqual([])
  })

  it('root on Debian gets one installed, without its service, and is told so', async () => {
    const folder = await folderWith()
    const fake: FakeMachine = machine({
      env: { PATH: folder },
      uid: 0,
      exists: isDebian,
      run: async (command, args) => {
        fake.commands.push([command, ...args].join(' '))
        if (args.includes('install')) await addBinary(folder, 'redis-server')
      },
    })
    expect(await findRedisBinary(fake)).toBe(join(folder, 'redis-server'))
    expect(fake.commands).toEqual([
      'apt-get update',
      'env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends redis-server',
    ])
    expect(fake.said.join()).toContain('installing redis-server')
  })

  it('an installation that brings none is an error, not a skip', async () => {
    await expect(findRedisBinary(machine({ uid: 0, exists: isDebian }))).rejects.toThrow('apt-get')
  })
})

it('the version of Redis and of Valkey is read alike', async () => {
  const folder = await folderWith('valkey-server')
  expect(await redisVersion(join(folder, 'valkey-server'))).toBe('8.1.3')
})
