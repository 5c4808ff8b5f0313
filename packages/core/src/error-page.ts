const page = 'https://github.com/sluice/sluice/blob/main/docs/errors.md#'
const link = ` See ${page}`

/**
 * The text of an error or a warning, and where its remedy stands. The page has a heading for every code of ours; a code of
 * somebody else's has none, and its text stays as it is.
 */
export function withLink(code: string, text: string): string {
  if (!code.startsWith('SLUICE_')) return text
  const stop = '.?!'.includes(text.slice(-1)) ? '' : '.'
  return text + stop + link + code.toLowerCase()
}

/** A message that becomes a part of another one, which has a link of its own. */
export function withoutLink(message: string): string {
  const at = message.lastIndexOf(link)
  return at === -1 ? message : message.slice(0, at)
}

/** Emits a warning of Node with a code, by which `node --disable-warning=<code>` keeps it quiet. */
export function warn(code: string, text: string): void {
  process.emitWarning(withLink(code, text), { code })
}
