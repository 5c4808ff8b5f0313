// Ambient types of the aliased majors, for every program that reads this file: no import can bring them.
/// <reference path="./aliases.d.ts" />
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express5 from 'express'
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express'
import express4 from 'express4'
import { createHttpApp } from './http-app.ts'
import type { HttpApp, HttpAppFactory, HttpAppOptions, RouteHandler } from './http-app.ts'
import { parseRoutes, readContext, readJsonBody } from './http-route.ts'
import type { ParsedRoute } from './http-route.ts'

/** The app in Express 5. */
export const express5App: HttpAppFactory = {
  name: 'Express 5',
  framework: 'express',
  create: (options) => createExpressApp(express5(), options),
}

/** The app in Express 4. */
export const express4App: HttpAppFactory = {
  name: 'Express 4',
  framework: 'express',
  create: (options) => createExpressApp(express4(), options),
}

function createExpressApp(app: Express, options: HttpAppOptions): HttpApp {
  const errors: unknown[] = []
  app.set('trust proxy', options.trustProxy ?? false)
  // Express prints every error, except in this environment.
  app.set('env', 'test')
  // The rest makes it answer as Koa does, so that one table of tests wants one answer.
  app.enable('case sensitive routing').enable('strict routing')
  app.disable('etag').disable('x-powered-by')

  app.use(parseBody, ...(options.express ?? []))
  for (const route of parseRoutes(options.routes)) addRoute(app, route)
  const recordError: ErrorRequestHandler = (error, _req, _res, next) => {
    errors.push(error)
    next(error)
  }
  app.use(recordError)
  return createHttpApp((req, res) => void app(req, res), errors)
}

const parseBody: RequestHandler = function parseBody(req, _res, next) {
  readJsonBody(req).then((body) => {
    req.body = body
    next()
  }, next)
}

function addRoute(app: Express, { method, path, express = [], handle }: ParsedRoute): void {
  const onlyMethod: RequestHandler = (req, _res, next) => {
    const isMine = req.method === method || (req.method === 'HEAD' && method === 'GET')
    next(isMine ? undefined : 'route')
  }
  const answer: RequestHandler = (req, res, next) => {
    respond(handle, req, res).catch(next)
  }
  app.all(path, onlyMethod, ...express, answer)
}

async function respond(handle: RouteHandler, req: Request, res: Response): Promise<void> {
  let status: number | undefined
  const result = await handle({
    ...readContext(req),
    request: req,
    body: req.body,
    status: (chosen) => {
      status = chosen
      res.status(chosen)
    },
    set: (name, value) => void res.set(name, value),
    redirect: (location) => res.redirect(location),
    raw: { req, res },
  })
  if (res.headersSent) return
  if (result === undefined && status === undefined) res.status(204).end()
  else await send(res, result ?? '')
}

async function send(res: Response, result: string | object): Promise<void> {
  if (result instanceof Readable) await pipeline(result, res)
  else if (Buffer.isBuffer(result)) res.send(result)
  else if (typeof result === 'object') res.json(result)
  else res.type(res.get('content-type') ?? 'text').send(result)
}
