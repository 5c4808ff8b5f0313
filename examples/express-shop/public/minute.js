import { countdown, stopCountdown } from './countdown.js'
import { byId, element } from './page.js'

/** Shows what each answer says of its tier: how many requests are left, or until when they are refused. */
export function watchMinute() {
  document.addEventListener('answer', ({ detail: reply }) => {
    if (reply.quota !== undefined) tierOf(reply.path).show(reply)
  })
}

const tiers = { shop: createTier('shop'), auth: createTier('auth'), admin: createTier('admin') }

function tierOf(path) {
  if (path.startsWith('/api/auth')) return tiers.auth
  return path.startsWith('/api/admin') ? tiers.admin : tiers.shop
}

function createTier(name) {
  const row = byId(`tier-${name}`)
  const told = row.querySelector('dd')
  const wait = element('span', 'wait')
  let newest = 0
  let refill

  function fill(left, of) {
    told.textContent = `${left} of ${of}`
    row.style.setProperty('--left', left / of)
    row.className = ''
  }

  function refuse(until, { of }) {
    const isShown = row.className === 'held'
    row.style.setProperty('--left', 0)
    row.className = 'held'
    if (!isShown) told.replaceChildren('refused for ', wait)
    countdown(wait, until, () => {
      told.textContent = `open again, up to ${of}`
      row.className = ''
    })
  }

  return {
    show({ number, quota, until, status }) {
      // Of many at once the last one sent knows best, in whatever order they come back.
      if (number < newest) return
      newest = number
      clearTimeout(refill)
      refill = setTimeout(() => fill(quota.of, quota.of), quota.fullAt - Date.now())
      if (status === 429 && until !== undefined) return refuse(until, quota)
      stopCountdown(wait)
      fill(quota.left, quota.of)
    },
  }
}
