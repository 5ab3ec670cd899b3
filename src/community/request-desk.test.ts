import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRandom } from '../../test/sim/random.ts'
import { type Device, deviceOf } from '../../test/support/meet.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import { createAdmissionStore } from './admission-store.ts'
import { createFakeHouse, houseOf, ticketTo } from './admission-testing.ts'
import type { Applicant } from './admission-types.ts'
import { decodeTicket } from './admission-wire.ts'
import { parseRequestLink } from './invite-link.ts'
import { requestForgottenMs, requestLinkPeersMax, requestsMax, requestsPerCommunityMax } from './limits.ts'
import type { JoinRequest, RequestVerdict } from './meet/types.ts'
import { createRequestDesk } from './request-desk.ts'
import type { CommunityFacts } from './types.ts'

const garden = 'aa'.repeat(32) as CommunityId
const idOf = (at: number) => at.toString(16).padStart(64, '0') as CommunityId
const self: PeerAddress = { peerId: deviceOf(createRandom('self')).id, addresses: ['/ip4/10.0.0.1/tcp/1'] }

function bench(...facts: CommunityFacts[]) {
  const random = createRandom('request-desk')
  const house = createFakeHouse(...(facts.length === 0 ? [houseOf(garden)] : facts))
  const store = createAdmissionStore(new DatabaseSync(':memory:'))
  const told: Applicant[] = []
  let now = 1_000_000
  const desk = createRequestDesk({
    ...{ communities: house.communities, gate: house.gate, store },
    nowMs: () => now,
    tell: (applicant) => void told.push(applicant),
    selfAddress: () => self,
    addressesOf: async (peerId) => ({ peerId, addresses: ['/ip4/10.0.0.2/tcp/2'] }),
  })
  async function ask(one: Device, more: Partial<JoinRequest> = {}): Promise<RequestVerdict | string> {
    const request = { community: garden, memberName: 'Ben', deviceName: 'laptop', note: '', ...more }
    try {
      return await desk.onRequest({ ...request, certificate: one.certificate }, one.id)
    } catch (error) {
      assert.ok(isPeerhoodError(error))
      return error.code
    }
  }
  const pass = (ms: number) => {
    now += ms
  }
  return { house, store, told, desk, ask, pass, random, someone: () => deviceOf(random) }
}

const device = (one: Device) => deviceIdOf(one.certificate.device)

test('who asks is noted and told of once, is let in with a role, and gets the ticket from then on', async () => {
  const { desk, ask, told, house, someone } = bench()
  const ben = someone()
  assert.equal(await ask(ben, { note: 'hello' }), 'pending')
  assert.equal(await ask(ben, { memberName: 'Benjamin' }), 'pending')
  assert.equal(told.length, 1)
  const [noted] = desk.list(garden)
  assert.equal(noted?.memberName, 'Benjamin')
  await desk.decide(garden, device(ben), { accept: true, role: 'guest' })
  assert.deepEqual(house.asked, ['admit Benjamin guest'])
  assert.deepEqual(desk.list(garden), [])
  house.inside.add(device(ben))
  for (let time = 0; time < 2; time++) {
    const verdict = await ask(ben)
    assert.ok(typeof verdict === 'object')
    assert.deepEqual(decodeTicket(verdict.admitted), ticketTo(garden))
  }
  await assert.rejects(desk.decide(garden, device(ben), { accept: true, role: 'guest' }), { code: 'request_unknown' })
})

test('a refusal is told once, then the device may ask anew; a block is told each time and undone by a refusal', async () => {
  const { desk, ask, told, someone } = bench()
  const ben = someone()
  await ask(ben)
  await desk.decide(garden, device(ben), { accept: false, block: false })
  // Nothing to decide any more: they only have to be told.
  assert.deepEqual(desk.list(garden), [])
  assert.equal(await ask(ben), 'refused')
  assert.equal(await ask(ben), 'pending')
  await desk.decide(garden, device(ben), { accept: false, block: true })
  for (let time = 0; time < 3; time++) assert.equal(await ask(ben), 'refused')
  assert.equal(desk.list(garden)[0]?.state, 'blocked')
  assert.equal(told.length, 2)
  await desk.decide(garden, device(ben), { accept: false, block: false })
  assert.equal(await ask(ben), 'pending')
})

test('where nobody may approve, nothing is noted, and nothing is said of the community', async () => {
  const left = { ...houseOf(garden), phase: 'left' } as CommunityFacts
  const other = { ...houseOf(garden), otherPerson: true } as CommunityFacts
  for (const facts of [houseOf(garden, 'member'), houseOf(garden, 'guest'), left, other, houseOf(idOf(1))]) {
    const { desk, ask, store, someone, house } = bench(facts)
    const ben = someone()
    house.inside.add(device(ben))
    assert.equal(await ask(ben), 'request_not_here')
    assert.deepEqual(store.applicants(garden), [])
    if (facts.phase === 'open' && facts.otherPerson !== true) {
      const code = facts.id === garden ? 'act_not_allowed' : 'community_unknown'
      await assert.rejects(desk.link(garden), { code })
      assert.throws(() => desk.list(garden), { code })
    }
  }
})

test('strangers fill a community’s requests and no more; who asks no longer makes room', async () => {
  const { ask, desk, pass, someone, told } = bench()
  const first = someone()
  await ask(first)
  for (let at = 1; at < requestsPerCommunityMax; at++) assert.equal(await ask(someone()), 'pending')
  assert.equal(await ask(someone()), 'requests_too_many')
  assert.equal(await ask(first), 'pending')
  assert.equal(told.length, requestsPerCommunityMax)
  pass(requestForgottenMs)
  await ask(first)
  pass(1)
  assert.equal(await ask(someone()), 'pending')
  assert.equal(desk.list(garden).length, 2)
})

test('all communities together hold no more than they may', async () => {
  const houses = Array.from({ length: requestsMax / requestsPerCommunityMax + 1 }, (_, at) => houseOf(idOf(at + 1)))
  const { ask, store, someone } = bench(...houses)
  const ben = someone()
  for (const [at, { id }] of houses.slice(0, -1).entries()) {
    for (let one = 0; one < requestsPerCommunityMax; one++) {
      store.putApplicant({
        ...{ community: id, peer: ben.id as PeerId, person: `did:key:z${at}` as Applicant['person'] },
        ...{ device: idOf(one) as string as Applicant['device'], certificate: new Uint8Array(0), memberName: 'X' },
        ...{ deviceName: 'x', note: '', state: 'pending', askedMs: 1_000_000, lastMs: 1_000_000 },
      })
    }
  }
  assert.equal(await ask(someone(), { community: houses.at(-1)?.id ?? garden }), 'requests_too_many')
})

test('the link names this computer and others who may approve, whom it knows where to find', async () => {
  const { desk, house, someone } = bench()
  const devices = Array.from({ length: requestLinkPeersMax + 2 }, () => {
    return { state: 'active', peerId: someone().id, device: '' }
  })
  const gone = { state: 'removed', peerId: someone().id, device: '' }
  const facts = houseOf(garden)
  const members = new Map<string, unknown>([
    ['ada', { role: 'owner', state: 'active', devices: [{ state: 'active', peerId: self.peerId }] }],
    ['ben', { role: 'member', state: 'active', devices: [gone] }],
    ['cem', { role: 'admin', state: 'active', devices: [gone, ...devices] }],
  ])
  house.facts = [{ ...facts, state: { ...facts.state, members } } as unknown as CommunityFacts]
  const link = parseRequestLink(await desk.link(garden))
  assert.equal(link.community, garden)
  assert.equal(link.name, 'Allotment')
  const expected = [self.peerId, ...devices.slice(0, requestLinkPeersMax).map(({ peerId }) => peerId)]
  assert.deepEqual(
    link.peers.map(({ peerId }) => peerId),
    expected,
  )
})

test('a decision that can’t be carried out leaves the request as it was', async () => {
  const { desk, ask, house, someone } = bench()
  const ben = someone()
  await ask(ben)
  const admit = async () => {
    throw toPeerhoodError(new Error('the disk is full'))
  }
  Object.assign(house.gate, { admit })
  await assert.rejects(desk.decide(garden, device(ben), { accept: true, role: 'member' }))
  assert.equal(desk.list(garden)[0]?.state, 'pending')
})
