// Decoders around a ledger: bodies of the log's entries about it, streams between its nodes, proof files.

import { decode, encode } from '@ipld/dag-cbor'
import { readAct, writeBody } from '../../src/apps/ledger/wire.ts'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import type { Proof } from '../../src/ledger/proof/types.ts'
import { decodeProof, encodeProof } from '../../src/ledger/proof/wire.ts'
import { createFrames, type Frame, frameHead } from '../../src/ledger/stream-wire.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'
import { readFrames } from '../frames.ts'
import { filled } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const address = `0x${'ab'.repeat(20)}` as Address
const other = `0x${'cd'.repeat(20)}` as Address
const proof = filled(65)
const hash = `0x${'ab'.repeat(32)}` as Hash
const place = { chainId: 7, genesisHash: hash, height: 5, block: hash, timestamp: 9, epoch: 0 }
const gnosis = { chainId: 100, name: 'Gnosis', coin: 'xDAI', symbol: 'xDAI', rpc: 'https://rpc.gnosischain.com' }
const acts = [
  { kind: 'validator', address, willing: true, proof },
  { kind: 'account', address, proof },
  { kind: 'genesis', genesis: filled(40) },
  { kind: 'change', epoch: 3, validators: [address, other], signature: proof },
  { kind: 'members', change: 3, admitted: [address], removed: [address, other], signature: proof },
  { kind: 'checkpoint', ...place, validators: [address, other], address, proof },
  { kind: 'chain', chain: gnosis },
  { kind: 'chain', chain: undefined },
] as const

const step = { header: filled(9), certificate: filled(5), next: [address], recovery: undefined }
const whole = { genesis: filled(12), first: filled(9), epochs: [step], headers: [filled(9)], certificate: filled(5) }
const proofs: readonly Proof[] = [
  { ...whole, claim: { kind: 'balance', address, proof: [filled(6)] } },
  {
    ...{ ...whole, epochs: [step, { ...step, recovery: filled(20) }] },
    claim: { kind: 'balance', address, proof: [filled(6)] },
  },
  {
    ...whole,
    claim: {
      kind: 'transaction',
      index: 1,
      ...{ transaction: filled(8), proof: [filled(6)], receipt: filled(4), receiptProof: [filled(6), filled(7)] },
    },
  },
]

/** DAG-CBOR that is none, as the community refuses it before. */
function pairOf(input: Uint8Array): unknown {
  try {
    return decode(input)
  } catch {
    return undefined
  }
}

function frameBytes(frame: Frame): Uint8Array {
  const body = frame.kind === 'hello' ? frame.ledger : frame.bytes
  return concatBytes(frameHead(frame.kind, body.length), body)
}

export const ledgerServiceTargets: readonly Target[] = [
  target({
    name: 'ledger-entry',
    covers: ['src/apps/ledger/wire.ts readAct'],
    shape: 'cbor',
    codes: ['ledger_body_malformed'],
    seeds: () => acts.map((act) => Uint8Array.from(encode([act.kind, writeBody(act)]))),
    decode(input) {
      const pair = pairOf(input)
      if (!Array.isArray(pair) || typeof pair[0] !== 'string') return undefined
      return readAct(pair[0], pair[1])
    },
    // Fields that a later version has are left out.
    encode: (act) => (act === undefined ? undefined : Uint8Array.from(encode([act.kind, writeBody(act)]))),
    canonical: false,
  }),
  target({
    name: 'ledger-frames',
    covers: ['src/ledger/stream-wire.ts createFrames'],
    codes: ['malformed', 'too_long', 'out_of_order'].map((what) => `ledger_frame_${what}`),
    seeds: () => [
      concatBytes(
        frameBytes({ kind: 'hello', ledger: filled(32) }),
        frameBytes({ kind: 'message', bytes: filled(10) }),
        frameBytes({ kind: 'told', bytes: filled(3) }),
      ),
    ],
    decode: (input) => readFrames<Frame>((accept) => createFrames({ opened: false }, accept), input),
    encode: (frames) => concatBytes(...frames.map(frameBytes)),
  }),
  target({
    name: 'ledger-proof',
    covers: ['src/ledger/proof/wire.ts decodeProof'],
    shape: 'json',
    codes: ['ledger_proof_malformed'],
    seeds: () => proofs.map((one) => utf8(encodeProof(one))),
    decode: (input) => decodeProof(textOf(input)),
    encode: (one) => utf8(encodeProof(one)),
    canonical: false,
  }),
]
