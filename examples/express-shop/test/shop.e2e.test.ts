import { expressMain } from './shop-process.ts'
import { shopSuite } from './suite/index.ts'

shopSuite(expressMain)
