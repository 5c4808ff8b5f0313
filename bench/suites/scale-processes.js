import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { startChildren } from '../harness/children.js'

export const title = `What so many processes do a second on one Redis, all on ${cpus().length} cores`
export const unit = 'ops/s'
export const higher = true
export const floor = '1 process'
export const columns = { gets: 'ops/s', decisions: 'ops/s' }
export const note =
  'Redis is one of the processes that the cores have to be shared by. A get is of 1 kB; each process has 64 on their way.'

const program = fileURLToPath(new URL('../harness/scale-process.js', import.meta.url))

export async function measure({ processes }) {
  const children = await startChildren(processes, program, [])
  const total = async (work) =>
    (await children.tell(work)).reduce((sum, perSecond) => sum + perSecond, 0)
  const totals = { gets: await total('gets'), decisions: await total('decisions') }
  children.stop()
  return { columns: totals }
}

export const contenders = {
  '1 process': async () => ({ processes: 1 }),
  '2 processes': async () => ({ processes: 2 }),
  '4 processes': async () => ({ processes: 4 }),
}
