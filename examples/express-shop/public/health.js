import { ask } from './ask.js'
import { tell } from './log.js'
import { byId } from './page.js'

const calmMs = 15_000
const anxiousMs = 2000
const path = '/health'

/** Asks whether the store answers: every 15 s, at once when a request failed, and more often until all is well. */
export function watchHealth(whenBack) {
  let timer
  let state = 'asking'
  let store = 'the store'

  async function look() {
    clearTimeout(timer)
    timer = undefined
    const reply = await ask(path)
    store = reply.body.store ?? store
    const before = state
    state = reply.ok ? 'well' : reply.status === 0 ? 'gone' : 'away'
    show(state, store)
    timer = setTimeout(() => void look(), state === 'well' ? calmMs : anxiousMs)
    if (before !== state) announce(before)
  }

  /** A change goes to the log, where it is read out; the line itself changes in silence. */
  function announce(before) {
    if (state !== 'well') {
      tell({ ...troubles[state], tone: 'held' })
    } else if (before !== 'asking') {
      tell({ title: 'All is well again', part: 'core', detail: `${nameOf(store)} answers` })
      whenBack()
    }
  }

  document.addEventListener('answer', ({ detail: { path: asked, status } }) => {
    const isTrouble = (status === 0 || status === 503) && asked !== path
    if (isTrouble && state === 'well' && timer !== undefined) void look()
  })
  return look()
}

const troubles = {
  away: { title: 'The store is away', part: 'core', detail: `${path} answers 503` },
  gone: { title: 'The shop is out of reach', part: 'network', detail: `${path} does not answer` },
}

function nameOf(store) {
  return store === 'redis' ? 'Redis' : `The ${store} store`
}

function show(state, store) {
  const line = byId('store')
  line.dataset.state = state
  line.textContent = {
    well: `Runs on ${store === 'redis' ? 'Redis' : `the ${store} store`}, which answers.`,
    away: `${nameOf(store)} does not answer. Products stay open; sign-in and cart wait for it.`,
    gone: 'The shop cannot be reached. The page keeps trying.',
  }[state]
}
