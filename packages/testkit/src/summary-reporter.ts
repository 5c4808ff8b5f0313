import type { Reporter, TestModule } from 'vitest/node'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * A vitest reporter whose line ends the output of a run: `12 passed, 0 failed`, and `, 1 skipped` if any were.
 * A file that could not be loaded, a failed hook, a server that did not start and an error outside of every test
 * count as failed, so that the line never calls a failed run a success.
 */
export function createSummaryReporter(): Reporter {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  return {
    onInit() {
      // On exit, since other reporters and the coverage table write after `onTestRunEnd`.
      process.once('exit', (code) => process.stdout.write(`${summaryLine(counts, code)}\n`))
    },
    onTestRunEnd(modules, unhandledErrors) {
      counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
      for (const module of modules) addModule(counts, module)
    },
  }
}

/** The line for these counts, of a run that ended with this exit code. */
function summaryLine({ passed, failed, skipped }: Counts, exitCode: number): string {
  const atLeastOne = exitCode === 0 ? 0 : 1
  const skippedToo = skipped > 0 ? `, ${skipped} skipped` : ''
  return `${passed} passed, ${Math.max(failed, atLeastOne)} failed${skippedToo}`
}

function addModule(counts: Counts, module: TestModule): void {
  const failedBefore = counts.failed
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    counts[state === 'pending' ? 'skipped' : state]++
  }
  if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++
}
