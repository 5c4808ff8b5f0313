import type { Cache } from '@sluice/core'
import { responsesOf } from './archive.ts'
import { reportFailure } from './failure.ts'
import { createGenerations } from './generations.ts'
import { pageOf } from './request-key.ts'
import type { Visit } from './visit.ts'

/** Forgets what a request changes. */
export interface Forgetter {
  /**
   * Forgets the page that an unsafe request was made to, and those that its response names, if it succeeded (RFC 9111 4.4).
   * The response waits for it: who is told of the change sees it. Never rejects.
   */
  afterUnsafe<Context>(visit: Visit<Context>): Promise<undefined> | undefined
}

/** Forgets pages in a cache. */
export function createForgetter(cache: Cache): Forgetter {
  const generations = createGenerations(responsesOf(cache))
  const forget = async (pages: readonly string[]): Promise<undefined> => {
    try {
      await generations.invalidate(pages)
    } catch (error) {
      reportFailure({ verb: 'invalidate', instead: 'stale', error })
    }
    return undefined
  }
  return {
    afterUnsafe(visit) {
      const { status } = visit.exchange
      return status >= 200 && status < 400 ? forget(pagesOf(visit)) : undefined
    },
  }
}

function pagesOf<Context>({ exchange, request, hostname }: Visit<Context>): readonly string[] {
  const base = `http://${request.headers.host ?? hostname}${exchange.url}`
  const named = ['Location', 'Content-Location'].flatMap((name) => {
    const url = urlOf(String(exchange.responseHeader(name) ?? ''), base)
    return url === undefined || !isOwn(url, base, hostname) ? [] : [pageOf(hostname, url.pathname)]
  })
  return [...new Set([pageOf(hostname, exchange.path), ...named])]
}

/** Nobody may forget the pages of another host. */
function isOwn(url: URL, base: string, hostname: string): boolean {
  return url.hostname === hostname.toLowerCase() || url.host === urlOf('', base)?.host
}

function urlOf(text: string, base: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined
}
