import { helpText, parseArguments, type InspectArguments } from './arguments.ts'
import { inspect, type InspectReport } from './inspect.ts'
import { InspectError } from './inspect-error.ts'
import { printableJson } from './printable.ts'
import { createProgressLine, type Output } from './progress.ts'
import { reportText } from './report-text.ts'
import { createStyle } from './style.ts'

/** What a command is run with. */
export interface CommandContext {
  /** The arguments behind the name of the program. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
}

const [whole, failed, stopped] = [0, 2, 130]

/** Runs `sluice`, and answers its exit code. What is asked for goes to stdout, all else to stderr. */
export async function main(context: CommandContext): Promise<number> {
  const { args, env, stdout, stderr } = context
  try {
    const parsed = parseArguments(args, env)
    if (parsed.kind === 'inspect') return await runInspect(parsed, context)
    stdout.write(helpText)
    return whole
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    stderr.write(`sluice: ${error.message}\n`)
    return failed
  }
}

async function runInspect(
  { target, prefix, sample, isJson }: InspectArguments,
  { stdout, stderr, signal, env }: CommandContext,
): Promise<number> {
  const progress = createProgressLine(stderr)
  const request = { target, sample, signal, onProgress: progress.tell }
  let report: InspectReport
  try {
    report = await inspect(prefix === undefined ? request : { ...request, prefix })
  } finally {
    progress.end()
  }
  const text = isJson ? `${printableJson(report)}\n` : reportText(report, createStyle(stdout, env))
  stdout.write(text)
  if (report.error === undefined) return report.partial ? stopped : whole
  stderr.write(`sluice: ${report.error}\n`)
  return failed
}
