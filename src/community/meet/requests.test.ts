// Asking a member to be let in, in a simulated network.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  addressOf,
  community,
  createRoom,
  type Person,
  type RawTalk,
  sendHalf,
  strangerIn,
} from '../../../test/support/meet.ts'
import { utf8 } from '../../base/bytes.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import {
  askAgainMs,
  requestForgottenMs,
  requestsAtOnceMax,
  requestsBurst,
  requestsPendingMax,
  requestsPendingPerPeerMax,
  requestsPerSecond,
  requestTimeoutMs,
} from './limits.ts'
import { encodeRequest } from './message-wire.ts'
import type { JoinRequest, RequestHandler, RequestVerdict } from './types.ts'
import { type Frame, refuse } from './wire.ts'

const requestOf = (
  person: { readonly certificate: JoinRequest['certificate'] },
  more: Partial<JoinRequest> = {},
): JoinRequest => ({
  community,
  certificate: person.certificate,
  memberName: 'Ada',
  deviceName: 'laptop',
  note: 'We met at the market.',
  ...more,
})
const communityNumber = (n: number) => n.toString(16).padStart(64, '0') as CommunityId

async function roomOf(t: TestContext, onRequest?: RequestHandler) {
  const room = createRoom(t, t.name)
  const member = await room.join(onRequest === undefined ? {} : { onRequest })
  const asker = await room.join()
  const ask = (from: Person, request = requestOf(from)) => from.meet.ask(addressOf(member.id), request)
  return { room, member, asker, ask }
}

test('a request waits for a person, and is asked again until it is decided', async (t) => {
  const seen: [JoinRequest, PeerId][] = []
  let verdict: RequestVerdict = 'pending'
  const { room, asker, ask } = await roomOf(t, (request, from) => {
    seen.push([request, from])
    return verdict
  })
  assert.deepEqual(await room.hurry(ask(asker)), { state: 'pending', askAgainMs })
  await room.pass(askAgainMs)
  verdict = { admitted: utf8('come in') }
  assert.deepEqual(await room.hurry(ask(asker)), { state: 'admitted', bytes: utf8('come in') })
  await room.pass(askAgainMs)
  verdict = 'refused'
  assert.deepEqual(await room.hurry(ask(asker)), { state: 'refused' })
  assert.deepEqual(seen[0], [requestOf(asker), asker.id])
})

test('who serves no requests refuses all; who is not there can’t be asked', async (t) => {
  const { room, asker, ask } = await roomOf(t)
  assert.deepEqual(await room.hurry(ask(asker)), { state: 'refused' })
  const nobody = strangerIn(room)
  await nobody.network.stop()
  await room.failure(asker.meet.ask(addressOf(nobody.id), requestOf(asker)), 'peer_unreachable')
  const deaf = strangerIn(room)
  await room.failure(asker.meet.ask(addressOf(deaf.id), requestOf(asker)), 'protocol_unsupported')
})

test('a request with another’s certificate is refused and blamed', async (t) => {
  const { room, member, asker, ask } = await roomOf(t, () => assert.fail('not asked'))
  await room.failure(ask(asker, requestOf(member)), 'request_unanswered')
  assert.deepEqual(
    member.network.blames.map(({ blame }) => blame.code),
    ['meet_certificate_wrong'],
  )
})

test('one peer may ask so often', async (t) => {
  const { room, asker, ask } = await roomOf(t, () => 'pending')
  for (let i = 0; i < requestsBurst; i++) await room.hurry(ask(asker))
  await room.failure(ask(asker), 'request_busy')
  await room.pass(1000 / requestsPerSecond)
  assert.equal((await room.hurry(ask(asker))).state, 'pending')
})

test('so many requests of one peer wait at a time; what waits already may be repeated', async (t) => {
  let asked = 0
  const { room, asker, ask } = await roomOf(t, () => {
    asked++
    return 'pending'
  })
  const pause = () => room.pass(1000 / requestsPerSecond)
  for (let n = 0; n < requestsPendingPerPeerMax; n++) {
    await room.hurry(ask(asker, requestOf(asker, { community: communityNumber(n) })))
    await pause()
  }
  const more = requestOf(asker, { community: communityNumber(99) })
  await room.failure(ask(asker, more), 'request_busy')
  assert.equal(asked, requestsPendingPerPeerMax)
  await pause()
  await room.hurry(ask(asker, requestOf(asker, { community: communityNumber(0) })))
  // Those that nobody repeats make room.
  await room.pass(requestForgottenMs + 1)
  assert.equal((await room.hurry(ask(asker, more))).state, 'pending')
})

test('so many requests wait at a time over all peers, and one that is decided makes room', async (t) => {
  let verdict: RequestVerdict = 'pending'
  const { room, member, asker, ask } = await roomOf(t, () => verdict)
  const others: Person[] = []
  for (let n = 0; n < requestsPendingMax; n++) {
    const other = await room.join()
    others.push(other)
    assert.equal((await room.hurry(ask(other))).state, 'pending')
  }
  await room.failure(ask(asker), 'request_busy')
  verdict = 'refused'
  await room.hurry(ask(others[0] as Person))
  verdict = 'pending'
  assert.equal((await room.hurry(ask(asker))).state, 'pending')
  assert.ok(member.lines.length < 5, 'a flood does not fill the log')
})

test('so many requests are answered at once; a handler that fails or is slow is busy', async (t) => {
  const waiting: ((verdict: RequestVerdict) => void)[] = []
  const { room, member, asker, ask } = await roomOf(t, () => new Promise((resolve) => waiting.push(resolve)))
  const others = await Promise.all(Array.from({ length: requestsAtOnceMax }, () => room.join()))
  const asking = others.map((other) => ask(other))
  await room.until('all are asked', () => waiting.length === requestsAtOnceMax)
  await room.failure(ask(asker), 'request_busy')
  for (const resolve of waiting) resolve('refused')
  await room.hurry(Promise.all(asking))
  const slow = room.failure(ask(asker), 'request_busy')
  const startMs = room.clock.monotonicMs()
  await slow
  assert.ok(room.clock.monotonicMs() - startMs >= requestTimeoutMs)
  assert.ok(member.lines.some((line) => line.startsWith('meet_request_failed')))

  const broken = await room.join({ onRequest: () => Promise.reject(new TypeError('oh')) })
  await room.failure(asker.meet.ask(addressOf(broken.id), requestOf(asker)), 'request_busy')
})

test('names and notes are checked before anybody is asked', async (t) => {
  const { room, asker, ask } = await roomOf(t, () => assert.fail('not asked'))
  await room.failure(ask(asker, requestOf(asker, { memberName: ' ' })), 'meet_name_unusable')
  await room.failure(ask(asker, requestOf(asker, { note: '\u0000' })), 'meet_note_unusable')
})

const lies: readonly [string, (talk: RawTalk) => void, string | undefined][] = [
  ['another frame', (talk) => talk.send({ kind: 'done' }), 'meet_frame_out_of_order'],
  ['a refusal that does not fit', (talk) => talk.send(refuse('wrong')), 'meet_frame_out_of_order'],
  ['half a frame', (talk) => sendHalf(talk, refuse('busy')), 'meet_frame_cut'],
  ['noise', (talk) => talk.sendBytes(new Uint8Array(100_000).fill(200)), 'meet_frame_kind_unknown'],
  ['nothing', () => {}, undefined],
  ['the end', (talk) => talk.close(), undefined],
]
for (const [name, send, blame] of lies) {
  test(`a member that answers with ${name}`, async (t) => {
    const room = createRoom(t, t.name)
    const asker = await room.join()
    const liar = strangerIn(room)
    await liar.serve(async (talk) => {
      await talk.take('request')
      send(talk)
      await room.pass(60_000)
    })
    await room.failure(asker.meet.ask(addressOf(liar.id), requestOf(asker)), 'request_unanswered')
    assert.deepEqual(
      asker.network.blames.map(({ blame: { code } }) => code),
      blame === undefined ? [] : [blame],
    )
  })
}

test('more frames after a request end it, and only one is handed on', async (t) => {
  let asked = 0
  const { room, member } = await roomOf(t, () => {
    asked++
    return new Promise(() => {})
  })
  const stranger = strangerIn(room)
  const talk = await stranger.dial(member)
  const frame: Frame = { kind: 'request', bytes: encodeRequest(requestOf(stranger)) }
  talk.send(frame, frame)
  await room.until('the end', talk.ended)
  assert.equal(asked, 1)
  assert.deepEqual(
    member.network.blames.map(({ blame }) => blame.code),
    ['meet_frame_out_of_order'],
  )
})

test('asking ends with its signal, and when Peerhood stops', async (t) => {
  const { room, member, asker } = await roomOf(t, () => new Promise(() => {}))
  const controller = new AbortController()
  const reason = new Error('never mind')
  const asking = asker.meet.ask(addressOf(member.id), requestOf(asker), { signal: controller.signal })
  room.clock.after(100, () => controller.abort(reason))
  await assert.rejects(room.hurry(asking), (error) => error === reason)
  const again = asker.meet.ask(addressOf(member.id), requestOf(asker))
  await room.pass(100)
  await asker.meet.stop()
  await room.failure(again, 'meet_stopped')
})
