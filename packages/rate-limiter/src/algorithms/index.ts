import type { Algorithm } from './algorithm.ts'
import { fixedWindow } from './fixed-window.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'

/**
 * How units are counted. With limit L, window W and burst B, the most that passes within any time as long as W:
 *
 * - `'sliding-window'` less than 2L, and L in each window by the clock; two counts
 * - `'fixed-window'` 2L; one count
 * - `'sliding-log'` L, exactly; one entry for each time that something is taken, so L is at most 1000
 * - `'token-bucket'` less than B + L, at an even rate; one number
 */
export type AlgorithmName = 'sliding-window' | 'fixed-window' | 'sliding-log' | 'token-bucket'

/** Every algorithm by the name that options and scripts call it by. A new one is a file, and a line here. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  'sliding-window': slidingWindow,
  'fixed-window': fixedWindow,
  'sliding-log': slidingLog,
  'token-bucket': tokenBucket,
}
