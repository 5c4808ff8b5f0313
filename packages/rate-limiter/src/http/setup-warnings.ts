import cluster from 'node:cluster'
import type { Cache } from '@sluice/core'
import type { Exchange } from '@sluice/core/http'
import type { Subject } from '../decider/ask.ts'
import type { Warnings } from './warnings.ts'

/**
 * Whom the framework believes about a client's address: nobody but the connection, proxies that the app names or counts,
 * or whatever the header says first.
 */
export type Trust = 'none' | 'some' | 'all'

/** Warns where addresses say nothing, because of what the app trusts. */
export function warnOfProxies<Context>(
  warnings: Warnings,
  exchange: Pick<Exchange<Context>, 'context' | 'header'>,
  trustOf: (context: Context) => Trust,
): void {
  const awaitsHeader = warnings.awaits('SLUICE_WARN_FORWARDED_FOR')
  if (!awaitsHeader && !warnings.awaits('SLUICE_WARN_TRUST_PROXY')) return
  const trust = trustOf(exchange.context)
  if (trust === 'all') warnings.give('SLUICE_WARN_TRUST_PROXY')
  if (trust !== 'none' || !awaitsHeader) return
  const forwarded = exchange.header('x-forwarded-for') ?? exchange.header('forwarded')
  if (forwarded !== undefined) warnings.give('SLUICE_WARN_FORWARDED_FOR')
}

/** What was counted of a request, and where. */
interface Counted {
  readonly cache: Cache
  readonly subject: Subject
}

const countedBy = new WeakMap<object, Counted[]>()

/** How a service is set up shows in its first requests; to note every one would be work for ever. */
const notedRequests = 1000
let noted = 0

/** Warns where one of the first thousand requests of the process is counted in one count twice. */
export function warnOfCountingTwice(
  warnings: Warnings,
  context: object,
  cache: Cache,
  subject: Subject,
): void {
  if (noted >= notedRequests || subject.cost === 0) return
  if (!warnings.awaits('SLUICE_WARN_COUNTED_TWICE')) return
  const counted = { cache, subject }
  const before = countedBy.get(context)
  if (before === undefined) {
    noted++
    countedBy.set(context, [counted])
  } else if (before.some((other) => shareCount(other, counted))) {
    warnings.give('SLUICE_WARN_COUNTED_TWICE')
  } else before.push(counted)
}

function shareCount(one: Counted, other: Counted): boolean {
  const slots = new Set(one.subject.rules.map(({ slot }) => slot))
  return (
    one.cache.store === other.cache.store &&
    one.cache.stateKey('limit', one.subject.key) ===
      other.cache.stateKey('limit', other.subject.key) &&
    other.subject.rules.some(({ slot }) => slots.has(slot))
  )
}

/** Warns where every worker of a service in production counts for itself. */
export function warnOfProcessMemory(warnings: Warnings, cache: Cache): void {
  const { NODE_ENV } = process.env
  if (NODE_ENV !== 'production' || cache.store.shared || !hasSeveralWorkers()) return
  warnings.give('SLUICE_WARN_PROCESS_MEMORY')
}

/** As far as a process can know: node:cluster, all instances of PM2 but the first, and what platforms set. */
function hasSeveralWorkers(): boolean {
  const { NODE_APP_INSTANCE, WEB_CONCURRENCY } = process.env
  return cluster.isWorker || Number(NODE_APP_INSTANCE) > 0 || Number(WEB_CONCURRENCY) > 1
}
