import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRandom } from '../../test/sim/random.ts'
import { deviceOf } from '../../test/support/meet.ts'
import { didOf } from '../identity/core.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { CommunityId } from '../log/types.ts'
import { createAdmissionStore } from './admission-store.ts'
import type { Applicant, Ask } from './admission-types.ts'
import { blockedMax } from './limits.ts'

const random = createRandom('admission-store')
const garden = 'aa'.repeat(32) as CommunityId
const club = 'bb'.repeat(32) as CommunityId

function applicantOf(community = garden, askedMs = 5): Applicant {
  const { certificate, id: peer } = deviceOf(random)
  return {
    ...{
      community,
      peer,
      certificate: certificate.bytes,
      device: deviceIdOf(certificate.device),
      person: didOf(certificate.person),
    },
    ...{ memberName: 'Ben', deviceName: 'laptop', note: 'hello\nagain', state: 'pending', askedMs, lastMs: askedMs },
  }
}

test('who asks, and what is asked for, is what it was after a restart', () => {
  const database = new DatabaseSync(':memory:')
  const store = createAdmissionStore(database)
  const [ben, cem] = [applicantOf(garden, 5), applicantOf(club, 6)]
  store.putApplicant(ben)
  store.putApplicant(cem)
  const ask: Ask = {
    ...{ community: garden, name: undefined, memberName: 'Ben', note: '', askedMs: 7, reachedMs: undefined },
    ...{ peers: [{ peerId: ben.peer, addresses: ['/ip4/10.0.0.1/tcp/1'] }], state: 'asking' },
  }
  const other: Ask = { ...ask, community: club, name: 'Club', state: 'refused', askedMs: 8, reachedMs: 9 }
  store.putAsk(ask)
  store.putAsk(other)
  const again = createAdmissionStore(database)
  assert.deepEqual(again.applicants(garden), [ben])
  assert.deepEqual(again.applicant(club, cem.device), cem)
  assert.equal(again.applicant(garden, cem.device), undefined)
  assert.deepEqual(again.asks(), [ask, other])
  assert.deepEqual(again.waiting(garden), { here: 1, all: 2 })
  again.removeAsk(garden)
  assert.deepEqual(store.asks(), [other])
  again.forgetCommunity(garden)
  assert.deepEqual(store.applicants(garden), [])
  assert.deepEqual(store.applicants(club), [cem])
})

test('one device asks once; who has not asked for long is forgotten, who is blocked is not', () => {
  const store = createAdmissionStore(new DatabaseSync(':memory:'))
  const ben = applicantOf(garden, 5)
  store.putApplicant(ben)
  store.putApplicant({ ...ben, memberName: 'Benjamin', lastMs: 50 })
  assert.deepEqual(store.waiting(garden), { here: 1, all: 1 })
  store.block(applicantOf(garden, 1))
  store.putApplicant(applicantOf(garden, 49))
  store.forgetBefore(50)
  assert.deepEqual(
    store.applicants(garden).map(({ memberName, state }) => [memberName, state]),
    [
      ['Ben', 'blocked'],
      ['Benjamin', 'pending'],
    ],
  )
})

test('who is blocked is so with every device, in that community; past the limit the first is forgotten', () => {
  const store = createAdmissionStore(new DatabaseSync(':memory:'))
  const ben = applicantOf()
  store.block(ben)
  const device = applicantOf().device
  assert.equal(store.isBlocked({ ...ben, device }), true)
  assert.equal(store.isBlocked({ ...ben, person: applicantOf().person }), true)
  assert.equal(store.isBlocked({ ...ben, community: club }), false)
  assert.equal(store.isBlocked(applicantOf()), false)
  const [one] = [applicantOf()]
  for (let at = 0; at < blockedMax; at++) {
    const id = at.toString(16).padStart(64, '0') as Applicant['device']
    store.block({ ...(one as Applicant), device: id, lastMs: 100 + at })
  }
  assert.equal(store.applicants(garden).length, blockedMax)
  assert.equal(store.isBlocked(ben), false)
  assert.deepEqual(store.waiting(garden), { here: 0, all: 0 })
})
