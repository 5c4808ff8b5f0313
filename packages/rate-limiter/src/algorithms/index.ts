import type { Algorithm } from './algorithm.ts'
import { slidingWindow } from './sliding-window.ts'

/** The name of an algorithm. */
export type AlgorithmName = 'sliding-window'

/** Every algorithm by the name that options and scripts call it by. A new one is a file, and a line here. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  'sliding-window': slidingWindow,
}
