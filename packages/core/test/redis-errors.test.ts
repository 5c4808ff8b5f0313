import { expect, it } from 'vitest'
import { isReadOnly, reasonOf, toStoreError } from '../src/redis/redis-errors.ts'

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' })
}

// As Redis 6.2, 7.0 and 7.2 and ioredis word them.
it.each([
  ['READONLY You can’t write against a read only replica.', 'not-serving'],
  ['ERR Error running script (call to f_1): @user_script:3: -READONLY You can’t', 'not-serving'],
  ['OOM command not allowed when used memory > ‘maxmemory’.', 'not-serving'],
  ['LOADING Redis is loading the dataset in memory', 'not-serving'],
  ['CLUSTERDOWN The cluster is down', 'not-serving'],
  ['NOPERM ACL failure in script: User app has no permissions', 'denied'],
  ['ERR ACL failure in script: User app has no permissions', 'denied'],
  ['ERR The user executing the script can’t run this command', 'denied'],
  ['WRONGPASS invalid username-password pair', 'denied'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', undefined],
  ['ERR unknown command ‘FOO’', undefined],
  ['ASKING for nothing', undefined],
])('"%s" means %s', (message, reason) => {
  expect(reasonOf(reply(message))).toBe(reason)
})

it('what never reached a server, or never came back, is a lost connection', () => {
  expect(reasonOf(new Error('Connection is closed.'))).toBe('disconnected')
  const redirected = 'Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys'
  expect(reasonOf(new Error(redirected))).toBe('not-serving')
})

it('a command that the client refused to write was not done, whatever broke the connection', () => {
  for (const who of ["Stream isn't writeable", "Cluster isn't ready"]) {
    const refused = new Error(`${who} and enableOfflineQueue options is false`)
    const ours = toStoreError(refused, 'set')
    expect(ours).toMatchObject({ reason: 'disconnected', mayHaveApplied: false })
    expect(ours.message).toMatch(/^set: not sent: /)
  }
  expect(toStoreError(new Error('Connection is closed.'), 'set')).toMatchObject({
    reason: 'disconnected',
    mayHaveApplied: true,
  })
})

it('a demoted primary is known by READONLY, in a script too', () => {
  expect(isReadOnly(reply('READONLY You can’t write'))).toBe(true)
  expect(isReadOnly(reply('ERR Error running script (call to f_1): @x:3: -READONLY You'))).toBe(
    true,
  )
  expect(isReadOnly(reply('ERR READONLY is no command'))).toBe(false)
})

it('the arguments of a command never get into an error', () => {
  const error = Object.assign(
    reply("ERR unknown command 'set', with args beginning with: 'k' 'v1'"),
    {
      command: { name: 'set', args: ['k', 'v1'] },
    },
  )
  const ours = toStoreError(error, 'set')
  expect(ours.message).toMatch(/^set: ERR unknown command 'set'\. See \S+$/)
  expect(ours.cause).not.toHaveProperty('command')
})
