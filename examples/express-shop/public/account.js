import { ask } from './ask.js'
import { report, tell } from './log.js'
import { byId, clock, count, element } from './page.js'

const part = 'session-store'
let user = null

/** Shows who is signed in. An answer that knows of nobody while somebody was: the session was ended elsewhere. */
export async function showUser(name) {
  const before = user
  if (name === before) return
  switchTo(name)
  if (before !== null && name === null) {
    const detail = 'its session was ended elsewhere'
    tell({ title: `${before} is signed out`, part, detail, tone: 'held' })
  }
  await showDevices()
}

/** Signs in under a name; there is no password. */
export async function signIn({ name }) {
  const reply = await ask('/api/auth/sign-in', { method: 'POST', body: { name } })
  const said = { title: `Signed in as ${name}`, part, detail: 'under a new session id' }
  if (!report(reply, said)) return
  switchTo(reply.body.user)
  await showDevices()
}

/** Ends the session of this browser. */
export async function signOut() {
  const reply = await ask('/api/auth/sign-out', { method: 'POST' })
  const said = { title: 'Signed out', part, detail: 'this session is ended' }
  if (report(reply, said)) await leave()
}

/** Ends every session of the user. */
export async function signOutEverywhere() {
  const reply = await ask('/api/auth/sign-out-everywhere', { method: 'POST' })
  const detail = `${count(reply.body.ended, 'session')} ended`
  if (report(reply, { title: 'Signed out everywhere', part, detail }) || reply.status === 401)
    await leave()
}

/** Asks where the user is signed in, and tells. */
export async function lookForDevices() {
  if (user === null) {
    tell({ title: 'Nobody is signed in', part: 'shop', detail: 'sign in to see your devices' })
    return
  }
  const reply = await showDevices()
  const detail = count(reply.body.devices?.length ?? 0, 'session')
  report(reply, { title: `Devices of ${user}`, part, detail })
  if (reply.status === 401) await leave()
}

/** The cart went with the session; who watches it is told. */
async function leave() {
  switchTo(null)
  document.dispatchEvent(new Event('left'))
  await showDevices()
}

/** Focus goes on from where it was: what is hidden cannot keep it. */
function switchTo(name) {
  const form = byId('sign-in')
  const account = byId('signed-in')
  const hadFocus = [form, account].some((part) => part.contains(document.activeElement))
  user = name
  byId('user').textContent = name ?? ''
  form.hidden = name !== null
  account.hidden = name === null
  if (hadFocus) byId(name === null ? 'name' : 'who').focus()
}

async function showDevices() {
  const list = byId('devices')
  if (user === null) return list.replaceChildren(element('li', 'quiet', 'Sign in to see them.'))
  const reply = await ask('/api/devices')
  if (reply.ok) list.replaceChildren(...reply.body.devices.map(lineOf))
  return reply
}

function lineOf({ signedInAt, lastSeenAt, thisOne }) {
  const times = element(
    'span',
    'grow',
    `Since ${clock(signedInAt)}`,
    element('span', 'quiet block', `seen ${clock(lastSeenAt)}`),
  )
  return element('li', '', times, thisOne ? element('span', 'part', 'this one') : '')
}
