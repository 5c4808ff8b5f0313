/**
 * The base class of express-session's stores, by its own path: the types of the package's main module declare
 * `req.session` of every Express request, which `@sluice/session-store/express` declares otherwise.
 */
declare module 'express-session/session/store.js' {
  /** The caller says what it makes: an EventEmitter with `regenerate`, `load` and `createSession`. */
  const Store: new <Base>() => Base
  export { Store as default }
}
