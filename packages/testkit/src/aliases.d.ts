// npm aliases of older majors, whose part used here is typed as in the newer one.
declare module 'express4' {
  export { default } from 'express'
}

declare module 'koa2' {
  export { default } from 'koa'
}
