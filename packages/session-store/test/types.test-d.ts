import { createSessions, type Session, type StoredSession } from '@sluice/session-store'
import { expectTypeOf } from 'vitest'

interface Shop {
  cart: string[]
  visits: number
}

declare const session: Session<Shop>
expectTypeOf(session.cart).toEqualTypeOf<string[] | undefined>()
expectTypeOf(session.id).toEqualTypeOf<string | undefined>()
expectTypeOf(session.update('visits', (visits = 0) => visits + 1)).resolves.toEqualTypeOf<
  number | undefined
>()
session.cart = ['tea']
session.cart = undefined
// @ts-expect-error an attribute has its type
session.visits = 'many'
// @ts-expect-error an attribute must be declared
session.basket = []
// @ts-expect-error the id is not for assignment
session.id = 'x'
// @ts-expect-error only declared attributes can be updated
void session.update('basket', () => [])
// @ts-expect-error a user id is text
void session.signIn(12)

const sessions = createSessions<Shop>()
expectTypeOf(sessions.load('')).resolves.toEqualTypeOf<StoredSession<Shop> | undefined>()
void sessions.create({ userId: 'ada', data: { visits: 1 } })
// @ts-expect-error first attributes have their types too
void sessions.create({ data: { visits: 'one' } })
