let sent = 0

/**
 * Sends a request. What came back is a value, also when nothing did: its status is 0 then. Each answer is an
 * `answer` event too, for the parts of the page that watch.
 */
export async function ask(path, { method = 'GET', body } = {}) {
  const number = ++sent
  const started = performance.now()
  const response = await send(path, method, body)
  const answer = await read(response)
  const reply = {
    path,
    number,
    tookMs: Math.round(performance.now() - started),
    ...answer,
  }
  document.dispatchEvent(new CustomEvent('answer', { detail: reply }))
  return reply
}

/** Past the browser's cache: this page shows what the server's does. */
async function send(path, method, body) {
  const json = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  try {
    return await fetch(path, { method, cache: 'no-store', ...(body === undefined ? {} : json) })
  } catch {
    return undefined
  }
}

async function read(response) {
  if (response === undefined) return { status: 0, ok: false, body: {} }
  const { status, ok, headers } = response
  const wait = headers.get('Retry-After')
  return {
    status,
    ok,
    // A proxy on the way answers in HTML.
    body: await response.json().catch(() => ({})),
    quota: readQuota(headers),
    cacheStatus: headers.get('Cache-Status') ?? '',
    ageSeconds: Number(headers.get('Age') ?? 0),
    // By this clock, whatever the server's says.
    until: wait === null ? undefined : Date.now() + Number(wait) * 1000,
  }
}

/** What is left of the minute: `"default";r=99;t=58` of RateLimit, and how much there was. */
function readQuota(headers) {
  const [, left, seconds] = /r=(\d+);t=(\d+)/.exec(headers.get('RateLimit') ?? '') ?? []
  if (left === undefined) return undefined
  return {
    left: Number(left),
    of: Number(headers.get('X-RateLimit-Limit')),
    fullAt: Date.now() + Number(seconds) * 1000,
  }
}
