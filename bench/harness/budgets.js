/** The budgets of a contender that must be at least as good as each of `others`, or `atLeast` times as good. */
export function besideEach(contender, others, { atLeast = 1, column } = {}) {
  return others.map((beside) => ({
    contender,
    beside,
    atLeast,
    ...(column !== undefined && { column }),
  }))
}
