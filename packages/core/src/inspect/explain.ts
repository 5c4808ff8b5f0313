import { InspectError } from './inspect-error.ts'
import { printable } from './printable.ts'

type Explanation = (address: string, found: string) => string

/** What a code or a message of Node, ioredis or Redis means, and what mends it. The first that fits counts. */
const explanations: readonly (readonly [form: RegExp, explanation: Explanation])[] = [
  [
    /WRONGPASS|NOAUTH|invalid password|invalid username/,
    (address) =>
      `${address} wants a password, and refused what it was given. Check the url: redis://:password@host:6379, or ` +
      'redis://user:password@host:6379; what is no letter or digit in a password is written with %.',
  ],
  [
    /NOPERM/,
    (_, found) => `The user may not do that (${found}). Give it the rights +@read +info +time.`,
  ],
  [
    /ECONNREFUSED/,
    (address) =>
      `Nothing listens on ${address}. Check host and port in the url, and that Redis runs.`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    (address) => `The host of ${address} is not known. Check its name in the url.`,
  ],
  [/EHOSTUNREACH|ENETUNREACH/, (address) => `There is no route to ${address}. Check the network.`],
  [
    /ETIMEDOUT/,
    (address) => `${address} did not answer. Check host and port in the url, and firewalls.`,
  ],
  [
    /wrong version number|EPROTO|packet length too long/,
    (address) => `${address} does not speak TLS. Use a redis:// url.`,
  ],
  [
    /CERT|certificate|UNABLE_TO_VERIFY|ALTNAME/,
    (address, found) =>
      `The certificate of ${address} is not trusted (${found}). For an authority of your own set NODE_EXTRA_CA_CERTS=ca.pem.`,
  ],
  [
    /Protocol error|Unknown RESP type/,
    (address) => `What listens on ${address} does not speak the protocol of Redis. Check the port.`,
  ],
  [/cluster support disabled/, (address) => `${address} is no Cluster. Leave --cluster out.`],
  [/LOADING/, (address) => `${address} is still loading its data. Try again soon.`],
  [/BUSY/, (address) => `${address} is busy with a script. Try again soon.`],
  [
    /CLUSTERDOWN|None of startup nodes|Failed to refresh slots/,
    (address, found) =>
      `The Cluster at ${address} cannot be asked (${found}). Is it one, and complete?`,
  ],
  [
    /closed|ECONNRESET|EPIPE|aborted/i,
    (address) =>
      `${address} closed the connection. Check that it is Redis, that it did not restart, and that TLS is rediss://.`,
  ],
]

/** What went wrong as one line that says the fix. What Redis and Node say holds no password: no argument is in it. */
export function explain(error: unknown, address: string): InspectError {
  if (error instanceof InspectError) return error
  const found = textsIn(error)
  const explanation = explanations.find(([form]) => form.test(found))?.[1]
  const shown = printable(messageIn(error), 200)
  return new InspectError(explanation?.(address, shown) ?? `${address} cannot be asked: ${shown}.`)
}

/** Code and message of an error and of those underneath: a Cluster tells by its last node what happened. */
function textsIn(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 3) return ''
  const code: unknown = Reflect.get(error, 'code')
  const below: unknown = Reflect.get(error, 'lastNodeError') ?? error.cause
  return `${typeof code === 'string' ? code : ''} ${messageIn(error)} ${textsIn(below, depth + 1)}`
}

/** "unknown command" repeats the arguments; those of HELLO and AUTH hold the password. */
function messageIn(error: unknown): string {
  const message = error instanceof Error ? error.message : 'an unknown error'
  return message.replace(/,? with args beginning with:.*/s, '').trim()
}
