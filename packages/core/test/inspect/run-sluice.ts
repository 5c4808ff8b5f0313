import { main } from '../../src/inspect/main.ts'
import type { InspectReport } from '../../src/inspect/inspect.ts'
import type { PrefixReport } from '../../src/inspect/prefix-survey.ts'

/** What a run of the command came to. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a run differs from one in a pipe that nobody stops. */
export interface RunOptions {
  readonly env?: Record<string, string>
  readonly isTTY?: boolean
  readonly signal?: AbortSignal
  /** Called with whatever is written to stderr. */
  readonly onError?: (text: string) => void
}

/** Runs `sluice` in this process. */
export async function runSluice(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, isTTY = false, signal = new AbortController().signal, onError } = options
  let [stdout, stderr] = ['', '']
  const code = await main({
    args,
    env,
    signal,
    stdout: { isTTY, write: (text) => void (stdout += text) },
    stderr: {
      isTTY,
      write(text) {
        stderr += text
        onError?.(text)
      },
    },
  })
  return { code, stdout, stderr }
}

/** Runs `sluice inspect … --json` to its end. */
export async function inspectJson(...args: readonly string[]): Promise<InspectReport> {
  const { code, stdout, stderr } = await runSluice(['inspect', ...args, '--json'])
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as InspectReport
}

/** What a report says of one prefix. */
export function ofPrefix({ prefixes }: InspectReport, prefix: string): PrefixReport {
  const found = prefixes.find((one) => one.prefix === prefix)
  if (found === undefined) throw new Error(`nothing of ${prefix}`)
  return found
}
