import type { Page } from 'playwright-core'

/** Where the focus is. */
export interface FocusStop {
  /** Names the element. */
  readonly path: string
  /** Whether a person sees that the focus is there. */
  readonly isMarked: boolean
  /** Whether it stands in the window, in front of all else. */
  readonly isInSight: boolean
}

/** What the page looks like. */
export interface Look {
  readonly texts: number
  readonly color: string
  readonly backgroundColor: string
  /** Texts that are too faint to be read, and borders of fields too faint to be seen. */
  readonly faint: readonly string[]
}

/** The colours of the page, and what of it is too faint. */
export function lookAt(page: Page): Promise<Look> {
  return page.evaluate<Look>('sight.look()')
}

/** All that a person can act on, in the order of the document. */
export function controls(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>('sight.controls()')
}

/** What reaches out of the window to the right. */
export function overflow(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>('sight.overflow()')
}

/** What is smaller than a finger. */
export function smallTargets(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>('sight.smallTargets()')
}

/** How far things moved since the page was opened without being told to, as Chromium counts it. */
export function layoutShift(page: Page): Promise<number> {
  return page.evaluate<number>('sight.shift()')
}

/** How the page goes to a place in itself: `'smooth'`, or `'auto'` at once. */
export function motion(page: Page): Promise<string> {
  return page.evaluate<string>('getComputedStyle(document.documentElement).scrollBehavior')
}

/** Presses Tab until the focus is where it was before, and tells each stop on the way. */
export async function tabThrough(page: Page): Promise<readonly FocusStop[]> {
  const stops: FocusStop[] = []
  for (;;) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate<FocusStop | undefined>('sight.focus()')
    if (stop === undefined || stops.some(({ path }) => path === stop.path)) return stops
    stops.push(stop)
  }
}

/** The roles of the page with the names that Chromium tells a screen reader. */
export async function spokenNames(page: Page): Promise<readonly { role: string; name: string }[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? '') }))
}
