// What strangers try: relaying, guessing, claiming to be the host, sending nonsense or nothing, knocking for ever.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  addressOf,
  asGuest,
  createRoom,
  forMember,
  type RawTalk,
  type Room,
  secretOf,
  sendHalf,
  strangerIn,
} from '../../../test/support/meet.ts'
import { toHex, utf8 } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { parseCode } from './code.ts'
import { runKeys, runShare } from './keys.ts'
import { backoffMs, codesSpentMax, guessesMax, looksBurst, stepTimeoutMs, talksMax, triesMax } from './limits.ts'
import { aesSeal } from './seal.ts'
import type { GuestHandler } from './types.ts'
import { encodeFrame, type Frame, refuse } from './wire.ts'

const gift = utf8('the keys to the garden')
const give: GuestHandler = async () => gift

/** Codes for which a person blamed others so that they are disconnected. */
const blamesOf = ({
  network,
}: {
  readonly network: { readonly blames: readonly { blame: { code: string; verdict: string } }[] }
}) => network.blames.map(({ blame }) => `${blame.verdict} ${blame.code}`)

const lookFor = (nameplate: number): Frame => ({ kind: 'look', nameplate, nonce: new Uint8Array(16).fill(9) })

/** A stranger that guesses a code by hand; what the host says to the proof. */
async function guess(
  room: Room,
  host: Parameters<ReturnType<typeof strangerIn>['dial']>[0],
  code: string,
): Promise<Frame | undefined> {
  const stranger = strangerIn(room)
  const talk = await stranger.dial(host)
  talk.send(lookFor(parseCode(code).nameplate))
  const { nonce: hostNonce } = await talk.take('here')
  const scalar = room.random.bytes(32)
  const run = {
    secret: secretOf(code),
    guest: stranger.id,
    host: host.id,
    guestNonce: new Uint8Array(16).fill(9),
    hostNonce,
  }
  const ours = runShare(run, scalar)
  talk.send({ kind: 'share', share: ours })
  const { share: theirs } = await talk.take('share')
  const keys = runKeys(run, scalar, { ours, theirs, role: 'guest' })
  assert.ok(keys !== undefined)
  talk.send({ kind: 'proof', proof: keys.guestProof })
  await room.until('the end', () => talk.received.length > 2 || talk.ended())
  return talk.received[2]
}

test('an attacker in the middle who relays everything gets nothing, and costs one try', async (t) => {
  const room = createRoom(t, t.name)
  const [host, guest] = [await room.join(), await room.join()]
  const middle = strangerIn(room)
  const seen: string[] = []
  await middle.serve(async (toGuest) => {
    const toHost = await middle.dial(host)
    // Each frame as it came, in both directions.
    const pass = async (from: RawTalk, to: RawTalk, name: string) => {
      for (let at = 0; ; at++) {
        await room.until('a frame', () => from.received.length > at || from.ended())
        const frame = from.received[at]
        if (frame === undefined) return to.close()
        seen.push(`${name} ${frame.kind}`)
        to.send(frame)
      }
    }
    await Promise.all([pass(toGuest, toHost, 'guest'), pass(toHost, toGuest, 'host')])
  })
  await room.hurry(guest.network.connect(addressOf(middle.id), { source: 'mdns' }))
  const hosting = host.meet.host(forMember, give)
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_wrong')
  assert.deepEqual(
    seen.filter((line) => !/look|here/.test(line)),
    ['guest share', 'host share', 'guest proof', 'host refuse'],
  )
  assert.equal(hosting.triesLeft, triesMax - 1)
})

test('who only claims to be the host gets one guess and neither name nor certificate', async (t) => {
  const room = createRoom(t, t.name)
  const guest = await room.join()
  const liars = Array.from({ length: guessesMax + 3 }, () => strangerIn(room))
  const seen: Frame[][] = []
  for (const liar of liars) {
    await liar.serve(async (talk) => {
      seen.push(talk.received)
      const { nameplate, nonce: guestNonce } = await talk.take('look')
      talk.send({ kind: 'here', nonce: new Uint8Array(16) })
      const { share: theirs } = await talk.take('share')
      // The best that it can do: another code, honestly.
      const run = {
        secret: secretOf(`${nameplate}-able-zoo`),
        guest: talk.peer,
        host: liar.id,
        guestNonce,
        hostNonce: new Uint8Array(16),
      }
      const scalar = room.random.bytes(32)
      const ours = runShare(run, scalar)
      talk.send({ kind: 'share', share: ours })
      await talk.take('proof')
      const keys = runKeys(run, scalar, { ours, theirs, role: 'host' })
      assert.ok(keys !== undefined)
      talk.send({ kind: 'proof', proof: keys.hostProof })
      await room.pass(2_000)
    })
    await room.hurry(guest.network.connect(addressOf(liar.id), { source: 'mdns' }))
  }
  await room.failure(guest.meet.enter('7-ocean-lamp', asGuest(guest)), 'code_wrong')
  const proofs = seen.filter((frames) => frames.some(({ kind }) => kind === 'proof'))
  assert.equal(proofs.length, guessesMax)
  assert.ok(!seen.flat().some(({ kind }) => kind === 'sealed'))
  assert.deepEqual(
    blamesOf(guest),
    Array.from({ length: guessesMax }, () => 'reject meet_proof_wrong'),
  )
})

test('with a liar beside the host the guest still gets in', async (t) => {
  const room = createRoom(t, t.name)
  const [host, guest] = [await room.join(), await room.join()]
  const liar = strangerIn(room)
  await liar.serve(async (talk) => {
    await talk.take('look')
    talk.send({ kind: 'here', nonce: new Uint8Array(16) })
    await talk.take('share')
    talk.send(refuse('violation'))
    await room.pass(100)
  })
  await room.hurry(guest.network.connect(addressOf(liar.id), { source: 'mdns' }))
  await room.introduce(host, guest)
  const hosting = host.meet.host(forMember, give)
  assert.deepEqual((await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))).bytes, gift)
})

test('many who guess together have as many tries as one', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const hosting = host.meet.host(forMember, give, { nameplate: 7 })
  const [, first] = hosting.code.split('-')
  const answers: (Frame | undefined)[] = []
  for (let i = 0; i < triesMax; i++)
    answers.push(await guess(room, host, `7-${first}-${first === 'zoo' ? 'able' : 'zoo'}`))
  assert.deepEqual(
    answers,
    Array.from({ length: triesMax }, () => refuse('wrong')),
  )
  await room.failure(hosting.done, 'code_void')
  const late = await strangerIn(room).dial(host)
  late.send(lookFor(7))
  assert.deepEqual(await late.take('refuse'), refuse('over'))
})

test('a peer that guessed wrongly has to wait before it asks again', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const hosting = host.meet.host(forMember, give, { nameplate: 7 })
  const stranger = strangerIn(room)
  const once = async () => {
    const talk = await stranger.dial(host)
    talk.send(lookFor(7))
    await room.until('an answer', () => talk.received.length > 0)
    return { talk, answer: talk.received[0] }
  }
  const { talk } = await once()
  talk.send({
    kind: 'share',
    share: runShare(
      { secret: utf8('x'), guest: stranger.id, host: host.id, guestNonce: utf8(''), hostNonce: utf8('') },
      room.random.bytes(32),
    ),
  })
  await room.until('the share', () => talk.received.length > 1)
  talk.send({ kind: 'proof', proof: new Uint8Array(32) })
  await room.until('the refusal', () => talk.received.length > 2)
  assert.equal(hosting.triesLeft, triesMax - 1)
  const { answer } = await once()
  assert.ok(answer?.kind === 'refuse' && answer.reason === 'later' && answer.waitMs > backoffMs - 1_000)
  await room.pass(backoffMs)
  assert.equal((await once()).answer?.kind, 'here')
})

const nonsense: readonly [name: string, send: (talk: RawTalk) => void, blame: string][] = [
  [
    'a share first',
    (talk) => talk.send({ kind: 'share', share: new Uint8Array(32) }),
    'reject meet_frame_out_of_order',
  ],
  [
    'a proof first',
    (talk) => talk.send({ kind: 'proof', proof: new Uint8Array(32) }),
    'reject meet_frame_out_of_order',
  ],
  ['an answer first', (talk) => talk.send({ kind: 'admitted', bytes: gift }), 'reject meet_frame_out_of_order'],
  ['the same question twice', (talk) => talk.send(lookFor(7), lookFor(7)), 'reject meet_frame_out_of_order'],
  ['an unknown kind', (talk) => talk.sendBytes(Uint8Array.of(0, 0, 0, 1, 99)), 'reject meet_frame_kind_unknown'],
  ['a frame of 4 GiB', (talk) => talk.sendBytes(Uint8Array.of(255, 255, 255, 255, 5)), 'reject meet_frame_too_long'],
  [
    'noise without end',
    (talk) => talk.sendBytes(new Uint8Array(1_000_000).fill(0xa7)),
    'reject meet_frame_kind_unknown',
  ],
  ['half a frame', (talk) => sendHalf(talk, lookFor(7)), 'ignore meet_frame_cut'],
  [
    'half a frame, and then nothing',
    (talk) => talk.sendBytes(encodeFrame(lookFor(7)).subarray(0, 9)),
    'ignore meet_silent',
  ],
  ['nothing at all', () => {}, 'ignore meet_silent'],
  ['a question, and then nothing', (talk) => talk.send(lookFor(7)), 'ignore meet_silent'],
  ['a malformed request', (talk) => talk.send({ kind: 'request', bytes: gift }), 'reject meet_message_malformed'],
]
for (const [name, send, blame] of nonsense) {
  test(`${name}: costs the stream, is blamed, and leaves the code alone`, async (t) => {
    const room = createRoom(t, t.name)
    const host = await room.join({ onRequest: () => 'refused' })
    const hosting = host.meet.host(forMember, give, { nameplate: 7 })
    const talk = await strangerIn(room).dial(host)
    send(talk)
    await room.until('the end', talk.ended, stepTimeoutMs + 5_000)
    assert.deepEqual(blamesOf(host), [blame])
    assert.equal(hosting.triesLeft, triesMax)
    const guest = await room.join()
    await room.introduce(host, guest)
    assert.deepEqual((await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))).bytes, gift)
  })
}

test('a stream that is opened and closed again is nobody’s fault', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const talk = await strangerIn(room).dial(host)
  talk.close()
  await room.until('the end', talk.ended)
  assert.deepEqual(blamesOf(host), [])
})

test('a guest that knows the code and lies about who it is pays a try', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const hosting = host.meet.host(forMember, () => assert.fail('nobody is let in'))
  const [guest, other] = [await room.join(), await room.join()]
  await room.introduce(host, guest)
  const request = asGuest(guest, { certificate: other.certificate })
  await room.failure(guest.meet.enter(hosting.code, request), 'meet_broken')
  assert.deepEqual(blamesOf(host), ['reject meet_certificate_wrong'])
  assert.equal(hosting.triesLeft, triesMax - 1)
})

test('who asks for ever is told to come later', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const stranger = strangerIn(room)
  const answers: (Frame | undefined)[] = []
  for (let i = 0; i <= looksBurst; i++) {
    const talk = await stranger.dial(host)
    talk.send(lookFor(1 + i))
    await room.until('an answer', () => talk.received.length > 0)
    answers.push(talk.received[0])
    talk.close()
  }
  assert.ok(
    answers.slice(0, looksBurst - 1).every((answer) => answer?.kind === 'refuse' && answer.reason === 'not_here'),
  )
  assert.ok(answers.some((answer) => answer?.kind === 'refuse' && answer.reason === 'later'))
})

test('so many conversations are held at once, over all peers', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const talks: RawTalk[] = []
  for (let n = 0; n < talksMax / 4; n++) {
    const stranger = strangerIn(room)
    for (let i = 0; i < 4; i++) talks.push(await stranger.dial(host))
    // All of them within the time in which the first ones may stay silent.
    assert.ok(room.clock.monotonicMs() < stepTimeoutMs)
  }
  const one = await strangerIn(room).dial(host)
  assert.deepEqual(await one.take('refuse'), refuse('busy'))
  for (const talk of talks) talk.close()
  await room.pass(2_000)
  const two = await strangerIn(room).dial(host)
  two.send(lookFor(7))
  assert.deepEqual(await two.take('refuse'), refuse('not_here'))
})

test('so many spent codes are remembered', async (t) => {
  const room = createRoom(t, t.name)
  const host = await room.join()
  for (let nameplate = 1; nameplate <= codesSpentMax + 1; nameplate++)
    host.meet.host(forMember, give, { nameplate }).cancel()
  const answers: (Frame | undefined)[] = []
  for (const nameplate of [1, 2, codesSpentMax + 1]) {
    const talk = await strangerIn(room).dial(host)
    talk.send(lookFor(nameplate))
    answers.push(await talk.take('refuse'))
  }
  assert.deepEqual(answers, [refuse('not_here'), refuse('over'), refuse('over')])
})

test('no log line and no error holds a word of the code, what was handed over, or a name', async (t) => {
  const room = createRoom(t, t.name)
  const secret = utf8('entropy entropy entropy entropy!')
  const [host, guest] = [await room.join({ onRequest: () => ({ admitted: secret }) }), await room.join()]
  await room.introduce(host, guest)
  const errors: unknown[] = []
  const words = new Set<string>()
  const note = (code: string) => {
    for (const word of code.split('-').slice(1)) words.add(word)
    return code
  }
  const tell = async (work: Promise<unknown>) =>
    room.hurry(
      work.catch((error: unknown) => errors.push(error)),
      900_000,
    )
  const request = asGuest(guest, { memberName: 'Adalovelace', memo: 'my memo', kind: 'device' })

  const good = host.meet.host({ kind: 'device' }, async () => secret)
  await tell(guest.meet.enter(note(good.code), request))
  const [nameplate] = good.code.split('-')
  await tell(guest.meet.enter(note(good.code), request))
  const other = host.meet.host({ kind: 'device' }, async () => secret)
  await tell(guest.meet.enter(note(`${other.code.split('-')[0]}-umbrella-velvet`), request))
  await tell(guest.meet.enter(note(other.code), request))
  await tell(guest.meet.enter('7-umbrella-xyzzy', request))
  await tell(guest.meet.enter('umbrella velvet', request))
  other.cancel()
  note(other.code)
  await tell(other.done)
  const declined = host.meet.host({ kind: 'device' }, async () => Promise.reject(new Error('no')))
  await room.pass(60_000)
  await tell(guest.meet.enter(note(declined.code), request))
  await tell(guest.meet.ask(addressOf(host.id), { ...request, community: 'c0'.repeat(32) as never, note: 'my note' }))
  for (const [name, send] of nonsense) {
    const talk = await strangerIn(room).dial(host)
    send(talk)
    await room.until(name, talk.ended)
  }

  assert.ok(errors.length >= 6, `${errors.length} errors`)
  assert.ok(host.lines.length > 5 && guest.lines.length > 2)
  const texts = [...host.lines, ...guest.lines, ...errors.map((error) => inspect(error, { depth: 9 }))]
  // Own messages name what to type as an example.
  const all = texts.join('\n').replaceAll('7-ocean-lamp', '')
  const hidden = ['Adalovelace', 'my memo', 'my note', 'entropy', toHex(secret), Buffer.from(secret).toString('base64')]
  for (const text of hidden) assert.ok(!all.includes(text), text)
  for (const word of words) assert.doesNotMatch(all, new RegExp(`\\b${word}\\b`), word)
  assert.ok(nameplate !== undefined && errors.every(isPeerhoodError))
  assert.ok(
    !inspect(host.meet, { depth: 9, showHidden: true }).includes(toHex(aesSeal.seal(new Uint8Array(32), secret))),
  )
})
