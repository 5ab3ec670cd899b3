// What a light client fetches, each with the check that makes it believed: accounts and slots by branches from a state root, code by
// its hash, blocks by their header, receipts by the root in it. Whoever answers otherwise is at fault.

import { equalBytes } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { decodeBlock, decodeOuter } from '../chain/block-wire.ts'
import { prepare, readingOf } from '../chain/check.ts'
import { senderOf } from '../chain/execution.ts'
import { bytesOfHex, bytesOfNumber, keccak } from '../chain/header-wire.ts'
import { blockBytesMax } from '../chain/limits.ts'
import { receiptBytes } from '../chain/list-trie.ts'
import { decodeReceipts } from '../chain/receipts-wire.ts'
import { decodeRlp, encodeRlp, type RlpItem } from '../chain/rlp-wire.ts'
import { emptyTrieHash, type Spec } from '../chain/spec.ts'
import { decodeTransaction } from '../chain/transaction-wire.ts'
import type { FullBlock, Header, Placed } from '../chain/types.ts'
import type { RemoteReader, RemoteState } from '../evm/remote.ts'
import { rootOfList } from '../evm/trie.ts'
import type { AccountProof, Receipt, StateReader } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { checkAccount, checkReceipt, type ProvenAccount } from './branches.ts'
import { fault, validatorErrors } from './errors.ts'
import type { LightClient } from './light.ts'
import type { Asked } from './light-asking.ts'
import { lightHeadersMax, proofKeysMax } from './limits.ts'
import { decodeAccountBranches } from './proof-wire.ts'

type Asking = Pick<LightClient, 'asking'>

// ---- state

interface Proven extends ProvenAccount {
  readonly bytes: Uint8Array
}

async function proveAccount(client: Asking, header: Header, address: Address, keys: readonly Hash[]): Promise<Proven> {
  const { height } = header
  const found = await client.asking(async (peer) => {
    const { proof } = await peer.ask<'account'>({ kind: 'account', height, address, keys })
    return { ...(await checkAccount(header, { address, keys }, proof)), bytes: proof }
  })
  return found ?? notKept(height)
}

function notKept(height: number): never {
  throw validatorErrors.ledger_nobody_answers(`Nobody who is connected keeps the state of block ${height}.`)
}

export function readerAt(client: Asking, header: Header): RemoteReader {
  return {
    async account(address) {
      const account = await proveAccount(client, header, address, [])
      return account.isThere ? account : undefined
    },
    slot: async (address, key) => (await proveAccount(client, header, address, [key])).slots[0] ?? 0n,
    async code(address, codeHash) {
      const found = await client.asking(async (peer) => {
        const { code } = await peer.ask<'code'>({ kind: 'code', height: header.height, address })
        if (keccak(code) !== codeHash) throw fault('ledger_proof_invalid')
        return code
      })
      return found ?? notKept(header.height)
    },
  }
}

export function stateReader(client: Asking, header: Header, remote: RemoteState): StateReader {
  return {
    root: header.stateRoot,
    async account(address) {
      const account = await remote.account(address)
      if (account === undefined) return undefined
      const { nonce, balance, codeHash } = account
      return { nonce, balance, codeHash: hexOf(codeHash) }
    },
    code: (address) => remote.code(address),
    slot: (address, key) => remote.slot(address, key),
    proof: (address, keys) => proofOf(client, header, address, keys),
  }
}

const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as Hash

async function proofOf(client: Asking, header: Header, address: Address, keys: readonly Hash[]): Promise<AccountProof> {
  const storageProof: AccountProof['storageProof'][number][] = []
  let at = 0
  for (;;) {
    const some = keys.slice(at, at + proofKeysMax)
    const proven = await proveAccount(client, header, address, some)
    const { account, slots } = decodeAccountBranches(proven.bytes)
    for (const [place, key] of some.entries()) {
      storageProof.push({ key, value: proven.slots[place] ?? 0n, proof: slots[place] ?? [] })
    }
    at += proofKeysMax
    if (at < keys.length) continue
    const { nonce, balance, codeHash, storageRoot } = proven
    return { address, nonce, balance, codeHash, storageHash: storageRoot, accountProof: account, storageProof }
  }
}

// ---- blocks

/** Of a block with this hash, which may not be final. */
export function headerOfHash(client: Asking, hash: Hash): Promise<Header | undefined> {
  return client.asking(async (peer) => {
    const { block } = await peer.ask<'block'>({ kind: 'block', hash })
    const { header } = blamed(() => decodeOuter(block, { ours: true, bytesMax: blockBytesMax }))
    if (header.hash !== hash) throw fault('ledger_block_invalid')
    return header
  })
}

/** The first of these, and as many after it as came with it; their headers are final. */
export function fetchBlocks(
  client: Asking,
  spec: Spec,
  headers: readonly Header[],
): Promise<readonly FullBlock[] | undefined> {
  return client.asking(async (peer) => {
    const from = headers[0]?.height ?? 0
    const { blocks } = await peer.ask<'blocks'>({ kind: 'blocks', from, count: headers.length })
    if (blocks.length === 0 || blocks.length > headers.length) throw fault('ledger_block_invalid')
    return blocks.map(({ block }, place) => blamed(() => blockWith(spec, headers[place], block)))
  })
}

function blockWith(spec: Spec, header: Header | undefined, bytes: Uint8Array): FullBlock {
  const parts = decodeBlock(bytes, readingOf(spec))
  if (header === undefined || parts.header.hash !== header.hash) throw fault('ledger_block_invalid')
  const { transactions, senders } = prepare(header, parts.transactions)
  return { header, transactions, uncles: [], withdrawals: parts.withdrawals, senders, bytes }
}

/** What is wrong with bytes of a peer is the peer's fault. */
function blamed<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
    throw fault('ledger_block_invalid')
  }
}

export function fetchReceipts(client: Asking, block: FullBlock): Promise<readonly Receipt[] | undefined> {
  const { header, transactions } = block
  if (header.receiptsRoot === (emptyTrieHash as Hash)) return Promise.resolve([])
  return client.asking(async (peer) => {
    const { receipts: list } = await peer.ask<'receipts'>({ kind: 'receipts', block: header.hash })
    const isWhole = list.length === transactions.length && equalBytes(rootOfList(list), bytesOfHex(header.receiptsRoot))
    if (!isWhole) throw fault('ledger_proof_invalid')
    const receipts = decodeReceipts(asStored(block, list), { ...block, baseFeePerGas: header.baseFeePerGas })
    if (receipts === undefined || receipts.some((one, at) => !equalBytes(receiptBytes(one), list[at] as Uint8Array))) {
      throw fault('ledger_proof_invalid')
    }
    return receipts
  })
}

/** From what the trie holds (EIP-2718, EIP-658) to what receipts-wire.ts reads. */
function asStored({ transactions }: FullBlock, list: readonly Uint8Array[]): Uint8Array {
  return encodeRlp(
    list.map((bytes, at): RlpItem => {
      const items = blamed(() => decodeRlp((bytes[0] ?? 0) < 0xc0 ? bytes.subarray(1) : bytes))
      const [status, cumulative, , logs] = Array.isArray(items) && items.length === 4 ? items : []
      if (!(status instanceof Uint8Array) || cumulative === undefined || logs === undefined) {
        throw fault('ledger_proof_invalid')
      }
      const isCreation = transactions[at]?.to === undefined
      return [bytesOfNumber((status.length === 1 ? 1n : 0n) + (isCreation ? 2n : 0n)), cumulative, logs]
    }),
  )
}

/** Where a final block has this transaction. `known`: headers that need not be fetched. */
export function findTransaction(
  client: Asking,
  spec: Spec,
  hash: Hash,
  known: (height: number) => Header | undefined,
): Promise<Placed | undefined> {
  return client.asking(async (peer) => {
    const { height, proof } = await peer.ask<'receipt'>({ kind: 'receipt', transaction: hash })
    const header = known(height) ?? (await headerAt(peer, height))
    const { index, transaction: bytes } = await checkReceipt(header, hash, proof)
    const transaction = blamed(() => decodeTransaction(bytes, spec.common))
    return { transaction, sender: blamed(() => senderOf(transaction)), block: header.hash, height, index }
  })
}

async function headerAt(peer: Asked, height: number): Promise<Header> {
  const [header] = await peer.headers(height, lightHeadersMax)
  if (header !== undefined) return header
  throw validatorErrors.ledger_not_found('The block is of an epoch whose validators are not known here.')
}
