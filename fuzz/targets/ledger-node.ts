// Decoders of src/ledger/validator: messages between nodes, gossip, finality, branches, and the files on disk.

import { concatBytes } from '../../src/base/bytes.ts'
import { encodeCertificate } from '../../src/ledger/consensus/vote-wire.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'
import { sized } from '../../src/ledger/validator/cursor.ts'
import { decodeEvidenceFile } from '../../src/ledger/validator/evidence.ts'
import { decodeFinality, encodeFinality } from '../../src/ledger/validator/finality.ts'
import { decodeGuard, encodeGuard } from '../../src/ledger/validator/guard-wire.ts'
import {
  decodeAccountBranches,
  decodeReceiptBranches,
  encodeAccountBranches,
  encodeReceiptBranches,
} from '../../src/ledger/validator/proof-wire.ts'
import { decodeRecovery, encodeRecovery } from '../../src/ledger/validator/recovery-wire.ts'
import { crc32, frameRecord, readRecords } from '../../src/ledger/validator/wal-wire.ts'
import { decodeGossip, decodeMessage, encodeGossip, encodeMessage } from '../../src/ledger/validator/wire.ts'
import { filled } from '../seeds.ts'
import { type Target, target } from '../target.ts'

const hash = `0x${'ab'.repeat(32)}` as Hash
const address = `0x${'cd'.repeat(20)}` as Address
const progress = { height: 7, head: hash, epoch: 1, view: 9, oldest: 0, snapshot: 5 }
const certificate = {
  ...({ kind: 'finalize', epoch: 1, view: 9, block: hash } as const),
  signatures: [0, 2, 3].map((validator) => ({ validator, signature: concatBytes(filled(64), Uint8Array.of(27)) })),
}
const final = { certificate: encodeCertificate(certificate) }

const codes = [
  'ledger_message_empty',
  'ledger_message_kind_unknown',
  'ledger_message_too_long',
  'ledger_message_malformed',
]

export const ledgerNodeTargets: readonly Target[] = [
  target({
    name: 'ledger-message',
    covers: ['src/ledger/validator/wire.ts decodeMessage'],
    codes,
    seeds: () =>
      [
        { kind: 'hello', genesis: hash, announcement: filled(65), isVoting: true, progress } as const,
        { kind: 'hello', genesis: hash, announcement: undefined, isVoting: false, progress } as const,
        { kind: 'progress', progress } as const,
        { kind: 'consensus', bytes: filled(20) } as const,
        { kind: 'request', id: 1, request: { kind: 'blocks', from: 1, count: 9 } } as const,
        { kind: 'request', id: 2, request: { kind: 'account', height: 1, address, keys: [hash, hash] } } as const,
        { kind: 'answer', id: 3, answer: { kind: 'blocks', blocks: [{ block: filled(9), ...final }] } } as const,
        { kind: 'answer', id: 4, answer: { kind: 'headers', headers: [{ header: filled(9), ...final }] } } as const,
        {
          ...({ kind: 'answer', id: 5 } as const),
          answer: { kind: 'epochs', ends: [{ header: filled(9), ...final, validators: [address, address] }] },
        } as const,
        { kind: 'answer', id: 6, answer: { kind: 'receipt', height: 3, proof: filled(30) } } as const,
        { kind: 'answer', id: 7, answer: { kind: 'refuse', reason: 'busy' } } as const,
      ].map(encodeMessage),
    decode: decodeMessage,
    encode: encodeMessage,
  }),
  target({
    name: 'ledger-gossip',
    covers: ['src/ledger/validator/wire.ts decodeGossip'],
    codes: ['ledger_gossip_malformed'],
    seeds: () => [encodeGossip([filled(30)]), encodeGossip([filled(3), filled(120)])],
    decode: decodeGossip,
    encode: encodeGossip,
  }),
  target({
    name: 'ledger-finality',
    covers: ['src/ledger/validator/finality.ts decodeFinality'],
    codes: ['ledger_certificate_invalid'],
    seeds: () => [
      encodeFinality({ certificate, trail: [] }),
      encodeFinality({ certificate, trail: [filled(40), filled(50)] }),
    ],
    decode: decodeFinality,
    encode: encodeFinality,
  }),
  target({
    name: 'ledger-account-branches',
    covers: ['src/ledger/validator/proof-wire.ts decodeAccountBranches'],
    codes: ['ledger_proof_invalid'],
    seeds: () => [encodeAccountBranches({ account: [filled(40), filled(30)], slots: [[filled(20)], []] })],
    decode: decodeAccountBranches,
    encode: encodeAccountBranches,
  }),
  target({
    name: 'ledger-receipt-branches',
    covers: ['src/ledger/validator/proof-wire.ts decodeReceiptBranches'],
    codes: ['ledger_proof_invalid'],
    seeds: () => {
      const branch = { value: filled(50), nodes: [filled(40), filled(30)] }
      return [encodeReceiptBranches({ index: 3, transaction: branch, receipt: branch })]
    },
    decode: decodeReceiptBranches,
    encode: encodeReceiptBranches,
  }),
  target({
    name: 'ledger-guard',
    covers: ['src/ledger/validator/guard-wire.ts decodeGuard'],
    codes: ['ledger_file_damaged'],
    seeds: () => [encodeGuard({ epoch: 3, view: 2 ** 40, rank: 2 })],
    mend: (input) => {
      const body = input.subarray(0, Math.max(0, input.length - 4))
      const sum = new Uint8Array(4)
      new DataView(sum.buffer).setUint32(0, crc32(body))
      return concatBytes(body, sum)
    },
    decode: decodeGuard,
    encode: encodeGuard,
  }),
  target({
    name: 'ledger-vote-log',
    covers: ['src/ledger/validator/wal-wire.ts readRecords'],
    seeds: () => [concatBytes(...[filled(30), filled(0), filled(200)].map(frameRecord))],
    decode(input) {
      const { records, goodBytes } = readRecords(input)
      if (concatBytes(...records.map(frameRecord)).length !== goodBytes) throw new Error('the lengths do not add up')
      return records
    },
    encode: (records) => concatBytes(...records.map(frameRecord)),
    canonical: false,
  }),
  target({
    name: 'ledger-recovery',
    covers: ['src/ledger/validator/recovery-wire.ts decodeRecovery'],
    codes: ['ledger_recovery_wrong'],
    seeds: () => {
      const about = { genesisHash: hash, chainId: 7, height: 9, block: hash }
      const statement = { ...about, set: { epoch: 2, validators: [address] } }
      return [encodeRecovery({ statement, signatures: [filled(65), filled(65, 1)] })]
    },
    decode: decodeRecovery,
    encode: encodeRecovery,
  }),
  target({
    name: 'ledger-evidence-file',
    covers: ['src/ledger/validator/evidence.ts decodeEvidenceFile'],
    codes: ['ledger_file_damaged'],
    seeds: () => [concatBytes(sized(filled(210)), sized(filled(180)))],
    decode: decodeEvidenceFile,
    encode: (all) => concatBytes(...all.map(sized)),
  }),
]
