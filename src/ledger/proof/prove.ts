// Makes proof files from a chain. Only what is final can be proven; the state of an old block only where it is kept.

import { encodeGenesis } from '../chain/genesis-wire.ts'
import { listBranch, receiptBytes } from '../chain/list-trie.ts'
import type { Chain, FullBlock, Header } from '../chain/types.ts'
import { ledgerErrors } from '../errors.ts'
import type { ClaimRequest } from '../thread/messages.ts'
import { encodeRecovery, type Recovery } from '../validator/recovery-wire.ts'
import { proofHeadersMax } from './limits.ts'
import type { Claim, EpochStep, Proof } from './types.ts'
import { encodeProof } from './wire.ts'

/** The file. Throws `ledger_transaction_unknown`, `ledger_block_unknown`, and what the chain throws for what it pruned. */
export async function prove(
  chain: Chain,
  request: ClaimRequest,
  recoveries: readonly Recovery[] = [],
): Promise<string> {
  const { header, claim } =
    request.kind === 'balance' ? await balance(chain, request) : await transaction(chain, request)
  const { headers, certificate } = finality(chain, header)
  const first = chain.header(0)
  if (first === undefined) throw ledgerErrors.ledger_block_unknown('The first block is not here.')
  const proof: Proof = {
    genesis: encodeGenesis(chain.genesis),
    first: first.bytes,
    epochs: epochsBefore(chain, headers.at(-1)?.place?.epoch ?? 0, recoveries),
    headers: headers.map(({ bytes }) => bytes),
    certificate,
    claim,
  }
  return encodeProof(proof)
}

interface Claimed {
  readonly header: Header
  readonly claim: Claim
}

async function balance(
  chain: Chain,
  { address, height }: Extract<ClaimRequest, { kind: 'balance' }>,
): Promise<Claimed> {
  const header = height === undefined ? chain.head() : chain.header(height)
  const state = header === undefined ? undefined : chain.state(header.hash)
  if (header === undefined || state === undefined)
    throw ledgerErrors.ledger_block_unknown('That state is not kept here.')
  const { accountProof } = await state.proof(address, [])
  return { header, claim: { kind: 'balance', address, proof: accountProof } }
}

async function transaction(chain: Chain, { hash }: Extract<ClaimRequest, { kind: 'transaction' }>): Promise<Claimed> {
  const placed = chain.transaction(hash)
  const block = placed === undefined ? undefined : chain.block(placed.block)
  const receipts = placed === undefined ? undefined : chain.receipts(placed.block)
  if (placed === undefined || block === undefined || receipts === undefined) {
    throw ledgerErrors.ledger_transaction_unknown('No final block here has this transaction.')
  }
  const { index } = placed
  const [own, ofReceipt] = await Promise.all([
    listBranch(
      block.transactions.map((one) => one.serialize()),
      index,
    ),
    listBranch(receipts.map(receiptBytes), index),
  ])
  const claim: Claim = {
    ...{ kind: 'transaction', index, transaction: own.value, proof: own.nodes },
    ...{ receipt: ofReceipt.value, receiptProof: ofReceipt.nodes },
  }
  return { header: (block satisfies FullBlock).header, claim }
}

/** Up to the next block whose certificate is here: blocks become final together with their ancestors. */
function finality(chain: Chain, header: Header): { headers: readonly Header[]; certificate: Uint8Array } {
  const headers = [header]
  if (header.height === 0) return { headers, certificate: new Uint8Array(0) }
  for (let at = header; ; ) {
    const certificate = chain.certificate(at.height)
    if (certificate !== undefined && certificate.length > 0) return { headers, certificate }
    const next = chain.header(at.height + 1)
    if (next === undefined || headers.length >= proofHeadersMax) {
      throw ledgerErrors.ledger_block_unknown('What makes this block final is not here.')
    }
    headers.push(next)
    at = next
  }
}

function epochsBefore(chain: Chain, epoch: number, recoveries: readonly Recovery[]): readonly EpochStep[] {
  return Array.from({ length: epoch }, (_, past) => {
    const end = chain.epochEnd(past)
    if (end === undefined) throw ledgerErrors.ledger_block_unknown('How an earlier epoch ended is not here.')
    const { header, certificate, next } = end
    const recovery = recoveries.find(({ statement }) => statement.set.epoch === next.epoch)
    // Of its own epoch, and it names who follows: then it needs nobody's agreement.
    const isByItself = header.place?.epoch === past && header.place.nextSetHash !== undefined
    if (!isByItself && recovery === undefined) {
      throw ledgerErrors.ledger_block_unknown('The statement of the recovery that this ledger went on by is not here.')
    }
    const statement = isByItself || recovery === undefined ? undefined : encodeRecovery(recovery)
    return { header: header.bytes, certificate, next: next.validators, recovery: statement }
  })
}
