// What people and programs give the wallet as text, and what lies in a ledger's state or comes as a part of a snapshot.

import { utf8 } from '../../src/base/bytes.ts'
import { decodeAccount, encodeAccount } from '../../src/ledger/evm/account-wire.ts'
import { decodeChunk, encodeChunk } from '../../src/ledger/evm/snapshot-wire.ts'
import { decodeNode, encodeNode } from '../../src/ledger/evm/trie-wire.ts'
import { readAbiText } from '../../src/ledger/source/abi-core.ts'
import { compilerInput, readSourceInput } from '../../src/ledger/source/input-core.ts'
import { readOutput } from '../../src/ledger/source/output-core.ts'
import { parseAddress } from '../../src/ledger/wallet/address-core.ts'
import { formatAmount, parseAmount, parseWord } from '../../src/ledger/wallet/amount-core.ts'
import { parsePayment, writePayment } from '../../src/ledger/wallet/uri-core.ts'
import { filled, texts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const lower = `0x${'ab'.repeat(20)}`
/** EIP-55's first example. */
const mixed = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const account = encodeAccount({ nonce: 3n, balance: 10n ** 18n, storageRoot: filled(32), codeHash: filled(32, 9) })
const chunk = encodeChunk({
  accounts: [{ hash: filled(32), value: account, slots: [[filled(32, 1), Uint8Array.of(5)]], more: false }],
  codes: [filled(40)],
})
const key = filled(32, 0x5a)
const leaf = encodeNode({ kind: 'leaf', key, value: filled(40), ref: filled(32) }, 3)
const branch = encodeNode(
  {
    kind: 'branch',
    children: Array.from({ length: 16 }, (_, at) =>
      at < 2 ? { kind: 'stub' as const, ref: filled(32, at) } : undefined,
    ),
    ref: filled(32),
  },
  3,
)

const abi = JSON.stringify([
  { type: 'function', name: 'f', inputs: [{ name: 'a', type: 'uint256[3][]' }], outputs: [], stateMutability: 'view' },
  { type: 'event', name: 'E', inputs: [{ name: 'b', type: 'address', indexed: true }], anonymous: false },
  { type: 'error', name: 'X', inputs: [{ name: 'c', type: 'tuple', components: [{ name: 'd', type: 'bool' }] }] },
])
const source = JSON.stringify({
  ...{ language: 'Solidity', sources: { 'a.sol': { content: 'contract A {}' } }, settings: { evmVersion: 'cancun' } },
})
const references = { linkReferences: { 'a.sol': { L: [{ start: 2, length: 20 }] } }, immutableReferences: {} }
const bytecode = { object: `6080__$${'ab'.repeat(17)}$__00`, ...references }
const compiled = JSON.stringify({
  contracts: { 'a.sol': { A: { abi: [], evm: { bytecode, deployedBytecode: bytecode } } } },
})

export const ledgerWalletTargets: readonly Target[] = [
  target({
    name: 'wallet-address',
    covers: ['src/ledger/wallet/address-core.ts parseAddress'],
    shape: 'text',
    codes: ['wallet_address_unusable'],
    seeds: () => texts(lower, mixed),
    decode: (input) => parseAddress(textOf(input)),
    encode: (address) => utf8(address),
    canonical: false,
  }),
  target({
    name: 'wallet-amount',
    covers: ['src/ledger/wallet/amount-core.ts parseAmount'],
    shape: 'text',
    codes: ['wallet_amount_unusable'],
    words: ['.', '0', '000000'],
    seeds: () => texts('1', '12.5', '0.000000000000000001'),
    decode: (input) => parseAmount(textOf(input), 18),
    encode: (amount) => utf8(formatAmount(amount, 18)),
    canonical: false,
  }),
  target({
    name: 'wallet-word',
    covers: ['src/ledger/wallet/amount-core.ts parseWord'],
    shape: 'text',
    codes: ['wallet_amount_unusable'],
    seeds: () => texts('0', `${2n ** 256n - 1n}`),
    decode: (input) => parseWord(textOf(input)),
    encode: (word) => utf8(`${word}`),
    canonical: false,
  }),
  target({
    name: 'wallet-payment',
    covers: ['src/ledger/wallet/uri-core.ts parsePayment'],
    shape: 'text',
    codes: ['wallet_uri_unusable', 'wallet_address_unusable', 'wallet_amount_unusable'],
    words: ['ethereum:', 'pay-', '@', '/transfer', '?address=', '&uint256=', '?value=', '1e18', '%30', lower, mixed],
    seeds: () =>
      texts(
        `ethereum:${mixed}@1?value=2.014e18`,
        `ethereum:pay-${lower}`,
        `ethereum:${lower}@5/transfer?address=${mixed}&uint256=7`,
      ),
    decode: (input) => parsePayment(textOf(input)),
    encode: (payment) => utf8(writePayment(payment)),
    canonical: false,
  }),
  target({
    name: 'source-input',
    covers: ['src/ledger/source/input-core.ts readSourceInput'],
    shape: 'text',
    codes: ['source_unusable', 'source_incomplete'],
    runs: 3_000,
    words: ['"sources":', '"settings":{}', '"content":""', '"metadata":', '"input":', '{}', '[]', 'null'],
    seeds: () => texts(source, JSON.stringify({ solcVersion: '0.8.24', input: JSON.parse(source) })),
    decode: (input) => readSourceInput(textOf(input)),
    encode: (read) => utf8(JSON.stringify({ solcVersion: read.version, input: JSON.parse(compilerInput(read)) })),
    canonical: false,
  }),
  target({
    name: 'source-output',
    covers: ['src/ledger/source/output-core.ts readOutput'],
    shape: 'text',
    codes: ['source_not_compiled', 'source_compiler_unusable'],
    runs: 3_000,
    words: ['"errors":[{"severity":"error"}]', '"start":', '"length":99', '__$', '{}', '[]', 'null'],
    seeds: () => texts(compiled),
    decode: (input) => readOutput(textOf(input)),
  }),
  target({
    name: 'contract-abi',
    covers: ['src/ledger/source/abi-core.ts readAbiText'],
    shape: 'text',
    codes: ['abi_unusable'],
    runs: 3_000,
    words: ['[0]', '[9999999]', '"tuple"', '"components":[]', '"uint7"', '{}', '[]', 'null'],
    seeds: () => texts(abi),
    decode: (input) => readAbiText(textOf(input)),
    encode: (read) => utf8(JSON.stringify(read)),
    canonical: false,
  }),
  target({
    name: 'state-account',
    covers: ['src/ledger/evm/account-wire.ts decodeAccount'],
    seeds: () => [account],
    decode: decodeAccount,
    encode: (read) => (read === undefined ? undefined : encodeAccount(read)),
  }),
  target({
    name: 'state-chunk',
    covers: ['src/ledger/evm/snapshot-wire.ts decodeChunk'],
    codes: ['snapshot_wrong'],
    seeds: () => [chunk, encodeChunk({ accounts: [], codes: [] })],
    decode: decodeChunk,
    encode: encodeChunk,
  }),
  target({
    name: 'state-node',
    covers: ['src/ledger/evm/trie-wire.ts decodeNode'],
    seeds: () => [leaf, branch],
    decode: (input) => decodeNode(input, key, 3, filled(32)),
    encode: (node) => (node === undefined ? undefined : encodeNode(node, 3)),
    canonical: false,
  }),
]
