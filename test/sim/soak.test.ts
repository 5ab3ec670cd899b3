// An hour of everything at once, twice: a swarm and a community. `npm run soak -- --sim --seeds N` tries more seeds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFlat, soakSwarm, soakVillage } from './soak.ts'

for (const [name, soak, happens] of [
  ['a swarm', soakSwarm, ['crash', 'restart', 'split', 'disk full', 'block lost', 'flood']],
  ['a community', soakVillage, ['message', 'crash', 'restart', 'join', 'leave', 'removal', 'flood']],
] as const) {
  test(`an hour of ${name}: all that was promised is there, and nothing has grown`, async () => {
    const { virtualMinutes, counts, events } = await soak('ci')
    assert.ok(virtualMinutes >= 60)
    for (const what of happens) assert.ok(events.has(what), `no ${what} in an hour`)
    assertFlat(counts)
  })
}
