import { vi } from 'vitest'
import { messagesFaultsSuite } from './messages-faults-suite.ts'

// The oldest major that is supported, in place of the newest: the store opens its clients with what is installed.
vi.mock('ioredis', () => import('ioredis5'))

messagesFaultsSuite()
