/** Which lock is meant, and how much of it. */
export interface Target {
  readonly lockName: string
  readonly key: string
  /** How many units of the capacity a lease takes. A mutex has one of one. */
  readonly units: number
  readonly capacity: number
}
