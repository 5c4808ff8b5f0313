import { shopSuite } from '@sluice/example-express-shop/test-suite'
import { koaMain } from './koa-main.ts'

shopSuite(koaMain)
