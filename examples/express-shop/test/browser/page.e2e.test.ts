import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '@sluice/testkit'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openShop, type ShopProcess } from '../shop-process.ts'
import { findChromium } from './chromium-binary.ts'
import {
  controls,
  layoutShift,
  lookAt,
  motion,
  overflow,
  smallTargets,
  spokenNames,
  tabThrough,
} from './readings.ts'
import { visit, type Visitor, type VisitOptions } from './visitor.ts'

const executablePath = await findChromium()
const visitors: Visitor[] = []
const cleanups: AsyncDisposable[] = []
let browser: Browser
let shop: ShopProcess

function press(page: Page, name: string): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click()
}

/** Waits until the visible text there says so. */
async function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  const shown = async () => (await page.locator(selector).allInnerTexts()).join('\n')
  await expect.poll(shown, { timeout: 8000, interval: 30 }).toMatch(text)
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await page.keyboard.press('Enter')
  await says(page, '#who', `Signed in as ${name}`)
}

/** Limits count in minutes of the clock: a countdown that starts at the end of one is over before it is seen. */
async function earlyInAMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000)
  if (leftMs < 10_000) await sleep(leftMs + 50)
}

async function visitShop(options?: VisitOptions, url = shop.url): Promise<Visitor> {
  const visitor = await visit(browser, url, options)
  visitors.push(visitor)
  return visitor
}

async function openAnother(env: NodeJS.ProcessEnv = {}): Promise<ShopProcess> {
  const another = await openShop(env)
  cleanups.push(another)
  return another
}

describe.skipIf(executablePath === undefined)('the page', () => {
  beforeAll(async () => {
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const launched = chromium.launch({ executablePath: executablePath ?? '', args })
    ;[browser, shop] = await Promise.all([launched, openShop()])
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    const troubles = visitors.flatMap((visitor) => visitor.troubles)
    for (const used of [...visitors.splice(0), ...cleanups.splice(0)])
      await used[Symbol.asyncDispose]()
    if (troubles.length > 0) throw new Error(`Behind the page: ${troubles.join('; ')}`)
  })

  it('lets a person sign in and out by the keyboard alone, and keeps the focus where they are', async () => {
    const { page } = await visitShop()
    const focused = page.locator(':focus')
    await page.keyboard.press('Tab')
    expect(await focused.textContent()).toBe('Skip to the shop')
    for (let tabs = 0; tabs < 2; tabs++) await page.keyboard.press('Tab')
    expect(await focused.getAttribute('id')).toBe('name')
    await page.keyboard.type('Bob')
    await page.keyboard.press('Enter')
    await says(page, '#log', 'Signed in as Bob')
    await says(page, '#devices', 'this one')
    expect(await focused.textContent()).toBe('Signed in as Bob')

    await page.keyboard.press('Tab')
    expect(await focused.textContent()).toBe('Sign out')
    await page.keyboard.press('Enter')
    await says(page, '#log', 'Signed out')
    expect(await focused.getAttribute('id')).toBe('name')
  })

  it('counts what is put in the cart, and sells it', async () => {
    const { page } = await visitShop()
    await press(page, 'Add to cart: Tea, 100 g')
    await says(page, '#cart-count', '1')
    await press(page, 'Add to cart: Cup')
    await says(page, '#cart-count', '2')
    await says(page, '#cart-total', '€19.40')
    await page.reload()
    await says(page, '#cart-total', '€19.40')

    await press(page, 'Check out')
    await says(page, '#log', 'Paid for 2 items')
    await says(page, '#cart-count', '0')
    await says(page, '#log', 'Shipped once')
  })

  it('tells which part of Sluice answered, and whether the cache did', async () => {
    const { page } = await visitShop({ statuses: [409] })
    await says(page, '#list-told', /From the (cache|source)/)
    await press(page, 'Forget and ask')
    await says(page, '#list-told', /^From the source, and kept/)
    await press(page, 'Ask again')
    await says(page, '#list-told', /^From the cache, \d+ s old: \d+ ms\.$/)

    await press(page, 'Send 50 requests')
    await says(page, '#crowd-result', '50 answers, 1 load of the source')
    await press(page, 'Order twice')
    await says(page, '#order-result', 'Told twice, shipped once')
    await press(page, 'Check out twice')
    await says(page, '#checkout-result', 'Answered 201 and 409')
    await says(page, '#log', 'A checkout is under way already')
    for (const part of ['stampede-guard', 'distributed-lock']) await says(page, '.part', part)
  })

  it('says calmly that the limit is reached and counts down, and the rest goes on', async () => {
    const { url } = await openAnother()
    const { page } = await visitShop({ statuses: [429] }, url)
    await earlyInAMinute()
    await press(page, 'Send 120 requests')
    await says(page, '#burst-result', /^\d+ admitted, \d+ refused$/)
    await says(page, '#log', /refused until \d\d:\d\d:\d\d/)
    const row = page.locator('#tier-shop dd')
    const seconds = async () => Number(/for ?(\d+) s/.exec((await row.textContent()) ?? '')?.[1])
    const first = await seconds()
    expect(first).toBeGreaterThan(1)
    await expect.poll(seconds, { timeout: 3000 }).toBeLessThan(first)

    await press(page, 'Add to cart: Tea, 100 g')
    await says(page, '#log', 'Enough for now')
    await says(page, '#cart-count', '0')
    const focused = await page.locator(':focus').getAttribute('aria-label')
    expect(focused).toBe('Add to cart: Tea, 100 g')
    await press(page, 'Look closer: Tea pot')
    await says(page, '#log', 'A closer look: Tea pot')
    await says(page, '#store', 'Runs on the memory store, which answers.')
    expect((await lookAt(page)).faint).toEqual([])
  })

  it('signs a person out here who signed out everywhere there', async () => {
    const here = await visitShop()
    const there = await visitShop({ statuses: [401] })
    await signIn(here.page, 'Eve')
    await signIn(there.page, 'Eve')
    await says(there.page, '#devices', 'this one')
    expect(await there.page.locator('#devices li').count()).toBe(2)

    await press(here.page, 'Sign out everywhere')
    await says(here.page, '#log', '2 sessions ended')
    await press(there.page, 'Look again')
    await says(there.page, '#log', 'Not signed in any more')
    await there.page.getByLabel('Your name').waitFor()
    await says(there.page, '#devices', 'Sign in to see them.')
  })

  it('says that Redis is away, sells on when it is back', async () => {
    const redis = await startRedis()
    cleanups.push(redis)
    const { url } = await openAnother({ REDIS_URL: redis.url })
    const { page } = await visitShop({ statuses: [503] }, url)
    await signIn(page, 'Ada')
    await says(page, '#store', 'Runs on Redis, which answers.')
    redis.pause()
    try {
      await press(page, 'Add to cart: Cup')
      await says(page, '#log', 'The store does not answer')
      await says(page, '#store', 'Redis does not answer. Products stay open')
      await press(page, 'Look closer: Tea pot')
      await says(page, '#log', 'A closer look: Tea pot')
      expect((await lookAt(page)).faint).toEqual([])
    } finally {
      redis.resume()
    }
    await says(page, '#log', 'All is well again')
    await says(page, '#store', 'Runs on Redis, which answers.')
    await press(page, 'Add to cart: Cup')
    await says(page, '#cart-count', /[12]/)
    await says(page, '#who', 'Signed in as Ada')
  })

  it('says that the shop is out of reach, and that it is back', async () => {
    const visitor = await visit(browser, shop.url)
    cleanups.push(visitor) // its requests are meant to fail
    const { page, context } = visitor
    await context.setOffline(true)
    await press(page, 'Add to cart: Cup')
    await says(page, '#log', 'The shop cannot be reached')
    await says(page, '#store', 'The shop cannot be reached. The page keeps trying.')
    await context.setOffline(false)
    await says(page, '#log', 'All is well again')
    await says(page, '#store', 'Runs on the memory store, which answers.')
  })

  it('can be read in light and in dark, signed in or not', async () => {
    const { page } = await visitShop()
    const before = await lookAt(page)
    await signIn(page, 'Ada')
    await press(page, 'Add to cart: Cup')
    await says(page, '#cart-count', /[1-9]/)
    const light = await lookAt(page)
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await lookAt(page)
    expect([before.faint, light.faint, dark.faint]).toEqual([[], [], []])
    expect(light.texts).toBeGreaterThan(40)
    expect(light.color).not.toBe(dark.color)
    expect(light.backgroundColor).not.toBe(dark.backgroundColor)
  })

  it('fits into a phone, and nothing moves while it is filled', async () => {
    const { page } = await visitShop({ width: 390 })
    await says(page, '#tier-shop dd', /of 100/)
    expect(await layoutShift(page)).toBeLessThan(0.02)
    await signIn(page, 'x'.repeat(40))
    await press(page, 'Add to cart: Tea pot')
    await says(page, '#cart-count', '1')
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 700 })
      expect(await overflow(page)).toEqual([])
      expect(await smallTargets(page)).toEqual([])
    }
  })

  it('is walked through by Tab, each stop marked and in sight, on a phone as on a desk', async () => {
    const { page } = await visitShop()
    await says(page, '#tier-shop dd', /of 100/)
    expect(await layoutShift(page)).toBeLessThan(0.02)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 })
      const stops = await tabThrough(page)
      expect(stops.map(({ path }) => path)).toEqual(await controls(page))
      expect(stops.length).toBeGreaterThan(18)
      expect(stops.filter(({ isMarked, isInSight }) => !isMarked || !isInSight)).toEqual([])
    }
  })

  it('names all that it has for a screen reader, and keeps still for who asks for it', async () => {
    const { page } = await visitShop()
    const spoken = await spokenNames(page)
    const roles = [
      'button',
      'textbox',
      'link',
      'heading',
      'log',
      'form',
      'complementary',
      'RootWebArea',
    ]
    const named = spoken.filter(({ role }) => roles.includes(role))
    expect(new Set(named.map(({ role }) => role))).toEqual(new Set(roles))
    expect(named.filter(({ name }) => name.trim() === '')).toEqual([])
    const buttons = named.filter(({ role }) => role === 'button').map(({ name }) => name)
    expect(new Set(buttons).size).toBe(buttons.length)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    expect(await page.locator('[role=log]').ariaSnapshot()).toContain('The list of products')

    expect(await motion(page)).toBe('auto')
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    expect(await motion(page)).toBe('smooth')
  })
})
