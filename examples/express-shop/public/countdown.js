const running = new Map()

/** Shows the seconds until then in an element, one countdown an element, and calls back at the end. */
export function countdown(shownIn, until, whenOver = () => {}) {
  stopCountdown(shownIn)
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000)
    shownIn.textContent = left > 0 ? `${left} s` : ''
    if (left > 0) return
    stopCountdown(shownIn)
    whenOver()
  }
  running.set(shownIn, setInterval(tick, 250))
  tick()
}

/** Ends the countdown of an element, if there is one. */
export function stopCountdown(shownIn) {
  clearInterval(running.get(shownIn))
  running.delete(shownIn)
}
