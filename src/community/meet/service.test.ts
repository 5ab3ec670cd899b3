// Hosts and guests in a simulated network: what people do, and what they are told.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import {
  addressOf,
  asGuest,
  createRoom,
  forMember,
  type Person,
  type Room,
  strangerIn,
} from '../../../test/support/meet.ts'
import { utf8 } from '../../base/bytes.ts'
import { sleep } from '../../base/ports.ts'
import { meetErrors } from './errors.ts'
import { backoffMs, codeLifeMs, codesMax, decideTimeoutMs, findMs, stepTimeoutMs, triesMax } from './limits.ts'
import type { Guest, GuestHandler } from './types.ts'

const gift = utf8('the keys to the garden')
const give: GuestHandler = async () => gift

/** A room with a host and guests who see each other. */
async function roomOf(
  t: TestContext,
  guestCount = 1,
): Promise<{ room: Room; host: Person; guests: Person[]; guest: Person }> {
  const room = createRoom(t, t.name)
  const host = await room.join()
  const guests = await Promise.all(Array.from({ length: guestCount }, () => room.join()))
  await room.introduce(host, ...guests)
  const [guest] = guests
  assert.ok(guest !== undefined)
  return { room, host, guests, guest }
}

/** The same code with another last word. */
function mistyped(code: string): string {
  const [nameplate, first, second] = code.split('-')
  return [nameplate, first, wordlist.find((word) => word !== second)].join('-')
}

test('a code that is said aloud lets a guest in', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const guests: Guest[] = []
  const hosting = host.meet.host(forMember, async (one) => {
    guests.push(one)
    return gift
  })
  assert.match(hosting.code, /^\d{1,3}-[a-z]{3,8}-[a-z]{3,8}$/)
  assert.equal(hosting.expiresAtMs, room.clock.nowMs() + codeLifeMs)
  assert.deepEqual(host.meet.hosted(), [hosting])
  const met = await room.hurry(guest.meet.enter(hosting.code.toUpperCase(), asGuest(guest, { memo: 'It is me' })))
  assert.deepEqual(met, { host: host.id, bytes: gift })
  const { delivered, guest: letIn } = await room.hurry(hosting.done)
  assert.equal(delivered, true)
  assert.deepEqual(guests, [letIn])
  const { certificate, ...rest } = letIn
  assert.deepEqual(rest, { peer: guest.id, memberName: 'Ada', deviceName: 'laptop', memo: 'It is me' })
  assert.deepEqual(certificate, guest.certificate)
  assert.deepEqual(host.meet.hosted(), [])
  // Once.
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_expired')
})

test('nobody is asked but who is there; peers that are named are asked too; peers that turn up are found', async (t) => {
  const room = createRoom(t, t.name)
  const [host, guest, bystander] = [await room.join(), await room.join(), await room.join()]
  const alone = await room.failure(guest.meet.enter('7-ocean-lamp', asGuest(guest)), 'code_not_found')
  assert.match(alone.message, /No other computer/)
  assert.match(alone.hint, /same network/)
  await room.introduce(guest, bystander)
  const other = await room.failure(guest.meet.enter('7-ocean-lamp', asGuest(guest)), 'code_not_found')
  assert.match(other.message, /one was asked/)

  const named = host.meet.host(forMember, give)
  const peers = [addressOf(host.id)]
  assert.deepEqual((await room.hurry(guest.meet.enter(named.code, asGuest(guest, { peers })))).bytes, gift)

  room.net.cut(host.id, guest.id)
  await room.pass(100)
  const late = host.meet.host(forMember, give)
  const work = guest.meet.enter(late.code, asGuest(guest))
  await room.pass(findMs / 2)
  await room.introduce(host, guest)
  assert.deepEqual((await room.hurry(work)).bytes, gift)
})

test('a host without the code is not disturbed, nor is one whose number it is not', async (t) => {
  const { room, host, guests, guest } = await roomOf(t, 6)
  const others = guests.slice(1).map((other) => other.meet.host(forMember, give))
  const hosting = host.meet.host(forMember, give)
  await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))
  for (const other of others) assert.equal(other.triesLeft, triesMax)
})

test('a wrong code costs the host a try and the guest a pause; then the right one works', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const hosting = host.meet.host(forMember, give)
  const wrong = await room.failure(guest.meet.enter(mistyped(hosting.code), asGuest(guest)), 'code_wrong')
  assert.match(wrong.hint, /three wrong tries/)
  assert.equal(hosting.triesLeft, triesMax - 1)
  const early = await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_wait')
  assert.match(early.message, /in \d seconds/)
  assert.equal(hosting.triesLeft, triesMax - 1, 'a try that was not taken costs nothing')
  await room.pass(backoffMs)
  assert.deepEqual((await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))).bytes, gift)
})

test('after three wrong guesses, by whomever, the code is void and the host is told', async (t) => {
  const { room, host, guests, guest } = await roomOf(t, 4)
  const hosting = host.meet.host(forMember, give)
  for (const other of guests.slice(1)) {
    await room.failure(other.meet.enter(mistyped(hosting.code), asGuest(other)), 'code_wrong')
  }
  const told = await room.failure(hosting.done, 'code_void')
  assert.match(told.hint, /guessing/)
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_expired')
  assert.deepEqual(host.meet.hosted(), [])
})

test('a code ends after ten minutes', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const hosting = host.meet.host(forMember, give)
  await room.pass(codeLifeMs - 1_000)
  assert.equal(host.meet.hosted().length, 1)
  await room.pass(1_001)
  await room.failure(hosting.done, 'code_expired')
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_expired')
  await room.pass(codeLifeMs)
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_not_found')
})

test('a host that cancels is done at once, and the guest that it was about to let in is told', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const unused = host.meet.host(forMember, give)
  unused.cancel()
  unused.cancel()
  await room.failure(unused.done, 'code_cancelled')
  await room.failure(guest.meet.enter(unused.code, asGuest(guest)), 'code_expired')

  let asked: AbortSignal | undefined
  const hosting = host.meet.host(forMember, (_, { signal }) => {
    asked = signal
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const entering = guest.meet.enter(hosting.code, asGuest(guest))
  await room.until('the handler is asked', () => asked !== undefined)
  hosting.cancel()
  assert.equal(asked?.aborted, true)
  await room.failure(entering, 'code_expired')
  await room.failure(hosting.done, 'code_cancelled')
})

test('two guests at once: one is let in, the other is told that the code is used', async (t) => {
  const { room, host, guests } = await roomOf(t, 2)
  const letIn: Guest[] = []
  const hosting = host.meet.host(forMember, async (guest) => {
    letIn.push(guest)
    await sleep(room.clock, 2_000)
    return gift
  })
  const outcomes = await room.hurry(
    Promise.allSettled(guests.map((guest) => guest.meet.enter(hosting.code, asGuest(guest)))),
  )
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
  assert.equal(letIn.length, 1)
  assert.deepEqual(refused, ['code_expired'])
  assert.equal(hosting.triesLeft, triesMax)
})

test('two guests at once, and the first one gives up: the other gets in', async (t) => {
  const { room, host, guests } = await roomOf(t, 2)
  const [first, second] = guests as [Person, Person]
  const hosting = host.meet.host(forMember, give)
  const controller = new AbortController()
  const entering = first.meet.enter(hosting.code, asGuest(first, { signal: controller.signal }))
  room.clock.after(40, () => controller.abort(meetErrors.code_cancelled('The person gave up.')))
  const other = second.meet.enter(hosting.code, asGuest(second))
  const outcomes = await room.hurry(Promise.allSettled([entering, other]))
  assert.ok(outcomes.some(({ status }) => status === 'fulfilled'))
})

test('a handler that refuses, or takes too long, lets nobody in', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const strict = host.meet.host(forMember, async () => {
    throw meetErrors.meet_declined('Not today.')
  })
  await room.failure(guest.meet.enter(strict.code, asGuest(guest)), 'meet_declined')
  assert.equal((await room.failure(strict.done, 'meet_declined')).message, 'Not today.')

  const defect = host.meet.host(forMember, async () => {
    throw new TypeError('undefined is not a function')
  })
  await room.failure(guest.meet.enter(defect.code, asGuest(guest)), 'meet_declined')
  await room.failure(defect.done, 'internal')

  const long = host.meet.host(forMember, async () => new Uint8Array(16 * 1024 + 1))
  await room.failure(guest.meet.enter(long.code, asGuest(guest)), 'meet_declined')
  await room.failure(long.done, 'internal')

  let asked: AbortSignal | undefined
  const slow = host.meet.host(forMember, (_, { signal }) => {
    asked = signal
    return new Promise(() => {})
  })
  const startMs = room.clock.monotonicMs()
  await room.failure(guest.meet.enter(slow.code, asGuest(guest)), 'meet_declined')
  assert.ok(room.clock.monotonicMs() - startMs >= decideTimeoutMs)
  assert.equal(asked?.aborted, true)
  await room.failure(slow.done, 'meet_undecided')
})

test('the largest answer arrives, and an empty one', async (t) => {
  const { room, host, guest } = await roomOf(t)
  for (const bytes of [new Uint8Array(16 * 1024).fill(7), new Uint8Array(0)]) {
    const hosting = host.meet.host(forMember, async () => bytes)
    assert.deepEqual((await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))).bytes, bytes)
  }
})

test('a code for something else than was expected gives nothing, and stays good', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const hosting = host.meet.host({ kind: 'device' }, async () => utf8('entropy'))
  await room.failure(guest.meet.enter(hosting.code, asGuest(guest)), 'code_for_other_purpose')
  assert.equal(hosting.triesLeft, triesMax)
  const met = await room.hurry(guest.meet.enter(hosting.code, asGuest(guest, { kind: 'device' })))
  assert.deepEqual(met.bytes, utf8('entropy'))
})

test('a guest that is gone while the host decides: the host learns that nothing was delivered', async (t) => {
  const { room, host, guest } = await roomOf(t)
  let asked: AbortSignal | undefined
  const hosting = host.meet.host(forMember, async (_, { signal }) => {
    asked = signal
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return gift
  })
  const entering = guest.meet.enter(hosting.code, asGuest(guest))
  const failed = room.failure(entering, 'meet_broken')
  await room.until('the handler is asked', () => asked !== undefined)
  room.net.cut(host.id, guest.id)
  assert.equal((await room.hurry(hosting.done)).delivered, false)
  await failed
})

test('a guest may stop at any time, with its own reason', async (t) => {
  const { room, host, guest } = await roomOf(t)
  let asked = false
  const hosting = host.meet.host(forMember, () => {
    asked = true
    return new Promise(() => {})
  })
  for (const afterMs of [0, 5, 15, 25, 35, 45, 60, 75, 200]) {
    const controller = new AbortController()
    const reason = meetErrors.code_cancelled('Never mind.')
    const entering = guest.meet.enter(hosting.code, asGuest(guest, { signal: controller.signal }))
    room.clock.after(afterMs, () => controller.abort(reason))
    await assert.rejects(room.hurry(entering), (error) => error === reason)
    await room.pass(backoffMs)
  }
  assert.ok(asked, 'the last one got as far as the handler')
  assert.equal(hosting.triesLeft, triesMax)
})

test('so many codes are open at once, each with a number of its own', async (t) => {
  const { room, host } = await roomOf(t)
  const codes = Array.from({ length: codesMax }, () => host.meet.host(forMember, give))
  assert.equal(new Set(codes.map(({ code }) => code.split('-')[0])).size, codesMax)
  await room.failure(
    Promise.resolve().then(() => host.meet.host(forMember, give)),
    'codes_too_many',
  )
  codes[0]?.cancel()
  assert.ok(host.meet.host(forMember, give))
})

test('a number that somebody wants is theirs, unless it is in use or was a moment ago', async (t) => {
  const { room, host } = await roomOf(t)
  const mine = host.meet.host(forMember, give, { nameplate: 7 })
  assert.match(mine.code, /^7-/)
  const again = (nameplate: number) => Promise.resolve().then(() => host.meet.host(forMember, give, { nameplate }))
  await room.failure(again(7), 'nameplate_unusable')
  mine.cancel()
  for (const nameplate of [7, 0, 1000, 1.5, Number.NaN]) await room.failure(again(nameplate), 'nameplate_unusable')
  await room.pass(codeLifeMs + 1)
  assert.match((await again(7)).code, /^7-/)
})

test('stopping ends everything on both sides', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const hosting = host.meet.host(forMember, () => new Promise(() => {}))
  const idle = host.meet.host(forMember, give)
  const entering = guest.meet.enter(hosting.code, asGuest(guest))
  await room.pass(200)
  await host.meet.stop()
  await room.failure(entering, 'meet_broken')
  await room.failure(hosting.done, 'meet_stopped')
  await room.failure(idle.done, 'meet_stopped')
  const searching = guest.meet.enter('7-ocean-lamp', asGuest(guest))
  await guest.meet.stop()
  await room.failure(searching, 'meet_stopped')
})

test('names and notes are checked before anybody is asked', async (t) => {
  const { room, guest } = await roomOf(t)
  const enter = (more: object) => guest.meet.enter('7-ocean-lamp', asGuest(guest, more))
  await room.failure(enter({ memberName: '' }), 'meet_name_unusable')
  await room.failure(enter({ deviceName: 'a\u202eb' }), 'meet_name_unusable')
  await room.failure(enter({ memo: 'x'.repeat(281) }), 'meet_note_unusable')
  await room.failure(guest.meet.enter('7-ocean-lmap', asGuest(guest)), 'code_word_unknown')
  await room.failure(guest.meet.enter('ocean', asGuest(guest)), 'code_malformed')
})

test('a host that is there and says nothing costs seconds, not the search', async (t) => {
  const { room, host, guest } = await roomOf(t)
  const mute = strangerIn(room)
  await mute.serve(() => new Promise(() => {}))
  await room.hurry(guest.network.connect(addressOf(mute.id), { source: 'mdns' }))
  const hosting = host.meet.host(forMember, give)
  const startMs = room.clock.monotonicMs()
  await room.hurry(guest.meet.enter(hosting.code, asGuest(guest)))
  assert.ok(room.clock.monotonicMs() - startMs < stepTimeoutMs)
  await room.failure(guest.meet.enter('7-ocean-lamp', asGuest(guest)), 'code_not_found')
})
