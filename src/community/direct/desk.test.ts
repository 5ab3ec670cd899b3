// Who asks this person, with a real store and communities that only remember what was asked of them.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import type { Database } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { communityErrors } from '../errors.ts'
import type { CommunityFacts } from '../types.ts'
import { createDesk, sharesCommunity } from './desk.ts'
import {
  denyDelayMsMax,
  refusedPauseMs,
  requestLifeMs,
  requestsDecidedMax,
  requestsWaitingMax,
  tokenBytes,
} from './limits.ts'
import { createDirectStore } from './store.ts'
import { deviceFrom, requestOf, type TestDevice } from './testing.ts'
import type { Frame } from './wire.ts'

const random = createRandom('direct desk')
const [ben, ada, eve] = [deviceFrom(random), deviceFrom(random), deviceFrom(random)] as [
  TestDevice,
  TestDevice,
  TestDevice,
]
const token = random.bytes(tokenBytes)
const startMs = 1_800_000_000_000

function bench(database: Database = new DatabaseSync(':memory:')) {
  const world = { nowMs: startMs, facts: [] as CommunityFacts[], fails: false }
  const log: string[] = []
  const store = createDirectStore(database)
  const desk = createDesk({
    store,
    communities: {
      list: () => world.facts,
      async forget(id) {
        world.facts = world.facts.filter((one) => one.id !== id)
        log.push('forgotten')
      },
    },
    gate: {
      async take({ community }, { name }, memberName) {
        if (world.fails) throw communityErrors.communities_too_many('There are too many.')
        const facts = { id: community, phase: 'joining' } as CommunityFacts
        world.facts.push(facts)
        log.push(`taken from ${name} as ${memberName}`)
        return facts
      },
    },
    self: () => ben.person,
    nowMs: () => world.nowMs,
    uniform: () => 0.5,
    contact: () => ({ token, who: 'link' }),
    asksAs: () => undefined,
    giveWay: async () => {},
    hurry: () => {},
    tell: ({ state }) => void log.push(state),
    notify: (_request, how) => void log.push(`told ${how}`),
  })
  const ask = (from: TestDevice, more: Parameters<typeof requestOf>[2] = {}): Promise<Frame> =>
    desk.onAsk(requestOf(from, ben.person, { token, ms: world.nowMs, ...more }).bytes, from.id)
  return { world, log, desk, store, ask }
}

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'none'
}

test('a request waits, is there after a restart, and is accepted once', async () => {
  const database = new DatabaseSync(':memory:')
  const before = bench(database)
  assert.equal((await before.ask(ada)).kind, 'pending')
  assert.equal((await before.ask(ada)).kind, 'pending')
  const { desk, ask, log } = bench(database)
  const [request, ...more] = desk.list()
  assert.ok(request !== undefined && more.length === 0)
  assert.equal((await desk.accept(request.id, 'Ben')).phase, 'joining')
  assert.equal((await desk.accept(request.id, 'Ben')).phase, 'joining')
  assert.deepEqual(log, ['taken from Ada as Ben', 'accepted', 'told accepted'])
  assert.equal((await ask(ada)).kind, 'accepted')
  assert.equal(await codeOf(() => desk.refuse(request.id)), 'direct_request_over')
  assert.deepEqual(desk.list(), [])
})

test('what can’t be taken stays', async () => {
  const { world, desk, ask } = bench()
  await ask(ada)
  const [request] = desk.list()
  world.fails = true
  assert.equal(await codeOf(() => desk.accept(request?.id as never, 'Ben')), 'communities_too_many')
  assert.equal(desk.list().length, 1)
})

test('what a crash left between taking and noting is noted', async () => {
  const { world, desk, ask, log } = bench()
  await ask(ada)
  world.facts = [{ id: desk.list()[0]?.community, phase: 'joining' } as CommunityFacts]
  await desk.reconcile()
  assert.deepEqual(desk.list(), [])
  assert.deepEqual(log, ['pending', 'accepted'])
})

test('who is refused is not heard for a while; a pardon ends that', async () => {
  const { world, desk, ask } = bench()
  await ask(ada)
  const [request] = desk.list()
  desk.refuse(request?.id as never)
  assert.deepEqual(await ask(ada), { kind: 'refuse', reason: 'declined', waitMs: 0 })
  const more = { community: 'c1'.repeat(32) }
  assert.deepEqual(await ask(ada, more), { kind: 'refuse', reason: 'later', waitMs: refusedPauseMs })
  world.nowMs += refusedPauseMs - 1
  assert.deepEqual(await ask(ada, more), { kind: 'refuse', reason: 'later', waitMs: 1 })
  desk.pardon(ada.person)
  assert.equal((await ask(ada, more)).kind, 'pending')
  assert.equal(await codeOf(() => desk.refuse(request?.id as never)), 'direct_request_unknown')
})

test('a person has one request here: the newest', async () => {
  const { desk, ask } = bench()
  await ask(ada)
  await ask(ada, { text: 'I mean the red one', community: 'c1'.repeat(32) })
  await ask(eve)
  assert.deepEqual(
    desk.list().map(({ text }) => text),
    ['I mean the red one', 'Is the boat still for sale?'],
  )
  assert.deepEqual(await ask(ada), { kind: 'refuse', reason: 'over', waitMs: 0 })
})

test('a request that is withdrawn is gone, and a conversation that nobody is in any more, too', async () => {
  const { world, desk, ask, log } = bench()
  await ask(ada)
  const [request] = desk.list()
  const id = request?.id as never
  await desk.onCancel(id, eve.id)
  assert.equal(desk.list().length, 1, 'only who asked can take it back')
  await desk.accept(id, 'Ben')
  await desk.onCancel(id, ada.id)
  assert.deepEqual(world.facts, [])
  assert.deepEqual(log.slice(-2), ['forgotten', 'withdrawn'])
  assert.equal(await codeOf(() => desk.accept(id, 'Ben')), 'direct_request_over')
})

test('nobody adds more than a page of requests, and old ones go', async () => {
  const { world, desk, ask } = bench()
  for (let at = 0; at < requestsWaitingMax; at++) await ask(deviceFrom(random))
  assert.deepEqual(await ask(ada), { kind: 'refuse', reason: 'busy', waitMs: 0 })
  world.nowMs += requestLifeMs + 1
  assert.deepEqual(desk.list(), [])
  assert.equal((await ask(ada)).kind, 'pending')
})

test('decided requests are remembered up to a limit', async () => {
  const { store, desk, ask } = bench()
  await ask(ada)
  const [row] = store.requests(ben.person)
  assert.ok(row !== undefined)
  for (let at = 0; at < requestsDecidedMax + 5; at++) {
    const id = at.toString(16).padStart(64, '0') as typeof row.id
    store.putRequest(ben.person, { ...row, id, state: 'refused', decidedMs: startMs + at, invitation: undefined })
  }
  assert.equal(store.requests(ben.person).length, requestsDecidedMax + 1)
  assert.equal(desk.list().length, 1)
})

test('a replayed request, and one with another’s certificate, are refused', async () => {
  const { desk, ask } = bench()
  await ask(ada)
  const { bytes } = requestOf(ada, ben.person, { token, ms: startMs })
  assert.equal(await codeOf(() => desk.onAsk(bytes, eve.id)), 'direct_certificate_wrong')
  assert.equal(await codeOf(() => desk.onAsk(bytes.slice(1), ada.id)), 'direct_request_malformed')
})

test('who is blocked is answered as everybody is, and refused as late as a person might', async () => {
  const { world, store, desk, ask, log } = bench()
  store.putBlockChange(ben.person, { person: eve.person, name: 'Eve', ms: 5, blocked: true })
  const told: Frame[][] = [[], []]
  for (const [at, from] of [ada, eve].entries()) {
    told[at]?.push(await ask(from), await ask(from))
  }
  assert.deepEqual(told[1], told[0])
  assert.equal(desk.list().length, 1, 'only one of them is shown')
  assert.deepEqual(log, ['pending'])
  desk.refuse(desk.list()[0]?.id as never)
  const sent = { ms: world.nowMs }
  world.nowMs += denyDelayMsMax
  for (const [at, from] of [ada, eve].entries()) told[at]?.push(await ask(from, sent))
  assert.deepEqual(told[1], told[0])
  assert.deepEqual(told[1]?.at(-1), { kind: 'refuse', reason: 'declined', waitMs: 0 })
  const again = await ask(eve, { community: 'c1'.repeat(32) })
  assert.equal(again.kind === 'refuse' && again.reason, 'later')
})

test('rows belong to a person', async () => {
  const { store, ask } = bench()
  await ask(ada)
  assert.equal(store.requests(eve.person).length, 0)
  store.putBlockChange(ben.person, { person: eve.person, name: 'Eve', ms: 5, blocked: true })
  assert.ok(store.isBlocked(ben.person, eve.person) && !store.isBlocked(ada.person, eve.person))
  assert.deepEqual(store.blocks(ben.person), [{ person: eve.person, name: 'Eve', sinceMs: 5 }])
  store.putBlockChange(ben.person, { person: eve.person, name: 'Eve', ms: 6, blocked: false })
  assert.ok(!store.isBlocked(ben.person, eve.person) && store.blocks(ben.person).length === 0)
  assert.equal(store.blockChange(ben.person, eve.person)?.ms, 6)
})

test('only an active member with this device, in a group, shares a community', () => {
  const group = (purpose: string, state: string, peerId: PeerId, deviceState = 'active') =>
    ({
      id: 'c0' as CommunityId,
      phase: 'open',
      state: {
        purpose,
        members: new Map<PersonDid, unknown>([[ada.person, { state, devices: [{ peerId, state: deviceState }] }]]),
      },
    }) as unknown as CommunityFacts
  const shares = (facts: CommunityFacts) => sharesCommunity([facts], ada.person, ada.id)
  assert.ok(shares(group('group', 'active', ada.id)))
  assert.ok(!shares(group('direct', 'active', ada.id)))
  assert.ok(!shares(group('group', 'removed', ada.id)))
  assert.ok(!shares(group('group', 'active', eve.id)))
  assert.ok(!shares(group('group', 'active', ada.id, 'removed')))
  assert.ok(!shares({ ...group('group', 'active', ada.id), phase: 'left' }))
})
