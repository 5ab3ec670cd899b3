import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sentIn } from '../../../test/support/meet.ts'
import { fromUtf8, toHex } from '../../base/bytes.ts'
import { hexBytes } from '../../identity/testing.ts'
import { readCertificate } from '../../identity/wire.ts'
import type { PeerId } from '../../network/types.ts'
import { codeSecret, parseCode } from './code.ts'
import { type GuestFacts, openGuest, stepGuest } from './guest-core.ts'
import { type HostFacts, type HostState, openHost, stepHost } from './host-core.ts'
import { isProof, type Run, runKeys, runShare } from './keys.ts'
import { encodeGuestMessage } from './message-wire.ts'
import { aesSeal } from './seal.ts'
import { encodeFrame, type Frame } from './wire.ts'

interface Vector {
  readonly code: string
  readonly guest: Side & { readonly certificate: string; readonly message: string }
  readonly host: Side & { readonly answer: string }
  readonly keys: Readonly<Record<string, string>>
  readonly conversation: readonly { readonly from: 'guest' | 'host'; readonly hex: string }[]
}
interface Side {
  readonly peerId: PeerId
  readonly nonce: string
  readonly scalar: string
}

const vector = JSON.parse(readFileSync('test/vectors/meet/run.json', 'utf8')) as Vector
const run: Run = {
  secret: codeSecret(parseCode(vector.code)),
  guest: vector.guest.peerId,
  host: vector.host.peerId,
  guestNonce: hexBytes(vector.guest.nonce),
  hostNonce: hexBytes(vector.host.nonce),
}
const guestScalar = hexBytes(vector.guest.scalar)
const hostScalar = hexBytes(vector.host.scalar)

function keysOf(guestRun: Run, hostRun: Run) {
  const guest = runShare(guestRun, guestScalar)
  const host = runShare(hostRun, hostScalar)
  return {
    guest: runKeys(guestRun, guestScalar, { ours: guest, theirs: host, role: 'guest' }),
    host: runKeys(hostRun, hostScalar, { ours: host, theirs: guest, role: 'host' }),
  }
}

test('vector: the keys of a run', () => {
  const { guest, host } = keysOf(run, run)
  assert.ok(guest !== undefined)
  assert.deepEqual(guest, host)
  assert.deepEqual(Object.fromEntries(Object.entries(guest).map(([name, key]) => [name, toHex(key)])), vector.keys)
  assert.equal(new Set(Object.values(vector.keys)).size, 4, 'each for one thing')
})

test('vector: both machines say what the whole conversation says', () => {
  const certificate = readCertificate(hexBytes(vector.guest.certificate))
  const names = { memberName: 'Ada', deviceName: 'laptop', memo: 'It is me' }
  const message = encodeGuestMessage({ kind: 'member', certificate, ...names })
  assert.equal(toHex(message), vector.guest.message)
  const attempt = { secret: run.secret, scalar: guestScalar, message }
  const guestFacts: GuestFacts = {
    self: run.guest,
    host: run.host,
    nameplate: 7,
    nonce: run.guestNonce,
    attempt,
    seal: aesSeal,
  }
  const hostFacts: HostFacts = { self: run.host, secret: run.secret, kind: 'member', seal: aesSeal }
  const said: { from: string; hex: string }[] = []
  const note = (from: 'guest' | 'host', frame: Frame) => {
    said.push({ from, hex: toHex(encodeFrame(frame)) })
    return frame
  }
  let guest = openGuest(guestFacts, 0)
  let host: HostState = openHost(0)
  const step = (input: Parameters<typeof stepHost>[2]) => {
    const stepped = stepHost(hostFacts, host, input, 0)
    host = stepped.state
    return stepped.effects
  }
  note('guest', sentIn(guest.effects))
  const { guestNonce, hostNonce } = run
  let effects = step({ type: 'looked', talk: 1, peer: run.guest, guestNonce, hostNonce, scalar: hostScalar })
  for (let i = 0; i < 3; i++) {
    guest = stepGuest(guestFacts, guest.state, { type: 'frame', frame: note('host', sentIn(effects)) }, 0)
    effects = step({ type: 'frame', talk: 1, frame: note('guest', sentIn(guest.effects)) })
  }
  effects = step({ type: 'answered', talk: 1, bytes: hexBytes(vector.host.answer) })
  guest = stepGuest(guestFacts, guest.state, { type: 'frame', frame: note('host', sentIn(effects)) }, 0)
  const [end] = guest.effects
  assert.ok(end?.type === 'end' && end.outcome.how === 'met' && end.last !== undefined)
  note('guest', end.last)
  assert.deepEqual(said, vector.conversation)
  assert.equal(fromUtf8(end.outcome.bytes), 'the keys to the garden')
})

test('both peers, their roles and nonces, and the code are bound: with another of them no proof fits', () => {
  const stranger = `${run.guest.slice(0, -1)}z` as PeerId
  const others: Partial<Run>[] = [
    { secret: codeSecret(parseCode('7-ocean-oak')) },
    { secret: codeSecret(parseCode('8-ocean-lamp')) },
    { guest: stranger },
    { host: stranger },
    { guest: run.host, host: run.guest },
    { guestNonce: run.guestNonce.with(0, 0) },
    { hostNonce: run.hostNonce.with(0, 0) },
  ]
  for (const other of others) {
    const { guest, host } = keysOf(run, { ...run, ...other })
    assert.ok(guest !== undefined && host !== undefined)
    assert.ok(!isProof(host.guestProof, guest.guestProof))
    assert.ok(!isProof(guest.hostProof, host.hostProof))
    assert.equal(aesSeal.open(host.guestSeal, aesSeal.seal(guest.guestSeal, Uint8Array.of(1))), undefined)
  }
})

test('our own share sent back gives no keys', () => {
  const ours = runShare(run, guestScalar)
  assert.equal(runKeys(run, guestScalar, { ours, theirs: ours, role: 'guest' }), undefined)
})

test('a proof is compared whole', () => {
  const proof = hexBytes(vector.keys.guestProof ?? '')
  assert.ok(isProof(proof, Uint8Array.from(proof)))
  for (let i = 0; i < 32; i++) assert.ok(!isProof(proof, proof.with(i, (proof[i] ?? 0) ^ 128)))
  assert.ok(!isProof(proof, proof.subarray(0, 31)))
  assert.ok(!isProof(proof, new Uint8Array(0)))
})
