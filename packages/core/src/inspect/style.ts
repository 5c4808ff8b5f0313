/** How some words stand out; each function gives its text back as it is where there are no colours. */
export interface Style {
  heading(text: string): string
  dim(text: string): string
  alert(text: string): string
}

/** A stream, as far as colours are concerned. */
export interface Screen {
  readonly isTTY?: boolean | undefined
}

/** Colours on a terminal alone, and not where `NO_COLOR` is set (no-color.org) or the terminal is dumb. */
export function createStyle(
  { isTTY }: Screen,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const hasColours = isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const painted = (code: number) => (text: string) =>
    hasColours ? `\u001b[${code}m${text}\u001b[0m` : text
  return { heading: painted(1), dim: painted(2), alert: painted(33) }
}
