/**
 * Starts `request(number)` so many times a second for so many seconds, whether or not earlier ones have ended, as visitors
 * do. A request that the timer starts late counts from when it was due.
 *
 * @returns `tookMs` of each request from when it was due, and `lateMs`, how late each was started; `elapsedMs` in all
 */
export async function atPace(perSecond, seconds, request) {
  const count = perSecond * seconds
  const tookMs = []
  const lateMs = []
  const startedAtMs = performance.now()
  const since = () => performance.now() - startedAtMs

  const start = async (number) => {
    const dueMs = (1000 * number) / perSecond
    lateMs.push(since() - dueMs)
    await request(number)
    tookMs.push(since() - dueMs)
  }
  const requests = []
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(count, 1 + Math.floor((since() * perSecond) / 1000))
      while (requests.length < due) requests.push(start(requests.length))
      if (requests.length < count) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  await Promise.all(requests)
  return { tookMs, lateMs, elapsedMs: since() }
}
