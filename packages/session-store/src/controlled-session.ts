import { durationMs } from '@sluice/core/extend'
import { destroy, inTurn, rotate, save, signIn, update, type State } from './session-work.ts'
import type { SessionControls } from './session.ts'

type Controls = SessionControls<Record<string, unknown>>

/** What each control is, of which session. Methods may be taken off the session. */
const controls: { readonly [Name in keyof Controls]: (state: State) => Controls[Name] } = {
  id: ({ stored }) => stored?.token.id,
  isNew: ({ stored }) => stored === undefined,
  userId: ({ stored }) => stored?.user || undefined,
  authenticatedAtMs: ({ stored }) => stored?.authenticatedAtMs,
  signIn: (state) => (userId) => inTurn(state, () => signIn(state, userId)),
  rotate:
    (state) =>
    ({ keep = true } = {}) =>
      inTurn(state, () => rotate(state, keep === true ? undefined : keep)),
  save: (state) => () => inTurn(state, () => save(state)),
  destroy: (state) => () => inTurn(state, () => destroy(state)),
  isFresh: (state) => (within) => {
    const withinMs = durationMs(within, 'within')
    const at = state.stored?.authenticatedAtMs
    return at !== undefined && state.nowMs() - at <= withinMs
  },
  update: (state) => (name, change) =>
    inTurn(state, () => update<Record<string, unknown>, typeof name>(state, name, change)),
}

/**
 * The object that an application has as its session: attributes of its own, and the controls of the class. An attribute
 * cannot take the place of a control by mistake: a getter without a setter is not enumerable, and assigning to it throws.
 * One set of controls serves all sessions; to define them on each would be most of what a request costs here.
 */
export class ControlledSession {
  /** Private, so that nothing that prints the session shows what opens it. */
  #state: State | undefined;

  /** The attributes. */
  [name: string]: unknown

  static control(session: ControlledSession, state: State): void {
    session.#state = state
  }

  static {
    for (const [name, read] of Object.entries(controls)) {
      Object.defineProperty(this.prototype, name, {
        get(this: ControlledSession): unknown {
          return this.#state && read(this.#state)
        },
      })
    }
  }
}
