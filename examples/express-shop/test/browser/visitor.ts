import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const sight = fileURLToPath(new URL('sight.js', import.meta.url))

/** How a visitor looks at the page. */
export interface VisitOptions {
  /** Default 1280. */
  readonly width?: number
  /** Refusals that this visit is about: the browser reports each as an error. Default none. */
  readonly statuses?: readonly number[]
}

/** A person at the page, with cookies of their own. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong behind the page: errors on the console, failed requests, requests to other places. */
  readonly troubles: readonly string[]
}

/** Opens the page of a shop and waits until its shelf is full. */
export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visitor> {
  const { width = 1280, statuses = [] } = options
  // What is on its way to another place or colour cannot be measured.
  const reducedMotion = 'reduce'
  const context = await browser.newContext({ viewport: { width, height: 800 }, reducedMotion })
  context.setDefaultTimeout(8000)
  await context.addInitScript({ path: sight })
  const page = await context.newPage()
  const troubles = watch(page, url, statuses)
  await page.goto(url)
  await page.locator('.product').nth(2).waitFor()
  return { page, context, troubles, [Symbol.asyncDispose]: () => context.close() }
}

function watch(page: Page, url: string, statuses: readonly number[]): string[] {
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => {
    const [, status] = /responded with a status of (\d+)/.exec(message.text()) ?? []
    const isTrouble = ['error', 'warning'].includes(message.type())
    if (isTrouble && !statuses.includes(Number(status))) troubles.push(message.text())
  })
  page.on('requestfailed', (request) => {
    troubles.push(`${request.url()}: ${request.failure()?.errorText}`)
  })
  page.on('request', (request) => {
    const isOurs = request.url().startsWith(`${url}/`) || request.url().startsWith('data:')
    if (!isOurs) troubles.push(`a request to ${request.url()}`)
  })
  return troubles
}
