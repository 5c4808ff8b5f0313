import type { Archive, Found, Kept } from './archive.ts'
import { startCapture } from './capture.ts'
import { decide, freshUseOf, type Forward, type Knowledge, type Lookup } from './decide.ts'
import { reportFailure } from './failure.ts'
import { checkTags, type ResponseCacheConfig } from './options.ts'
import { conditionsOf, present } from './present.ts'
import { ageText } from './ruling.ts'
import { createRuns, outcomeWithin, type Outcome } from './runs.ts'
import { createShortMemory } from './short-memory.ts'
import { useOf, type Use } from './usable.ts'
import { isSelected, joinVary } from './vary.ts'
import type { HeaderLine, Visit } from './visit.ts'

/** After a failure that a kept response covered, the handler is left in peace for this long. */
const coverForMs = 1000

/** What a lookup works with. */
interface Tools<Context> {
  readonly config: ResponseCacheConfig<Context>
  readonly archive: Archive
  readonly knowledge: Knowledge
}

/** Answers a request from the cache, at once if it may, or lets it go on to the handler: true. */
export function createLookup<Context>(
  config: ResponseCacheConfig<Context>,
  archive: Archive,
): (lookup: Lookup<Context>) => false | Promise<boolean> {
  const knowledge: Knowledge = {
    runs: createRuns(),
    uncacheable: createShortMemory(),
    covered: createShortMemory(),
  }
  const tools = { config, archive, knowledge }

  const ask = async (lookup: Lookup<Context>): Promise<boolean> => {
    const { visit, at } = lookup
    let waits = 0
    for (;;) {
      const before = knowledge.runs.of(at.key)
      const found = await findOrReport(archive, lookup)
      const step = decide(config, knowledge, lookup, { found, before, waits })
      if (step.kind === 'forward') return forward(tools, lookup, step)
      if (step.kind === 'serve') return serve(config, visit, { told: hitOf(step.use), ...step })
      if (step.kind === 'refuse') return refuse(visit)
      const outcome = await outcomeWithin(step.run, config.followerWaitMs)
      // The client has gone meanwhile.
      if (visit.response.destroyed) return false
      const served = fromRun(config, lookup, outcome, step.why)
      // It may have been forgotten before this request came.
      if (served !== undefined && (await isCurrentOrReport(archive, served.kept))) {
        return serve(config, visit, served)
      }
      waits = outcome === undefined ? Number.POSITIVE_INFINITY : waits + 1
    }
  }
  return function lookUp(lookup) {
    const { visit } = lookup
    const kept = recallIfAny(archive, lookup)
    const use = kept && freshUseOf(lookup, kept, config.clock.now())
    if (kept === undefined || use === undefined) return ask(lookup)
    return serve(config, visit, { kept, use, told: hitOf(use) })
  }
}

/** What a store throws here, it throws at the call that follows, too, which tells of it. */
function recallIfAny<Context>(archive: Archive, { at, visit }: Lookup<Context>): Kept | undefined {
  try {
    return archive.recall(at, visit.request.headers)
  } catch {
    return undefined
  }
}

async function findOrReport<Context>(
  archive: Archive,
  { at, visit }: Lookup<Context>,
): Promise<Found | undefined> {
  try {
    return await archive.find(at, visit.request.headers)
  } catch (error) {
    reportFailure({ verb: 'cacheResponse', instead: 'handle', error })
    return undefined
  }
}

async function isCurrentOrReport(archive: Archive, kept: Kept): Promise<boolean> {
  try {
    return await archive.isCurrent(kept)
  } catch (error) {
    reportFailure({ verb: 'cacheResponse', instead: 'handle', error })
    return false
  }
}

interface Served {
  readonly kept: Kept
  readonly use: Use
  /** What Cache-Status says. */
  readonly told: string
}

/** What a follower gets of the run that it has waited for, if it may have it. */
function fromRun<Context>(
  config: ResponseCacheConfig<Context>,
  lookup: Lookup<Context>,
  outcome: Outcome | undefined,
  why: string,
): Served | undefined {
  const kept = outcome?.kind === 'kept' ? outcome.kept : undefined
  const cover = outcome?.kind === 'failed' ? outcome.cover : undefined
  const given = kept ?? cover
  if (given === undefined) return undefined
  const { headers } = lookup.visit.request
  if (!isSelected(headers, given.variant, config.normalizers)) return undefined
  const use = useOf(given.variant, lookup.demands, config.clock.now())
  if (kept !== undefined && use.isFresh) return { kept, use, told: `fwd=${why}; collapsed` }
  if (cover === undefined || !use.ifError) return undefined
  return { kept: cover, use, told: hitOf(use) }
}

function hitOf({ leftMs }: Use): string {
  return `hit; ttl=${Math.floor(leftMs / 1000)}`
}

/** Answers with what is kept. False: the handler must not run. */
function serve<Context>(
  { name }: ResponseCacheConfig<Context>,
  visit: Visit<Context>,
  { kept, use, told }: Served,
): false {
  const { request, response } = visit
  const presented = present(kept, conditionsOf(request), [
    ['Age', ageText(use.ageMs)],
    ['Cache-Status', `${name}; ${told}`],
  ])
  const earlier = response.getHeader('Vary')
  if (earlier === undefined) visit.send(presented)
  else {
    const headers = presented.headers.map((line) => withEarlierVary(line, earlier))
    visit.send({ ...presented, headers })
  }
  return false
}

/** Other middleware has said what its own part varies by. */
function withEarlierVary(
  line: HeaderLine,
  earlier: number | string | readonly string[],
): HeaderLine {
  const [name, value] = line
  if (name.toLowerCase() !== 'vary') return line
  return [name, joinVary([earlier].flat().join(', '), [value].flat().join(', '))]
}

function refuse<Context>({ exchange }: Visit<Context>): false {
  exchange.answer({ status: 504, body: { error: 'Gateway Timeout' } })
  return false
}

/** Lets a request go on to the handler, whose response is kept if it may be: true. */
async function forward<Context>(
  { config, archive, knowledge }: Tools<Context>,
  { visit, at, demands }: Lookup<Context>,
  { why, run, stale, isStoreAway }: Forward,
): Promise<true> {
  const { exchange, request } = visit
  const tags: string[] = []
  visit.offer((...more) => void tags.push(...checkTags(more, 'tags')))
  if (request.method === 'HEAD') {
    exchange.appendHeader('Cache-Status', `${config.name}; fwd=${why}`)
    return true
  }
  try {
    tags.push(...config.tagsOf(visit.context))
    const mayKeep = !isStoreAway && !demands.isUnstored
    const since = mayKeep ? await markOrReport(archive) : Number.NaN
    startCapture({
      ...{ config, archive, visit, at, tags, since, run, stale, why },
      conditions: conditionsOf(request),
      onOutcome: (outcome) => remember(knowledge, config, at.key, outcome, run !== undefined),
    })
    return true
  } catch (error) {
    run?.end({ kind: 'failed' })
    throw error
  }
}

async function markOrReport(archive: Archive): Promise<number> {
  try {
    return await archive.mark()
  } catch (error) {
    reportFailure({ verb: 'cacheResponse', instead: 'handle', error })
    return Number.NaN
  }
}

/** @param isForOthers false where a request of one's own kind, with Authorization say, tells nothing of the others */
function remember<Context>(
  { uncacheable, covered }: Knowledge,
  { clock, uncacheableForMs }: ResponseCacheConfig<Context>,
  key: string,
  outcome: Outcome,
  isForOthers: boolean,
): void {
  const nowMs = clock.now()
  if (outcome.kind === 'kept') uncacheable.delete(key)
  else if (outcome.kind === 'uncacheable') {
    if (isForOthers) uncacheable.add(key, nowMs + uncacheableForMs)
  } else if (outcome.cover !== undefined) covered.add(key, nowMs + coverForMs)
}
