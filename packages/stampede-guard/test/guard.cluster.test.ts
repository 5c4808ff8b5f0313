import { redisStore } from '@sluice/core/redis'
import { clusterNodes } from '@sluice/testkit'
import { describeSharedGuard } from './shared-guard.ts'

describeSharedGuard(() => redisStore({ cluster: clusterNodes() }))
