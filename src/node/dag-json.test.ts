import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toDagJson } from './dag-json.ts'

test('bytes become DAG-JSON’s form, everything else stays', () => {
  const value = { text: 'a', list: [1, true, null, Uint8Array.of(251, 255)], empty: new Uint8Array(0) }
  assert.deepEqual(toDagJson(value), {
    text: 'a',
    list: [1, true, null, { '/': { bytes: '+/8' } }],
    empty: { '/': { bytes: '' } },
  })
})
