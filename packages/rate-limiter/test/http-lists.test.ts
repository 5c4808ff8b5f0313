import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualFaults } from '@sluice/core/testing'
import { httpApps } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { setUp } from './limited-app.ts'

describe.each(httpApps)('in $name', (factory) => {
  const from = (address: string) => ({ 'x-forwarded-for': address })

  it('an address that is allowed passes uncounted, unseen and without the store', async () => {
    const faults = manualFaults()
    const cache = createCache({ store: flakyStore(memoryStore(), faults) })
    const allow = ['10.0.0.0/8', '2001:db8::/32']
    const options = { cache, limit: 1, allow, trustProxy: true, onStoreError: 'closed' } as const
    const { get } = setUp(factory, options)
    faults.fail({ on: 'run', reason: 'disconnected', times: Infinity })
    for (const address of ['10.1.2.3', '10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7']) {
      const { text, headers } = await get('/decision', from(address)).expect(200)
      expect(text).toBe('no decision')
      expect(Object.keys(headers).filter((name) => name.includes('ratelimit'))).toEqual([])
    }
    await get('/', from('192.0.2.1')).expect(503)
  })

  it('an address that is denied is refused, even where it is allowed or skipped', async () => {
    const { get } = setUp(factory, {
      allow: ['10.0.0.0/8'],
      deny: ['10.6.6.6', '2001:db8::/32'],
      skip: () => true,
      trustProxy: true,
    })
    await get('/', from('10.6.6.5')).expect(200)
    for (const address of ['10.6.6.6', '::ffff:10.6.6.6', '2001:db8::1']) {
      const { body, headers } = await get('/', from(address)).expect(403)
      expect(body).toEqual({ error: 'Forbidden' })
      expect(headers).not.toHaveProperty('retry-after')
      expect(headers).not.toHaveProperty('ratelimit')
    }
    const accept = 'application/problem+json'
    const { body, type } = await get('/', { ...from('10.6.6.6'), accept }).expect(403)
    expect(type).toBe(accept)
    expect(body).toEqual({ type: 'about:blank', title: 'Forbidden', status: 403 })
  })

  it('the lists see the connection, and no header, where no proxy is trusted', async () => {
    const { get } = setUp(factory, { limit: 1, allow: ['10.0.0.0/8'], deny: ['192.0.2.1'] })
    await get('/', from('192.0.2.1')).expect(200)
    await get('/', from('10.1.2.3')).expect(429)
  })

  it('the subnet of an IPv6 client can be told', async () => {
    const { get } = setUp(factory, { limit: 1, ipv6Subnet: 64, trustProxy: true })
    await get('/', from('2001:db8:1:ab00::1')).expect(200)
    await get('/', from('2001:db8:1:ab00::2')).expect(429)
    await get('/', from('2001:db8:1:ab01::1')).expect(200)
  })
})
