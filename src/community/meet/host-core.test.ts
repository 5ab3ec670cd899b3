import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { deviceOf, guestWith, HostBench, sentIn } from '../../../test/support/meet.ts'
import type { PeerId } from '../../network/types.ts'
import { stepGuest } from './guest-core.ts'
import { type HostEffect, hostDueMs } from './host-core.ts'
import {
  codeLifeMs,
  decideTimeoutMs,
  messageBytesMax,
  sealBytes,
  stepTimeoutMs,
  talksPerCodeMax,
  triesMax,
} from './limits.ts'
import { type Frame, refuse } from './wire.ts'

const code = '7-ocean-lamp'
const wrongCode = '7-ocean-oak'

function bench(seed: string) {
  const random = createRandom(seed)
  return new HostBench(random, deviceOf(random).id, code)
}

/** A guest that goes with the host as far as it is told. */
function visit(host: HostBench, talk: number, options: { readonly typed?: string; readonly other?: boolean } = {}) {
  const { random } = host
  const device = deviceOf(random)
  const { typed = code, other = false } = options
  const certificate = other ? deviceOf(random).certificate : device.certificate
  const { facts, state, first } = guestWith({ random, device, host: host.facts.self, code: typed, certificate })
  assert.ok(first.kind === 'look')
  let guest = state
  let reply: readonly HostEffect[] = host.look(talk, device.id, first.nonce)
  /** What the guest says to the host's last frame. */
  const answer = (): Frame => {
    const stepped = stepGuest(facts, guest, { type: 'frame', frame: sentIn(reply) }, host.nowMs)
    guest = stepped.state
    return sentIn(stepped.effects)
  }
  return {
    id: device.id,
    get reply() {
      return reply
    },
    answer,
    /** So many frames further: share, proof, sealed. */
    go(steps: number) {
      for (let i = 0; i < steps; i++) reply = host.frame(talk, answer())
      return reply
    },
  }
}

const types = (effects: readonly HostEffect[]) => effects.map(({ type }) => type)
const endOf = (host: HostBench) => host.effects.find((effect) => effect.type === 'over')?.end
const lastOf = (effects: readonly HostEffect[]) => effects.find((effect) => effect.type === 'end')?.last

test('share, proof, message, answer, done: the guest is in and the code is over', () => {
  const host = bench('whole')
  const guest = visit(host, 1)
  assert.equal(sentIn(guest.go(1)).kind, 'share')
  assert.equal(sentIn(guest.go(1)).kind, 'proof')
  const [decide] = guest.go(1)
  assert.ok(decide?.type === 'decide')
  assert.equal(decide.guest.peer, guest.id)
  assert.equal(sentIn(host.step({ type: 'answered', talk: 1, bytes: Uint8Array.of(1, 2) })).kind, 'sealed')
  assert.deepEqual(types(host.frame(1, { kind: 'done' })), ['end', 'over'])
  assert.equal(endOf(host), 'delivered')
  assert.equal(hostDueMs(host.state), undefined)
})

test('each wrong guess costs a try and the peer a pause; the last one ends the code', () => {
  const host = bench('guesses')
  for (let n = 1; n <= triesMax; n++) {
    const guest = visit(host, n, { typed: wrongCode })
    const effects = guest.go(2)
    assert.deepEqual(lastOf(effects), refuse('wrong'))
    assert.deepEqual(
      effects.find((effect) => effect.type === 'guessed'),
      { type: 'guessed', peer: guest.id, triesLeft: triesMax - n },
    )
    assert.equal(host.state.over, n === triesMax)
  }
  assert.equal(endOf(host), 'tries')
  assert.deepEqual(lastOf(visit(host, 9).reply), refuse('over'))
})

test('no proof of ours leaves before the guest’s was right', () => {
  const host = bench('proofs')
  visit(host, 1, { typed: wrongCode }).go(2)
  const frames = host.effects.flatMap((effect) => (effect.type === 'send' ? [effect.frame.kind] : []))
  assert.deepEqual(frames, ['here', 'share'])
})

/** Every frame that there is, well formed. */
const everyFrame: readonly Frame[] = [
  { kind: 'look', nameplate: 7, nonce: new Uint8Array(16) },
  { kind: 'here', nonce: new Uint8Array(16) },
  { kind: 'share', share: new Uint8Array(32).fill(1) },
  { kind: 'proof', proof: new Uint8Array(32) },
  { kind: 'sealed', bytes: new Uint8Array(100) },
  { kind: 'done' },
  { kind: 'request', bytes: new Uint8Array(10) },
  { kind: 'pending', askAgainMs: 1 },
  { kind: 'admitted', bytes: new Uint8Array(3) },
  refuse('declined'),
]
const phases = ['looked', 'shared', 'proven', 'deciding', 'answered'] as const
const expected = { looked: 'share', shared: 'proof', proven: 'sealed', deciding: undefined, answered: 'done' } as const

function reach(phase: (typeof phases)[number]) {
  const host = bench(phase)
  const guest = visit(host, 1)
  guest.go(Math.min(3, phases.indexOf(phase)))
  if (phase === 'answered') host.step({ type: 'answered', talk: 1, bytes: Uint8Array.of(1) })
  assert.equal(host.state.talks.get(1)?.step.phase, phase)
  return { host, guest }
}

for (const phase of phases) {
  for (const frame of everyFrame) {
    if (frame.kind === expected[phase]) continue
    test(`${frame.kind} while ${phase} ends the conversation`, () => {
      const { host, guest } = reach(phase)
      const effects = host.frame(1, frame)
      assert.ok(types(effects).includes('end'))
      const blames = effects.filter((effect) => effect.type === 'blame')
      if (frame.kind === 'refuse') assert.deepEqual(blames, [])
      else assert.deepEqual(blames, [{ type: 'blame', peer: guest.id, fault: 'meet_frame_out_of_order' }])
      // Whoever lies after the shares pays as for a guess, as long as the code is still worth something.
      const pays = frame.kind !== 'refuse' && (phase === 'shared' || phase === 'proven')
      assert.equal(host.state.triesLeft, pays ? triesMax - 1 : triesMax)
      assert.equal(endOf(host), phase === 'answered' ? 'sent' : undefined)
      assert.deepEqual(host.frame(1, frame), [], 'what still comes is not heard')
    })
  }

  test(`a line that breaks while ${phase} costs no try`, () => {
    const { host } = reach(phase)
    host.step({ type: 'closed', talk: 1 })
    assert.equal(host.state.triesLeft, triesMax)
    if (phase === 'deciding') {
      assert.deepEqual(types(host.effects.slice(-1)), ['undecide'])
      host.step({ type: 'answered', talk: 1, bytes: Uint8Array.of(1) })
    }
    const spent = phase === 'deciding' || phase === 'answered'
    assert.equal(endOf(host), spent ? 'sent' : undefined)
  })

  test(`silence while ${phase} has an end`, () => {
    const { host, guest } = reach(phase)
    const dueMs = hostDueMs(host.state)
    assert.equal(dueMs, phase === 'deciding' ? decideTimeoutMs : stepTimeoutMs)
    host.nowMs = (dueMs ?? 0) - 1
    assert.deepEqual(host.step({ type: 'tick' }), [], 'not before its time')
    host.nowMs++
    const effects = host.step({ type: 'tick' })
    assert.equal(host.state.talks.size, 0)
    assert.equal(host.state.triesLeft, triesMax)
    if (phase === 'deciding') {
      assert.equal(endOf(host), 'undecided')
      assert.deepEqual(lastOf(effects), refuse('declined'))
    } else {
      assert.deepEqual(
        effects.filter((effect) => effect.type === 'blame'),
        [{ type: 'blame', peer: guest.id, fault: 'meet_silent' }],
      )
    }
  })

  test(`cancelling while ${phase} tells the guest`, () => {
    const { host } = reach(phase)
    const effects = host.step({ type: 'cancel', stopping: false })
    assert.deepEqual(lastOf(effects), refuse('over'))
    assert.equal(endOf(host), phase === 'answered' ? 'sent' : 'cancelled')
    assert.equal(types(effects).includes('undecide'), phase === 'deciding')
    assert.deepEqual(host.step({ type: 'cancel', stopping: false }), [])
    assert.deepEqual(host.step({ type: 'answered', talk: 1, bytes: Uint8Array.of(1) }), [])
  })
}

test('a share that is no element, the neutral one, or our own ends the conversation, and costs no try', () => {
  for (const share of [new Uint8Array(32), new Uint8Array(32).fill(255), Uint8Array.of(1, ...new Uint8Array(31))]) {
    const host = bench('shares')
    visit(host, 1)
    const effects = host.frame(1, { kind: 'share', share })
    assert.deepEqual(lastOf(effects), refuse('violation'))
    assert.ok(effects.some((effect) => effect.type === 'blame' && effect.fault === 'meet_share_invalid'))
    assert.equal(host.state.triesLeft, triesMax)
  }
})

test('a message that is sealed otherwise, too long, malformed, or has another’s certificate costs a try', () => {
  const bad: [string, (sealed: Uint8Array) => Uint8Array][] = [
    ['meet_seal_wrong', (sealed) => sealed.with(0, (sealed[0] ?? 0) ^ 1)],
    ['meet_seal_wrong', (sealed) => sealed.slice(0, 20)],
    ['meet_frame_too_long', () => new Uint8Array(messageBytesMax + sealBytes + 1)],
  ]
  for (const [fault, spoil] of bad) {
    const host = bench(fault)
    const guest = visit(host, 1)
    guest.go(2)
    const sealed = guest.answer()
    assert.ok(sealed.kind === 'sealed')
    const effects = host.frame(1, { kind: 'sealed', bytes: spoil(sealed.bytes) })
    assert.ok(
      effects.some((effect) => effect.type === 'blame' && effect.fault === fault),
      fault,
    )
    assert.equal(host.state.triesLeft, triesMax - 1)
    assert.ok(!types(host.effects).includes('decide'))
  }
  const host = bench('other')
  const effects = visit(host, 1, { other: true }).go(3)
  assert.ok(effects.some((effect) => effect.type === 'blame' && effect.fault === 'meet_certificate_wrong'))
})

test('while one guest is being let in, others are told to wait, and their guesses are not looked at', () => {
  const host = bench('two')
  const [first, second] = [visit(host, 1), visit(host, 2)]
  const third = visit(host, 3, { typed: wrongCode })
  for (const guest of [first, second, third]) guest.go(1)
  first.go(1)
  assert.deepEqual(lastOf(second.go(1)), refuse('busy'), 'right')
  assert.deepEqual(lastOf(third.go(1)), refuse('busy'), 'wrong')
  assert.deepEqual(lastOf(visit(host, 4).reply), refuse('busy'))
  assert.equal(host.state.triesLeft, triesMax)
  // The first one vanishes before it said who it is: the code is free again.
  host.step({ type: 'closed', talk: 1 })
  const again = visit(host, 5)
  again.go(3)
  assert.ok(types(host.effects).includes('decide'))
})

test('so many guests talk about a code at once, and one peer once', () => {
  const host = bench('many')
  const guests = Array.from({ length: talksPerCodeMax }, (_, n) => visit(host, n))
  assert.deepEqual(lastOf(visit(host, 99).reply), refuse('busy'))
  host.step({ type: 'closed', talk: 0 })
  const twice = guests[1]?.id as PeerId
  assert.deepEqual(lastOf(host.look(100, twice, new Uint8Array(16))), refuse('busy'))
  assert.equal(sentIn(visit(host, 101).reply).kind, 'here')
})

test('a code ends after its time, but not under the feet of a guest', () => {
  const host = bench('time')
  host.nowMs = codeLifeMs - 1
  const guest = visit(host, 1)
  guest.go(2)
  host.nowMs = codeLifeMs
  assert.deepEqual(host.step({ type: 'tick' }), [])
  assert.deepEqual(lastOf(visit(host, 2).reply), refuse('over'))
  guest.go(1)
  host.step({ type: 'declined', talk: 1 })
  assert.equal(endOf(host), 'declined')

  const quiet = bench('quiet')
  const late = visit(quiet, 1)
  quiet.nowMs = codeLifeMs
  quiet.step({ type: 'tick' })
  assert.equal(endOf(quiet), 'expired')
  assert.deepEqual(quiet.frame(1, { kind: 'done' }), [])
  assert.ok(late.id)
})

test('whatever comes in whatever order, there are never more guesses than tries and one decision', () => {
  const action = fc.record({ talk: fc.nat(5), what: fc.nat(13), typed: fc.constantFrom(code, wrongCode) })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), fc.nat(), (actions, seed) => {
      const host = bench(String(seed))
      const guests = new Map<number, ReturnType<typeof visit>>()
      for (const { talk, what, typed } of actions) {
        host.nowMs += 500
        const frame = everyFrame[what]
        if (frame !== undefined) host.frame(talk, frame)
        else if (what === 10) host.step({ type: 'tick' })
        else if (what === 11) host.step({ type: 'closed', talk })
        else if (!host.state.talks.has(talk)) guests.set(talk, visit(host, talk, { typed }))
        else tryOn(guests.get(talk))
        assert.ok(host.state.talks.size <= talksPerCodeMax)
      }
      assert.ok(host.effects.filter(({ type }) => type === 'guessed').length <= triesMax)
      assert.ok(host.effects.filter(({ type }) => type === 'decide').length <= 1)
      assert.ok(host.effects.filter(({ type }) => type === 'over').length <= 1)
    }),
    { numRuns: 60, seed: 1 },
  )
})

/** One honest step further, where there is one. */
function tryOn(guest: ReturnType<typeof visit> | undefined): void {
  if (guest?.reply.some((effect) => effect.type === 'send') === true) guest.go(1)
}
