/** A request that cannot be answered as it is. Answered with the status and the message. */
export class RequestError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
