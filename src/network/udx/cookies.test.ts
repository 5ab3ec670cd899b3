// Cookies: good for one token from one place, for a while.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { createManualClock } from '../../../test/support/clock.ts'
import { Cookies, noCookie } from './cookies.ts'
import { cookieMs } from './limits.ts'

const from = { host: '192.0.2.7', port: 4001 }
const token = new Uint8Array(16).fill(1)

test('a cookie is good for its token and place alone, and only from who made it', () => {
  const clock = createManualClock()
  const cookies = new Cookies({ clock, random: createRandom('a') })
  const cookie = cookies.make(token, from)
  assert.ok(cookies.isGood(cookie, token, from))
  assert.ok(cookies.isGood(cookie, token, { ...from, host: '::ffff:192.0.2.7' }), 'the same place')
  assert.ok(!cookies.isGood(noCookie, token, from))
  assert.ok(!cookies.isGood(cookie, new Uint8Array(16), from))
  assert.ok(!cookies.isGood(cookie, token, { ...from, port: 4002 }))
  assert.ok(!cookies.isGood(cookie, token, { ...from, host: '192.0.2.8' }))
  assert.ok(!new Cookies({ clock, random: createRandom('b') }).isGood(cookie, token, from))
})

test('it goes bad', () => {
  const clock = createManualClock()
  const cookies = new Cookies({ clock, random: createRandom('a') })
  const cookie = cookies.make(token, from)
  clock.advance(cookieMs)
  assert.ok(cookies.isGood(cookie, token, from))
  clock.advance(cookieMs)
  assert.ok(!cookies.isGood(cookie, token, from))
})
