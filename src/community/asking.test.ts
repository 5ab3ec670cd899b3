import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createVirtualClock } from '../../test/sim/clock.ts'
import { createRandom } from '../../test/sim/random.ts'
import { deviceOf, lineLog } from '../../test/support/meet.ts'
import type { Database } from '../base/database.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { Identity } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import { createAdmissionStore } from './admission-store.ts'
import { createFakeHouse, houseOf, ticketTo } from './admission-testing.ts'
import type { Ask } from './admission-types.ts'
import { encodeTicket } from './admission-wire.ts'
import { createAsking } from './asking.ts'
import { formatRequestLink } from './invite-link.ts'
import { askDelayMsMax, askEndsMs, asksMax } from './limits.ts'
import { meetErrors } from './meet/errors.ts'
import type { Meet, RequestAnswer } from './meet/types.ts'

const garden = 'aa'.repeat(32) as CommunityId
const club = 'bb'.repeat(32) as CommunityId
const request = { memberName: 'Ben', note: 'hello' }

type Answer = RequestAnswer | 'away'

function bench(database: Database = new DatabaseSync(':memory:'), clock = createVirtualClock()) {
  const random = createRandom('asking')
  const house = createFakeHouse()
  const [one, two] = [deviceOf(random), deviceOf(random)]
  const peers = [one, two].map(({ id }) => ({ peerId: id, addresses: ['/ip4/10.0.0.1/tcp/1'] }))
  const told: string[] = []
  const lines: string[] = []
  /** What each peer answers, and when it was asked. */
  const answers = new Map<string, Answer>()
  const asked: { readonly peer: string; readonly atMs: number }[] = []
  const meet = {
    async ask({ peerId }: { peerId: string }) {
      asked.push({ peer: peerId === one.id ? 'one' : 'two', atMs: clock.monotonicMs() })
      const answer = answers.get(peerId) ?? 'away'
      if (answer === 'away') throw meetErrors.request_unanswered('The member’s computer did not answer the request.')
      return answer
    },
  } as unknown as Meet
  const asking = createAsking({
    ...{ clock, random, log: lineLog(lines), meet, communities: house.communities, gate: house.gate },
    identity: { deviceCertificate: one.certificate, deviceName: 'laptop' } as unknown as Identity,
    store: createAdmissionStore(database),
    tell: (ask: Ask, admitted) => void told.push(admitted ? 'admitted' : ask.state),
  })
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  /** Lets time pass, one timer after the other. */
  const pass = async (ms: number) => {
    const untilMs = clock.monotonicMs() + ms
    await settle()
    while (clock.advance(untilMs)) await settle()
    clock.moveTo(untilMs)
  }
  asking.start()
  const link = (community = garden) => formatRequestLink({ community, name: 'Allotment', peers })
  const codeOf = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      return isPeerhoodError(error) ? error.code : String(error)
    }
    return 'none'
  }
  return { house, peers, told, lines, answers, asked, asking, pass, link, clock, codeOf }
}

const pending: Answer = { state: 'pending', askAgainMs: 30_000 }
const admitted = (community = garden): Answer => ({ state: 'admitted', bytes: encodeTicket(ticketTo(community)) })

test('everybody whom the link names is asked, less and less often, until a ticket comes', async () => {
  const { asking, asked, answers, pass, link, peers, told, house } = bench()
  asking.ask(link(), request)
  await pass(1)
  assert.deepEqual(
    asked.map(({ peer }) => peer),
    ['one', 'two'],
  )
  await pass(3_600_000)
  const gaps = asked.filter(({ peer }) => peer === 'one').map(({ atMs }, at, all) => atMs - (all[at - 1]?.atMs ?? atMs))
  assert.ok((gaps[1] ?? 0) < 10_000, 'soon again at first')
  assert.ok(Math.max(...gaps) <= askDelayMsMax * 1.2, 'never longer than that')
  assert.ok(asked.length < 40, `${asked.length} times in an hour`)
  answers.set(peers[0]?.peerId ?? '', pending)
  await pass(askDelayMsMax * 1.2)
  assert.notEqual(asking.list()[0]?.reachedMs, undefined)
  answers.set(peers[1]?.peerId ?? '', admitted())
  await pass(askDelayMsMax * 1.2)
  assert.deepEqual(house.asked, ['enter Allotment as Ben'])
  assert.deepEqual(asking.list(), [])
  assert.deepEqual(told, ['asking', 'asking', 'admitted'])
  const before = asked.length
  await pass(86_400_000)
  assert.equal(asked.length, before)
  await asking.stop()
})

test('a member who wants to be left alone for a while is', async () => {
  const { asking, asked, answers, pass, link, peers } = bench()
  answers.set(peers[0]?.peerId ?? '', { state: 'pending', askAgainMs: 300_000 })
  asking.ask(link(), request)
  await pass(200_000)
  assert.equal(asked.filter(({ peer }) => peer === 'one').length, 1)
  await asking.stop()
})

test('it goes on after a restart; a refusal stays on the list until it is taken off', async () => {
  const database = new DatabaseSync(':memory:')
  const first = bench(database)
  first.asking.ask(first.link(), request)
  await first.pass(1)
  await first.asking.stop()
  const second = bench(database)
  second.answers.set(second.peers[0]?.peerId ?? '', { state: 'refused' })
  await second.pass(1)
  assert.equal(second.asking.list()[0]?.state, 'refused')
  assert.deepEqual(second.told, ['refused'])
  await second.asking.stop()
  const third = bench(database)
  await third.pass(86_400_000)
  assert.deepEqual(third.asked, [])
  assert.equal(third.asking.list()[0]?.state, 'refused')
  third.asking.cancel(garden)
  assert.deepEqual(third.asking.list(), [])
  assert.equal(
    third.codeOf(() => third.asking.cancel(garden)),
    'ask_unknown',
  )
  await third.asking.stop()
})

test('a ticket to another community, or none at all, lets nothing in', async () => {
  const { asking, answers, pass, link, peers, house, lines } = bench()
  answers.set(peers[0]?.peerId ?? '', admitted(club))
  answers.set(peers[1]?.peerId ?? '', { state: 'admitted', bytes: new Uint8Array(10) })
  asking.ask(link(), request)
  await pass(60_000)
  assert.deepEqual(house.asked, [])
  assert.equal(asking.list()[0]?.state, 'asking')
  assert.ok(lines.some((line) => line.includes('admission_malformed')))
  await asking.stop()
})

test('nobody is asked for ever', async () => {
  const { asking, pass, link, told } = bench()
  asking.ask(link(), request)
  await pass(askEndsMs + askDelayMsMax * 2)
  assert.equal(asking.list()[0]?.state, 'unanswered')
  assert.deepEqual(told, ['asking', 'unanswered'])
  await asking.stop()
})

test('what can’t be asked for is refused at once; asking again begins anew', async () => {
  const { asking, link, house, codeOf, pass, asked } = bench()
  assert.equal(
    codeOf(() => asking.ask('peerhood:', request)),
    'link_cut_off',
  )
  assert.equal(
    codeOf(() => asking.ask(link(), { ...request, memberName: '\u202e' })),
    'meet_name_unusable',
  )
  assert.equal(
    codeOf(() => asking.ask(link(), { ...request, note: 'x'.repeat(300) })),
    'meet_note_unusable',
  )
  house.facts = [houseOf(garden)]
  assert.equal(
    codeOf(() => asking.ask(link(), request)),
    'already_member',
  )
  house.facts = []
  for (let at = 0; at < asksMax; at++) asking.ask(link(at.toString(16).padStart(64, '0') as CommunityId), request)
  assert.equal(
    codeOf(() => asking.ask(link(), request)),
    'asks_too_many',
  )
  await pass(1)
  const before = asked.length
  asking.ask(link('0'.repeat(64) as CommunityId), { ...request, memberName: 'Benjamin' })
  await pass(1)
  assert.equal(asked.length, before + 2)
  assert.equal(asking.list().length, asksMax)
  await asking.stop()
})
