import { redisStore } from '@sluice/core/redis'
import { clusterNodes } from '@sluice/testkit'
import { describeSharedResponses } from './shared-responses.ts'

describeSharedResponses(() => redisStore({ cluster: clusterNodes() }))
