// Decoders of src/ledger/chain: genesis, headers, blocks, transactions, snapshots, and what lies in the database.

import type { TypedTransaction } from '@ethereumjs/tx'
import { decodeBlock, decodeOuter, encodeBlock } from '../../src/ledger/chain/block-wire.ts'
import { decodeGenesis, encodeGenesis } from '../../src/ledger/chain/genesis-wire.ts'
import { decodeHeader, decodePlace, encodeHeader, encodePlace } from '../../src/ledger/chain/header-wire.ts'
import { decodeLogs, decodeReceipts } from '../../src/ledger/chain/receipts-wire.ts'
import { decodeRlp, encodeRlp } from '../../src/ledger/chain/rlp-wire.ts'
import { decodeManifest, encodeManifest } from '../../src/ledger/chain/snapshot-wire.ts'
import { decodeTransaction } from '../../src/ledger/chain/transaction-wire.ts'
import { createLedgerCommon } from '../../src/ledger/evm/common.ts'
import { filled, vectorBytes } from '../seeds.ts'
import { type Target, target } from '../target.ts'

// As the vectors' genesis says; what is read with it has no state.
const common = createLedgerCommon(1_234_567, 'osaka')
const reading = { ours: true, bytesMax: 1_048_576, commonAt: () => common }
const blocks = () => vectorBytes('ledger/chain.json', 'bytes').filter((bytes) => (bytes[0] ?? 0) >= 0xf8)
const transactions = () => vectorBytes('ledger/chain.json', 'bytes').filter((bytes) => bytes.length < 600)
const transactionCodes = ['malformed', 'too_long', 'type_refused', 'unsigned', 'other_chain'].map(
  (one) => `transaction_${one}`,
)
const blockCodes = ['block_malformed', 'block_too_long']

export const ledgerChainTargets: readonly Target[] = [
  target({
    name: 'ledger-rlp',
    covers: ['src/ledger/chain/rlp-wire.ts decodeRlp'],
    seeds: () => [...transactions(), Uint8Array.of(0xc0), encodeRlp([filled(60), [filled(1), []]])],
    decode: (input) => ({ item: decodeRlp(input) }),
    encode: ({ item }) => (item === undefined ? undefined : encodeRlp(item)),
  }),
  target({
    name: 'ledger-genesis',
    covers: ['src/ledger/chain/genesis-wire.ts decodeGenesis'],
    shape: 'cbor',
    codes: ['genesis_malformed'],
    seeds: () => vectorBytes('ledger/genesis.json', 'genesis'),
    decode: decodeGenesis,
    encode: encodeGenesis,
  }),
  target({
    name: 'ledger-header',
    covers: ['src/ledger/chain/header-wire.ts decodeHeader'],
    codes: blockCodes,
    seeds: () => vectorBytes('ledger/chain.json', 'header'),
    decode: decodeHeader,
    encode: encodeHeader,
  }),
  target({
    name: 'ledger-place',
    covers: ['src/ledger/chain/header-wire.ts decodePlace'],
    seeds: () => [
      encodePlace({ epoch: 1, view: 2, nextSetHash: undefined }),
      encodePlace({ epoch: 2 ** 40, view: 1, nextSetHash: `0x${'ab'.repeat(32)}` as never }),
    ],
    inputBytesMax: 64,
    decode: (input) => ({ place: decodePlace(input) }),
    encode: ({ place }) => (place === undefined ? undefined : encodePlace(place)),
  }),
  target({
    name: 'ledger-transaction',
    covers: ['src/ledger/chain/transaction-wire.ts decodeTransaction'],
    codes: transactionCodes,
    seeds: transactions,
    // The objects hold the chain's rules, so only the bytes are looked at.
    decode: (input) => ({ again: decodeTransaction(input, common).serialize() }),
    encode: ({ again }) => again,
  }),
  target({
    name: 'ledger-block',
    covers: ['src/ledger/chain/block-wire.ts decodeBlock', 'src/ledger/chain/block-wire.ts decodeOuter'],
    codes: [...blockCodes, ...transactionCodes],
    seeds: blocks,
    decode(input) {
      decodeOuter(input, reading)
      const { header, transactions: read, withdrawals } = decodeBlock(input, reading)
      return { again: encodeBlock(header.fields, read as readonly TypedTransaction[], withdrawals) }
    },
    encode: ({ again }) => again,
  }),
  target({
    name: 'ledger-snapshot',
    covers: ['src/ledger/chain/snapshot-wire.ts decodeManifest'],
    codes: ['snapshot_refused'],
    seeds: () => vectorBytes('ledger/chain.json', 'manifest'),
    decode: (input) => ({ again: encodeManifest(decodeManifest(input)) }),
    encode: ({ again }) => again,
  }),
  target({
    name: 'ledger-receipts',
    covers: ['src/ledger/chain/receipts-wire.ts decodeReceipts', 'src/ledger/chain/receipts-wire.ts decodeLogs'],
    seeds: () => vectorBytes('ledger/chain.json', 'stored'),
    decode(input) {
      decodeReceipts(input, { transactions: [], senders: [], baseFeePerGas: 0n })
      return { logs: decodeLogs(input) }
    },
  }),
]
