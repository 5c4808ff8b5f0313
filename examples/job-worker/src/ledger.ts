import type { Redis } from 'ioredis'

/**
 * What came of a write: `written`; `repeated`, since the step was done before; or `refused`, since a later holder of the
 * order's lock has written.
 */
export type Written = 'written' | 'repeated' | 'refused'

/** One step of an order, to be done once. */
export interface Step {
  readonly orderId: string
  readonly step: string
  /** The fence of the lock under which it was done. */
  readonly fence: number
}

/** A line of the ledger: somebody wrote, or tried to. */
export interface Entry extends Step {
  readonly outcome: Written
  readonly pid: number
}

/** The shop's books: what was done for which order. */
export interface Ledger {
  /** The steps of an order that are done. */
  stepsDone(orderId: string): Promise<ReadonlySet<string>>
  /** Writes a step unless it was done before or by a later holder. The check and the write are one atomic step. */
  write(step: Step): Promise<Written>
  /** The last ten thousand lines, oldest first. */
  entries(): Promise<readonly Entry[]>
}

const stepField = 'step:'

// What a transaction is in SQL: UPDATE … WHERE fence <= $1, and a unique constraint on (order, step).
const writeScript = `
-- KEYS[1] the order, a hash: fence, the highest that wrote, and a field for each step done   KEYS[2] the ledger, a stream
-- ARGV[1] fence   ARGV[2] step   ARGV[3] order   ARGV[4] process id   replies written, repeated or refused
local outcome = 'written'
local highest = redis.call('HGET', KEYS[1], 'fence')
if highest and tonumber(highest) > tonumber(ARGV[1]) then
  outcome = 'refused'
else
  redis.call('HSET', KEYS[1], 'fence', ARGV[1])
  if redis.call('HSETNX', KEYS[1], '${stepField}' .. ARGV[2], ARGV[1]) == 0 then outcome = 'repeated' end
end
-- The order is forgotten after a day, the ledger by its length.
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*',
  'orderId', ARGV[3], 'step', ARGV[2], 'fence', ARGV[1], 'outcome', outcome, 'pid', ARGV[4])
return outcome`

const ledgerKey = 'shop:ledger'

/** Redis stands in for the database that this shop does not have. */
export function createLedger(client: Redis): Ledger {
  return {
    async stepsDone(orderId) {
      const fields = await client.hkeys(orderKey(orderId))
      const done = fields.filter((field) => field.startsWith(stepField))
      return new Set(done.map((field) => field.slice(stepField.length)))
    },
    async write({ orderId, step, fence }) {
      const keys = [orderKey(orderId), ledgerKey]
      const outcome = await client.eval(writeScript, 2, ...keys, fence, step, orderId, process.pid)
      if (outcome === 'repeated' || outcome === 'refused') return outcome
      return 'written'
    },
    async entries() {
      const lines = await client.xrange(ledgerKey, '-', '+')
      return lines.map(([, fields]) => readEntry(fields))
    },
  }
}

function orderKey(orderId: string): string {
  return `shop:order:${orderId}`
}

/** A stream's entry is its fields and values by turns. */
function readEntry(fields: readonly string[]): Entry {
  const value = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  const outcome = value('outcome')
  return {
    orderId: value('orderId'),
    step: value('step'),
    fence: Number(value('fence')),
    outcome: outcome === 'repeated' || outcome === 'refused' ? outcome : 'written',
    pid: Number(value('pid')),
  }
}
