// Which role may write how much.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowancesOf, keptAllowances, paceOf } from './allowance-core.ts'
import { adminAllowance, guestAllowance, memberAllowance, ownerAllowance, strangersAllowance } from './limits.ts'
import { builtInRoles } from './roles-core.ts'
import { remove } from './testing.ts'
import type { Capability, Role } from './types.ts'
import { village } from './village-testing.ts'

const own = (rank: number, ...capabilities: string[]): Role => ({
  name: 'own',
  rank,
  capabilities: capabilities as Capability[],
})

test('by built-in role, and by capabilities of roles that a community makes', () => {
  const paces = [ownerAllowance, adminAllowance, memberAllowance, guestAllowance]
  assert.deepEqual(builtInRoles.map(paceOf), paces)
  assert.equal(paceOf(own(2)), guestAllowance, 'rank alone lets nobody write more')
  assert.equal(paceOf(own(0, 'post')), memberAllowance)
  assert.equal(paceOf(own(1, 'post', 'invite', 'chat.moderate')), memberAllowance)
  assert.equal(paceOf(own(1, 'post', 'approve')), adminAllowance)
})

test('each burst is ten minutes’ worth or more, and a higher role never less', () => {
  const paces = [guestAllowance, memberAllowance, adminAllowance, ownerAllowance]
  for (const [at, { perMinute, burst, share }] of paces.entries()) {
    assert.ok(burst >= 10 * perMinute)
    const higher = paces[at + 1]
    if (higher !== undefined) assert.ok(higher.perMinute > perMinute && higher.burst > burst && higher.share > share)
  }
  assert.ok(memberAllowance.share <= strangersAllowance.share * 2 && strangersAllowance.share < memberAllowance.share)
})

test('devices of one person share their room; who was removed has a guest’s pace, whoever is unknown the strangers’', () => {
  const { state, pen, openly } = village({ bob: 'member', cid: 'admin' })
  openly('ann', remove(pen('bob')))
  const { devices, others } = allowancesOf(state())
  assert.deepEqual(devices.get(pen('ann').device), { ...ownerAllowance, group: pen('ann').person })
  assert.deepEqual(devices.get(pen('cid').device), { ...adminAllowance, group: pen('cid').person })
  assert.deepEqual(devices.get(pen('bob').device), { ...guestAllowance, group: pen('bob').person })
  assert.equal(devices.has(pen('dan').device), false)
  assert.deepEqual({ ...others, group: undefined }, { ...strangersAllowance, group: undefined })
  assert.notEqual(others.group, undefined, 'all strangers have one share')
  assert.equal(keptAllowances.others.group, undefined, 'to a keeper everybody is a stranger')
})
