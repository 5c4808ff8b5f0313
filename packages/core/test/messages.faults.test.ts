import { messagesFaultsSuite } from './messages-faults-suite.ts'

messagesFaultsSuite()
