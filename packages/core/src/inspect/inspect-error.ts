/** Ends an inspection: the message is one line that says what is wrong and what mends it, and holds no password. */
export class InspectError extends Error {
  override get name(): string {
    return 'InspectError'
  }
}
