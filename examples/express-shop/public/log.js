import { countdown, stopCountdown } from './countdown.js'
import { byId, clock, element } from './page.js'

const mostEntries = 20

/** Puts an entry on top: what it is, which part of Sluice answered, how long it took and what is left. */
export function tell({ title, part, detail = '', tookMs, tone = 'good', until }) {
  const took = tookMs === undefined ? '' : `${tookMs} ms`
  // Read out once as a time; the seconds that go by are for the eyes.
  const wait = element('span', 'wait')
  wait.ariaHidden = 'true'
  const entry = element(
    'li',
    tone,
    element('p', 'what', element('strong', '', title), element('span', 'took', took)),
    element('p', 'quiet', element('span', 'part', part), ' ', detail, ' ', wait),
  )
  const log = byId('log')
  log.prepend(entry)
  while (log.children.length > mostEntries) drop(log.lastElementChild)
  if (until !== undefined) countdown(wait, until)
  showLatest(title, tone, until)
}

/** Tells of an answer: as it is said here when it is good, else as its status is told everywhere. */
export function report(reply, { title, part, detail }) {
  const { tookMs, until } = reply
  if (!reply.ok) tell({ ...refusalOf(reply), tookMs, until })
  else tell({ title, part, tookMs, detail: [detail, leftOf(reply)].filter(Boolean).join(', ') })
  return reply.ok
}

function leftOf({ quota }) {
  return quota === undefined ? '' : `${quota.left} of ${quota.of} left`
}

function refusalOf({ status, path, body, until }) {
  const tone = 'held'
  const when = until === undefined ? '' : `, refused until ${clock(until)}`
  const said = body.error ?? 'no reason given'
  if (status === 0) {
    const detail = `nothing came back from ${path}`
    return { title: 'The shop cannot be reached', part: 'network', detail, tone }
  }
  if (status === 429) {
    return { title: 'Enough for now', part: 'rate-limiter', detail: `429 for ${path}${when}`, tone }
  }
  if (status === 409) {
    const title = 'A checkout is under way already'
    return { title, part: 'distributed-lock', detail: '409, one at a time', tone }
  }
  if (status === 503) {
    const title = 'The store does not answer'
    return { title, part: 'session-store', detail: `503 for ${path}, try again soon`, tone }
  }
  if (status === 401) {
    return { title: 'Not signed in any more', part: 'session-store', detail: `401, ${said}`, tone }
  }
  return { title: said, part: 'shop', detail: `answered ${status}`, tone }
}

function drop(entry) {
  stopCountdown(entry.querySelector('.wait'))
  entry.remove()
}

/** On a phone the log is far below: its newest line is always in sight. */
function showLatest(title, tone, until) {
  const wait = byId('latest-wait')
  byId('latest').textContent = title
  byId('latest').parentElement.dataset.tone = tone
  if (until !== undefined) return countdown(wait, until)
  stopCountdown(wait)
  wait.textContent = ''
}
