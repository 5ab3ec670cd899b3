import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { deviceOf, guestWith, HostBench, sentIn } from '../../../test/support/meet.ts'
import { type GuestEffect, type GuestState, guestDueMs, stepGuest } from './guest-core.ts'
import { decideWaitMs, stepTimeoutMs } from './limits.ts'
import { type Frame, type Refusal, refusals, refuse } from './wire.ts'

const code = '7-ocean-lamp'
const phases = ['looking', 'sharing', 'proving', 'waiting'] as const
type Phase = (typeof phases)[number]
const expected: Readonly<Record<Phase, Frame['kind']>> = {
  looking: 'here',
  sharing: 'share',
  proving: 'proof',
  waiting: 'sealed',
}

/** A guest in a phase, and the frame with which an honest host would go on. */
function reach(phase: Phase, hostCode = code) {
  const random = createRandom(phase)
  const host = new HostBench(random, deviceOf(random).id, hostCode)
  const device = deviceOf(random)
  const { facts, state: opened, first } = guestWith({ random, device, host: host.facts.self, code })
  assert.ok(first.kind === 'look')
  let state: GuestState = opened
  let next = sentIn(host.look(1, device.id, first.nonce))
  for (const now of phases) {
    if (now === phase) break
    const stepped = stepGuest(facts, state, { type: 'frame', frame: next }, 0)
    state = stepped.state
    const effects = host.frame(1, sentIn(stepped.effects))
    next = effects.some(({ type }) => type === 'decide')
      ? sentIn(host.step({ type: 'answered', talk: 1, bytes: Uint8Array.of(4, 5, 6) }))
      : sentIn(effects.filter(({ type }) => type === 'send'))
  }
  assert.equal(state.step.phase, phase)
  return { facts, state, next }
}

const endOf = (effects: readonly GuestEffect[]) => effects.find((effect) => effect.type === 'end')
const blameOf = (effects: readonly GuestEffect[]) => effects.find((effect) => effect.type === 'blame')?.fault

test('the answer of the host is what the guest gets, and it says so', () => {
  const { facts, state, next } = reach('waiting')
  const { effects, state: after } = stepGuest(facts, state, { type: 'frame', frame: next }, 0)
  assert.deepEqual(effects, [
    { type: 'end', last: { kind: 'done' }, outcome: { how: 'met', bytes: Uint8Array.of(4, 5, 6) } },
  ])
  assert.equal(guestDueMs(after), undefined)
  assert.deepEqual(stepGuest(facts, after, { type: 'frame', frame: next }, 0).effects, [], 'once')
})

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
]

const refusable: Readonly<Record<Phase, readonly Refusal[]>> = {
  looking: ['not_here', 'over', 'busy', 'later'],
  sharing: ['over', 'busy'],
  proving: ['over', 'busy', 'wrong'],
  waiting: ['over', 'declined', 'other_purpose'],
}

for (const phase of phases) {
  for (const frame of everyFrame) {
    if (frame.kind === expected[phase]) continue
    test(`${frame.kind} while ${phase} ends it`, () => {
      const { facts, state } = reach(phase)
      const { effects } = stepGuest(facts, state, { type: 'frame', frame }, 0)
      assert.equal(blameOf(effects), 'meet_frame_out_of_order')
      assert.deepEqual(endOf(effects)?.outcome, { how: 'broken', guessed: phase === 'proving' })
    })
  }

  for (const reason of Object.keys(refusals) as Refusal[]) {
    test(`refusal ${reason} while ${phase}`, () => {
      const { facts, state } = reach(phase)
      const waitMs = reason === 'later' ? 5_000 : 0
      const { effects } = stepGuest(facts, state, { type: 'frame', frame: refuse(reason, waitMs) }, 0)
      const { outcome } = endOf(effects) ?? {}
      if (refusable[phase].includes(reason)) {
        assert.equal(outcome?.how, reason)
        assert.equal(blameOf(effects), undefined)
      } else {
        assert.equal(outcome?.how, 'broken')
        const fine = reason === 'stopping' || reason === 'violation'
        assert.equal(blameOf(effects), fine ? undefined : 'meet_frame_out_of_order')
      }
    })
  }

  test(`silence and the end of the stream while ${phase}`, () => {
    const { facts, state } = reach(phase)
    const dueMs = phase === 'waiting' ? decideWaitMs : stepTimeoutMs
    assert.equal(guestDueMs(state), dueMs)
    assert.deepEqual(stepGuest(facts, state, { type: 'tick' }, dueMs - 1).effects, [])
    const silent = stepGuest(facts, state, { type: 'tick' }, dueMs)
    assert.equal(blameOf(silent.effects), 'meet_silent')
    const closed = stepGuest(facts, state, { type: 'closed' }, 0)
    assert.equal(blameOf(closed.effects), undefined)
    assert.deepEqual(endOf(closed.effects)?.outcome, { how: 'broken', guessed: phase === 'proving' })
  })
}

test('a question for a nameplate alone ends with the answer', () => {
  const { facts, state, next } = reach('looking')
  const { effects } = stepGuest({ ...facts, attempt: undefined }, state, { type: 'frame', frame: next }, 0)
  assert.deepEqual(effects, [{ type: 'end', last: undefined, outcome: { how: 'here' } }])
})

test('a share that is no element, or our own, is refused', () => {
  const { facts, state } = reach('sharing')
  assert.ok(state.step.phase === 'sharing')
  for (const share of [new Uint8Array(32), new Uint8Array(32).fill(255), state.step.share]) {
    const { effects } = stepGuest(facts, state, { type: 'frame', frame: { kind: 'share', share } }, 0)
    assert.equal(blameOf(effects), 'meet_share_invalid')
  }
})

test('who takes our proof and has none gets no message, and counts as a wrong code', () => {
  const { facts, state, next } = reach('proving')
  assert.ok(next.kind === 'proof' && state.step.phase === 'proving')
  const wrong = [new Uint8Array(32), next.proof.with(31, (next.proof[31] ?? 0) ^ 1), state.step.keys.guestProof]
  for (const proof of wrong) {
    const { effects } = stepGuest(facts, state, { type: 'frame', frame: { kind: 'proof', proof } }, 0)
    assert.ok(!effects.some(({ type }) => type === 'send'))
    assert.equal(blameOf(effects), 'meet_proof_wrong')
    assert.deepEqual(endOf(effects)?.outcome, { how: 'wrong' })
  }
})

test('an answer that is sealed otherwise is no answer', () => {
  const { facts, state, next } = reach('waiting')
  assert.ok(next.kind === 'sealed' && state.step.phase === 'waiting')
  const ownSeal = facts.seal.seal(state.step.keys.guestSeal, Uint8Array.of(4, 5, 6))
  for (const bytes of [next.bytes.with(0, (next.bytes[0] ?? 0) ^ 1), next.bytes.slice(0, 16), ownSeal]) {
    const { effects } = stepGuest(facts, state, { type: 'frame', frame: { kind: 'sealed', bytes } }, 0)
    assert.equal(blameOf(effects), 'meet_seal_wrong')
    assert.deepEqual(endOf(effects)?.outcome, { how: 'broken', guessed: false })
  }
})
