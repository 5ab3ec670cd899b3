import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRoute, type Route, routeHref } from './core.ts'

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

test('anything else leads home and throws nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof parseRoute(`#${text}`).place === 'string'))
  assert.deepEqual(parseRoute('#/open/share/x'), { place: 'home' })
  assert.deepEqual(parseRoute('#/open/elsewhere/x/y'), { place: 'home' })
  assert.deepEqual(parseRoute('#/%E0%A4%A/'), { place: 'home' })
})
