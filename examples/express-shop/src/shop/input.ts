import { RequestError } from './request-error.ts'

/** @throws RequestError (400) */
export function readUserName(body: unknown): string {
  return readText(body, 'name', /^[\w .-]{1,40}$/, '1 to 40 letters, digits or spaces')
}

/** @throws RequestError (400) */
export function readProductId(body: unknown): string {
  return readText(body, 'product', /^\w{1,40}$/, 'the id of a product')
}

/** @throws RequestError (400) */
export function readOrderId(body: unknown): string {
  return readText(body, 'id', /^[\w-]{1,40}$/, '1 to 40 letters, digits or dashes')
}

function readText(body: unknown, field: string, form: RegExp, expected: string): string {
  const value: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, field) : undefined
  if (typeof value === 'string' && form.test(value)) return value
  throw new RequestError(400, `Expected "${field}" to be ${expected}`)
}
