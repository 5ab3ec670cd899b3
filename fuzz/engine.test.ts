// The fuzzer itself: it finds what is planted, makes it short, and does the same again for the same seed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../src/base/bytes.ts'
import { defineErrors } from '../src/base/errors.ts'
import { runTarget, shrink, tryInput } from './engine.ts'
import { type Target, target } from './target.ts'

const errors = defineErrors({
  too_short: { kind: 'refused', hint: '' },
  unexpected: { kind: 'refused', hint: '' },
})

/** Reads length ‖ bytes, wrongly where `fault` says. */
function lengthPrefixed(fault: (length: number) => void): Target {
  return target({
    name: 'planted',
    covers: [],
    codes: ['too_short'],
    seeds: () => [Uint8Array.of(3, 1, 2, 3), new Uint8Array(40).fill(9)],
    decode(input) {
      const [length = 0] = input
      if (input.length < 1 + length) throw errors.too_short('It ends too early.')
      fault(length)
      return input.slice(1, 1 + length)
    },
  })
}

async function findIn(planted: Target) {
  const { find } = await runTarget(planted, { seed: 'test', runs: 20_000 })
  assert.ok(find !== undefined, 'found')
  return { find, short: await shrink(planted, find) }
}

test('an error of a library is found, and its input made as short as it gets', async () => {
  const planted = lengthPrefixed((length) => {
    if (length === 0) throw new RangeError('index out of range')
  })
  const { find, short } = await findIn(planted)
  assert.match(find.reason, /RangeError: index out of range/)
  assert.ok(short.input.length <= 1)
  assert.match((await tryInput(planted, short.input)) ?? '', /RangeError/)
  const again = await findIn(planted)
  assert.equal(toHex(again.find.input), toHex(find.input), 'the same seed, the same find')
})

test('a code that is not the decoder’s own is found', async () => {
  const { find } = await findIn(
    lengthPrefixed((length) => {
      if (length > 8) throw errors.unexpected('')
    }),
  )
  assert.equal(find.reason, 'threw the code unexpected')
})

test('what encodes to something else, what changes its input, and what is far too large is found', async () => {
  const base = { name: 'planted', covers: [], seeds: () => [Uint8Array.of(1, 2)] }
  const faults: readonly (readonly [Target, RegExp])[] = [
    [
      target({ ...base, decode: (input) => input.length, encode: () => Uint8Array.of(1, 2) }),
      /encodes to something else/,
    ],
    [target({ ...base, decode: (input) => void input.fill(0) }), /changed its input/],
    [target({ ...base, decode: () => new Uint8Array(10_000_000) }), /far larger/],
  ]
  for (const [planted, reason] of faults) assert.match((await findIn(planted)).find.reason, reason)
})

test('nothing is found where nothing is wrong', async () => {
  const { find, accepted, refusals } = await runTarget(
    lengthPrefixed(() => {}),
    { seed: 'test', runs: 2_000 },
  )
  assert.equal(find, undefined)
  assert.ok(accepted > 0 && refusals === 1)
})
