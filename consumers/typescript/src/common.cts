/* oxlint-disable typescript/no-require-imports -- a CommonJS file, which is the point */
import core = require('@sluice/core')
import { redisStore } from '@sluice/core/redis'
import { rateLimit } from '@sluice/rate-limiter/express'
import { createSessions } from '@sluice/session-store'
import express = require('express')

const cache = core.createCache({ store: redisStore({ host: 'localhost' }) })
const app = express()
app.use(rateLimit({ cache, limit: 100, window: '1m' }))
app.get('/', (req, res) => {
  const remaining: number | undefined = req.rateLimit?.remaining
  res.json({ remaining })
})

// @ts-expect-error no such option
createSessions({ cache, idel: '24h' })

export = { app, cache }
