/** For authors of middleware: one framework-free view of a request and its response. */
export type { Answer, Exchange } from './exchange.ts'
export { fromExpress } from './from-express.ts'
export { fromKoa } from './from-koa.ts'
export { takeHead } from './take-head.ts'
