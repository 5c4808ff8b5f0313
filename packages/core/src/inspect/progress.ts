import { countText } from './amounts.ts'
import type { Progress } from './inspect.ts'
import type { Screen } from './style.ts'

/** Where a command writes. */
export interface Output extends Screen {
  write(text: string): unknown
}

/** Tells how far a walk has come. */
export interface ProgressLine {
  tell(progress: Progress): void
  /** Takes the line off a terminal. */
  end(): void
}

const [terminalEveryMs, logEveryMs] = [100, 5000]

/** One line that is written over on a terminal; elsewhere, such as in a log, a line every five seconds. */
export function createProgressLine(output: Output): ProgressLine {
  const isTerminal = output.isTTY === true
  let lastMs = isTerminal ? Number.NEGATIVE_INFINITY : performance.now()
  let isShown = false
  return {
    tell(progress) {
      const nowMs = performance.now()
      if (nowMs - lastMs < (isTerminal ? terminalEveryMs : logEveryMs)) return
      lastMs = nowMs
      isShown = isTerminal
      output.write(isTerminal ? `\r\u001b[K${textOf(progress)}` : `${textOf(progress)}\n`)
    },
    end() {
      if (isShown) output.write('\r\u001b[K')
    },
  }
}

function textOf({ keys, share }: Progress): string {
  const part = share === undefined ? '' : `, ${Math.floor(share * 100)} %`
  return `looked at ${countText(keys)} keys${part}`
}
