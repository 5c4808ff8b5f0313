const space = 32
const zero = 48

/**
 * The whole numbers that a state is made of: `'29923319 12 0'`. None where there are not just `count` of them. Every decision
 * reads one; a regular expression takes five times as long.
 */
export function wholeNumbers(state: string | null, count: number): readonly number[] {
  if (state === null) return none
  const numbers = []
  let number = -1
  for (let at = 0; at < state.length; at++) {
    const code = state.charCodeAt(at)
    if (code === space && number >= 0) {
      numbers.push(number)
      number = -1
    } else if (code >= zero && code <= zero + 9) {
      number = Math.max(0, number) * 10 + code - zero
    } else return none
  }
  if (number >= 0) numbers.push(number)
  return numbers.length === count && number >= 0 ? numbers : none
}

const none: readonly number[] = []
