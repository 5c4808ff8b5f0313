import type { Session, Sessions } from '@sluice/session-store'

/** Where a user is signed in, as the page shows it. */
export interface ShownDevice {
  readonly signedInAt: Date
  readonly lastSeenAt: Date
  /** True for the one that asks. */
  readonly thisOne: boolean
}

/** Every session of the user of this one. */
export async function listDevices(
  sessions: Sessions,
  { id: ownId, userId = '' }: Session,
): Promise<ShownDevice[]> {
  const devices = await sessions.list(userId)
  return devices.map(({ id, createdAtMs, lastSeenAtMs }) => ({
    signedInAt: new Date(createdAtMs),
    lastSeenAt: new Date(lastSeenAtMs),
    thisOne: id === ownId,
  }))
}
