// What people read of a community: sentences about entries of apps that this version may not know.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appSentence } from './community-views.ts'

test('an entry that this version knows is told, any other is named', () => {
  assert.equal(appSentence('chat', 'message'), 'wrote a message.')
  assert.equal(appSentence('ledger', 'genesis'), 'founded the ledger.')
  // Names that every object has stand for nothing.
  for (const [app, kind] of [
    ['chat', 'constructor'],
    ['chat', '__proto__'],
    ['toString', 'message'],
    ['drive', 'put'],
  ] as const) {
    assert.equal(appSentence(app, kind), `wrote “${kind}” for “${app}”, which this version of Peerhood does not know.`)
  }
})
