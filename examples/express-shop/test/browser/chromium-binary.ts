import {
  binaryOnPath,
  chosenBinary,
  installByApt,
  isDebianLike,
  mayInstall,
  thisMachine,
  type Machine,
} from '@sluice/testkit'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/**
 * Finds the browser that the page is tested in: `CHROMIUM_BIN`, else one on PATH, else root on a Debian-like system
 * gets one installed by apt.
 *
 * @returns its path; `undefined` where there is none, after a line on stderr that says so and names the command.
 * @throws Error instead of `undefined` where `CI` is `true`; and for a `CHROMIUM_BIN` that cannot be run.
 */
export async function findChromium(machine: Machine = thisMachine()): Promise<string | undefined> {
  const chosen = chosenBinary(machine, 'CHROMIUM_BIN', 'a Chromium')
  const found = chosen ?? binaryOnPath(machine, names) ?? (await installed(machine))
  if (found !== undefined) return found
  const message = missingMessage(machine)
  if (machine.env['CI'] === 'true') throw new Error(message)
  machine.say(message)
  return undefined
}

async function installed(machine: Machine): Promise<string | undefined> {
  if (!mayInstall(machine)) return undefined
  machine.say('express-shop: no Chromium found; installing chromium by apt-get')
  try {
    await installByApt(machine, 'chromium')
  } catch (error) {
    machine.say(`express-shop: ${String(error)}`)
  }
  return binaryOnPath(machine, names)
}

function missingMessage(machine: Machine): string {
  const hint = isDebianLike(machine)
    ? 'Install one: sudo apt-get install -y --no-install-recommends chromium'
    : 'Install one, or point to one: CHROMIUM_BIN=/path/to/chromium npm test'
  return `express-shop: THE PAGE OF THE SHOP IS NOT TESTED, for want of a Chromium. ${hint}`
}
