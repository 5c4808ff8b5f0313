import type { Duration } from '@sluice/core'
import { checkLease } from '../decider/leases.ts'
import { ruleOf, type PolicyDraft, type Rule } from '../policy.ts'

/** A value, or a function of the request that answers with it, now or later: Express gives `req`, Koa `ctx`. */
export type PerRequest<Context, Value extends string | number | boolean> =
  Value | ((context: Context) => Value | Promise<Value>)

/** The value for this request. */
export function resolve<Context, Value extends string | number | boolean>(
  value: PerRequest<Context, Value>,
  context: Context,
): Value | Promise<Value> {
  return typeof value === 'function' ? value(context) : value
}

type Draft<Context> = PolicyDraft<PerRequest<Context, number>, PerRequest<Context, Duration>>

/** The rules of a request; none where nothing is limited. */
export type RulesFor<Context> = (context: Context) => readonly Rule[] | Promise<readonly Rule[]>

/**
 * Policies without functions are checked at once and never again.
 *
 * @throws OptionError for one that cannot be meant, or that no lease goes with
 */
export function rulesByRequest<Context>(
  drafts: readonly Draft<Context>[],
  lease: number,
): RulesFor<Context> {
  const sources = drafts.flatMap((draft): readonly (Rule | Draft<Context>)[] => {
    if (typeof draft.limit === 'function' || typeof draft.window === 'function') return [draft]
    return listOf(ruleOf(draft))
  })
  const rules = sources.filter(isRule)
  checkLease(lease, drafts)
  if (rules.length === sources.length) return () => rules
  return async (context) => {
    const found = await Promise.all(sources.map((source) => rulesOf(source, context)))
    return found.flat()
  }
}

async function rulesOf<Context>(
  source: Rule | Draft<Context>,
  context: Context,
): Promise<readonly Rule[]> {
  if (isRule(source)) return [source]
  const [limit, window] = await Promise.all([
    resolve(source.limit, context),
    resolve(source.window, context),
  ])
  return listOf(ruleOf({ ...source, limit, window }))
}

function isRule(source: Rule | Draft<never>): source is Rule {
  return 'slot' in source
}

function listOf(rule: Rule | undefined): readonly Rule[] {
  return rule === undefined ? [] : [rule]
}
