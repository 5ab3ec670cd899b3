import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRoute, type Route, routeHref, viewKey } from './core.ts'

test('places have short addresses', () => {
  assert.deepEqual(parseRoute(''), { place: 'home' })
  assert.deepEqual(parseRoute('#/shares'), { place: 'shares' })
  assert.equal(routeHref({ place: 'home' }), '#/')
  assert.equal(routeHref({ place: 'doctor' }), '#/doctor')
})

test('a file has an address that brings it back, whatever its name', () => {
  const name = fc
    .string({ minLength: 1, unit: 'grapheme' })
    .filter((text) => !text.includes('/') && text.isWellFormed())
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), name, (names, id) => {
      const route: Route = { place: 'viewer', of: 'share', id, path: names.join('/') }
      assert.deepEqual(parseRoute(routeHref(route)), route)
    }),
  )
})

test('every place in a community has an address that brings it back', () => {
  const routes: Route[] = [
    { place: 'communities' },
    { place: 'community', id: 'c0', tab: 'chat' },
    { place: 'community', id: 'c0', tab: 'members' },
    { place: 'community', id: 'c0', tab: 'ledger' },
    { place: 'community', id: 'c0', tab: 'ledger', path: ['explorer', 'block', '7'] },
    { place: 'community', id: 'c0', tab: 'chat', channel: 'ch1' },
    { place: 'community', id: 'c0', tab: 'chat', channel: 'ch1', focus: { kind: 'thread', message: 'm1' } },
    { place: 'community', id: 'c0', tab: 'chat', channel: 'ch1', focus: { kind: 'message', message: 'm1' } },
  ]
  for (const route of routes) assert.deepEqual(parseRoute(routeHref(route)), route)
  assert.deepEqual(parseRoute('#/communities/c0/nowhere'), { place: 'community', id: 'c0', tab: 'chat' })
  assert.deepEqual(parseRoute('#/communities/'), { place: 'communities' })
  assert.deepEqual(parseRoute('#/communities/c0/chat/ch1/odd/m1'), {
    place: 'community',
    id: 'c0',
    tab: 'chat',
    channel: 'ch1',
  })
})

test('a view stays while a person goes from channel to channel', () => {
  const at = (channel: string) => viewKey(parseRoute(`#/communities/c0/chat/${channel}`))
  assert.equal(at('a'), at('b'))
  assert.notEqual(at('a'), viewKey(parseRoute('#/communities/c0/members')))
  assert.notEqual(viewKey({ place: 'shares' }), viewKey({ place: 'home' }))
})

test('anything else leads home and throws nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof parseRoute(`#${text}`).place === 'string'))
  assert.deepEqual(parseRoute('#/open/share/x'), { place: 'home' })
  assert.deepEqual(parseRoute('#/open/elsewhere/x/y'), { place: 'home' })
  assert.deepEqual(parseRoute('#/%E0%A4%A/'), { place: 'home' })
})
