// Decoders of src/ledger/consensus: messages, votes, certificates, evidence, records of the vote log.

import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import {
  decodeCertificate,
  decodeEvidence,
  decodeVote,
  encodeCertificate,
  encodeEvidence,
  encodeVote,
} from '../../src/ledger/consensus/vote-wire.ts'
import { decodeMessage, decodeRecord, encodeMessage, encodeRecord } from '../../src/ledger/consensus/wire.ts'
import type { Block, Hash } from '../../src/ledger/types.ts'
import { vectorTexts } from '../seeds.ts'
import { type Target, target } from '../target.ts'

const vectors = (...kinds: readonly string[]) =>
  vectorTexts('ledger/consensus.json', 'encoded').flatMap((text, at) =>
    kinds.includes(kindOfVector(at)) ? (fromHex(text.slice(2)) ?? []) : [],
  )

/** In the file's order. */
const counts = { vote: 4, certificate: 3, evidence: 2, message: 6, record: 3 }
function kindOfVector(at: number): string {
  let before = 0
  for (const [kind, count] of Object.entries(counts)) {
    before += count
    if (at < before) return kind
  }
  return 'none'
}

/** Any bytes but none; its fields are not looked at here. */
function decodeBlock(bytes: Uint8Array): Block | undefined {
  if (bytes.length === 0) return undefined
  const hash = `0x${toHex(utf8(`${bytes.length}`)).padStart(64, '0')}` as Hash
  return { hash, parent: hash, height: 1, epoch: 1, view: 1, nextSetHash: undefined, bytes }
}

const codes = ['consensus_message_malformed']

export const ledgerConsensusTargets: readonly Target[] = [
  target({
    name: 'consensus-message',
    covers: ['src/ledger/consensus/wire.ts decodeMessage'],
    codes,
    seeds: () => vectors('message'),
    decode: (input) => decodeMessage(input, decodeBlock),
    encode: encodeMessage,
  }),
  target({
    name: 'consensus-record',
    covers: ['src/ledger/consensus/wire.ts decodeRecord'],
    codes: ['consensus_record_malformed'],
    seeds: () => vectors('record'),
    decode: (input) => decodeRecord(input, decodeBlock),
    encode: encodeRecord,
  }),
  target({
    name: 'consensus-vote',
    covers: ['src/ledger/consensus/vote-wire.ts decodeVote', 'src/ledger/consensus/vote-wire.ts readVote'],
    codes,
    seeds: () => vectors('vote'),
    decode: decodeVote,
    encode: encodeVote,
  }),
  target({
    name: 'consensus-certificate',
    covers: [
      'src/ledger/consensus/vote-wire.ts decodeCertificate',
      'src/ledger/consensus/vote-wire.ts readCertificate',
    ],
    codes,
    seeds: () => vectors('certificate'),
    decode: decodeCertificate,
    encode: encodeCertificate,
  }),
  target({
    name: 'consensus-evidence',
    covers: ['src/ledger/consensus/vote-wire.ts decodeEvidence'],
    codes,
    seeds: () => vectors('evidence'),
    decode: decodeEvidence,
    encode: encodeEvidence,
  }),
]
