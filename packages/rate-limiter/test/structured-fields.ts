/** An item of a list: a string with integers as parameters, which is all that the draft's fields hold. */
export interface Item {
  readonly value: string
  readonly parameters: Readonly<Record<string, number>>
}

const space = /[ \t]*/y
const string = /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const parameter = /; *([a-z*][a-z0-9_.*-]*)=(-?\d{1,15})(?![\d.])/y

/**
 * Reads a List of RFC 9651 (4.2.1) that holds nothing but such items.
 *
 * @throws where the field is invalid: a client ignores it as a whole
 */
export function parseList(field: string): readonly Item[] {
  let at = 0
  const read = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at
    const found = form.exec(field)
    if (found !== null) at = form.lastIndex
    return found
  }
  const readItem = (): Item => {
    const bare = read(string)?.[1]
    if (bare === undefined) throw new Error(`Expected a string at ${at} of ${field}`)
    const parameters: Record<string, number> = {}
    for (let found = read(parameter); found !== null; found = read(parameter)) {
      parameters[found[1] ?? ''] = Number(found[2])
    }
    return { value: bare.replace(/\\(["\\])/g, '$1'), parameters }
  }

  const items = [readItem()]
  for (read(space); at < field.length; read(space)) {
    if (field[at++] !== ',') throw new Error(`Expected a comma at ${at - 1} of ${field}`)
    read(space)
    items.push(readItem())
  }
  return items
}
