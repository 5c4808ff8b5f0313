import type { Session } from '@sluice/session-store'

declare module '@sluice/session-store' {
  interface SessionData {
    cart: string[]
    agent: string
  }
}

/** The cart as the page shows it. */
export interface Cart {
  /** Who is signed in. */
  readonly user: string | null
  /** Ids of products, in the order in which they were put in. */
  readonly cart: readonly string[]
}

const mostItems = 50

/** What is in the cart of a session. */
export function showCart({ userId, cart = [] }: Session): Cart {
  return { user: userId ?? null, cart }
}

/** Puts a product in the cart so that two tabs which do it at once lose nothing. */
export async function addToCart(session: Session, product: string): Promise<Cart> {
  // Saved first, because only a stored session has an attribute to change without losing another tab's change.
  if (session.isNew) {
    session.cart = []
    await session.save()
  }
  const cart = await session.update('cart', (items = []) => [...items, product].slice(-mostItems))
  return { user: session.userId ?? null, cart: cart ?? [] }
}
