import { describeError, RequestError } from '@sluice/example-express-shop'
import type { Middleware } from 'koa'

/** Answers with the status that an error carries, and logs what is nobody's fault outside. What no route answers is 404. */
export const answerErrors: Middleware = async function answerErrors(ctx, next) {
  try {
    await next()
    if (ctx.status === 404 && ctx.body === undefined) throw new RequestError(404, 'Not found')
  } catch (error) {
    const { status, headers, body } = describeError(error)
    if (status === 500) console.error(error)
    ctx.status = status
    ctx.set({ ...headers })
    ctx.body = body
  }
}
