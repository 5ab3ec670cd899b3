import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivityEntry, Member, Verification } from '../../../../src/sdk/types.ts'
import { authorName, countsBadge, deviceName, holdersText, verdictText } from './core.ts'

const entry = (change: Partial<ActivityEntry>) =>
  ({ counts: true, name: 'Ada', person: 'did:key:zAda', ...change }) as ActivityEntry
const members = new Map([
  ['bo', { name: 'Bo', devices: [{ device: 'd1', peerId: 'p1', name: 'desk' }] } as unknown as Member],
])

test('what has no effect is said, and what is sealed', () => {
  assert.equal(countsBadge(entry({})), undefined)
  assert.equal(countsBadge(entry({ counts: false }))?.tone, 'warn')
  assert.equal(countsBadge(entry({ counts: null }))?.text, 'Sealed here')
  assert.equal(authorName(entry({})), 'Ada')
  assert.equal(authorName(entry({ name: null })), 'zAda')
  assert.equal(authorName(entry({ name: null, person: null })), 'Somebody')
})

test('holders have names where they are known', () => {
  assert.equal(holdersText(['p1'], members), 'Bo (desk)')
  assert.equal(holdersText(['p1', 'p2', 'p3'], members), 'Bo (desk), 2 others')
  assert.equal(holdersText(['p2'], members), '1 peer')
  assert.match(holdersText([], members), /nobody else/)
  assert.equal(deviceName('d1', members), 'desk')
  assert.equal(deviceName('d9', members), undefined)
})

test('a verdict says what was looked at', () => {
  const verdict = { ok: true, entries: 12, signatures: 12, problemsCount: 0 } as Verification
  assert.equal(verdictText(verdict), '12 entries and 12 signatures were checked; all of them hold.')
  assert.match(verdictText({ ...verdict, ok: false, problemsCount: 1 }), /; 1 is wrong\.$/)
  assert.match(verdictText({ ...verdict, ok: false, problemsCount: 3 }), /; 3 are wrong\.$/)
})
