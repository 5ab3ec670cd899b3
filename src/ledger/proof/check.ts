// Checks a proof file with nothing but what is in it: the genesis names the first validators, each epoch's end names the next, a
// quorum of them made the header final, and the branch leads from that header to what is claimed. Whose ledger it is, the
// genesis hash says: the reader has to know it. Where an epoch ended by a recovery, the file holds what people agreed on then; who
// reads it has to know that as well, by its fingerprint.

import { verifyMerkleProof } from '@ethereumjs/mpt'
import { createTxFromRLP } from '@ethereumjs/tx'
import { equalBytes } from '../../base/bytes.ts'
import { decodeGenesis } from '../chain/genesis-wire.ts'
import { bytesOfHex, decodeHeader, encodeGenesisExtra, headerOf, keccak, numberOfBytes } from '../chain/header-wire.ts'
import { placeKey } from '../chain/list-trie.ts'
import { mayRecover } from '../chain/recovery.ts'
import { decodeRlp } from '../chain/rlp-wire.ts'
import type { Genesis, Header } from '../chain/types.ts'
import { setHash } from '../consensus/vote-wire.ts'
import { ledgerErrors } from '../errors.ts'
import { createLedgerCommon } from '../evm/common.ts'
import { recoverAddress } from '../evm/crypto.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { checkFinality } from '../validator/finality.ts'
import { chainRecoveryOf, fingerprintOf } from '../validator/recovery.ts'
import { decodeRecovery, type Recovery } from '../validator/recovery-wire.ts'
import type { Claim, Proof, Proven, ProvenRecovery } from './types.ts'
import { decodeProof } from './wire.ts'

/** Throws `ledger_proof_malformed`, `ledger_proof_wrong`. */
export async function checkProof(text: string): Promise<Proven> {
  const proof = decodeProof(text)
  try {
    return await check(proof)
  } catch (cause) {
    // Whatever a decoder of a part says: the file is no proof.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ledger_proof_wrong') throw cause
    throw wrong('has a part that can’t be read', cause)
  }
}

async function check(proof: Proof): Promise<Proven> {
  const genesis = decodeGenesis(proof.genesis)
  const first = read(proof.first)
  if (first.height !== 0 || !equalBytes(first.extraData, encodeGenesisExtra(keccak(proof.genesis)))) {
    throw wrong('begins with a block that is not of its genesis')
  }
  const { set, recoveries } = followEpochs(proof, genesis, first.hash)
  const headers = proof.headers.map(read)
  const [header] = headers
  if (header === undefined) throw wrong('has no header')
  const signatures = checkFinal(proof, headers, set, first.hash)
  return {
    chainId: genesis.chainId,
    name: genesis.name,
    coin: genesis.coin,
    genesisHash: first.hash,
    ...{ height: header.height, block: header.hash, timestamp: header.timestamp, signatures },
    validators: set.validators.length,
    recoveries,
    claim: await checkClaim(proof.claim, header, genesis),
  }
}

function read(bytes: Uint8Array): Header {
  return headerOf(decodeHeader(bytes), true, bytes)
}

interface Followed {
  readonly set: ValidatorSet
  readonly recoveries: readonly ProvenRecovery[]
}

/** Who decides in the epoch of the certificate, and what that rests on. */
function followEpochs({ epochs }: Proof, genesis: Genesis, genesisHash: Hash): Followed {
  const recoveries: ProvenRecovery[] = []
  let set: ValidatorSet = { epoch: 0, validators: genesis.validators }
  let before: Header | undefined
  for (const step of epochs) {
    const header = read(step.header)
    const next = { epoch: set.epoch + 1, validators: step.next }
    // After a recovery one block may have ended two epochs; block 0 is final by itself.
    const isFinal = header.hash === before?.hash || (set.epoch === 0 && header.hash === genesisHash)
    if (!isFinal) requireFinal(header, step.certificate, set, genesisHash)
    if (step.recovery !== undefined) {
      recoveries.push(recovered(decodeRecovery(step.recovery), header, { set, next, genesisHash }))
    } else if (header.hash === before?.hash || header.place?.nextSetHash !== setHash(next)) {
      throw wrong('names validators that nobody agreed on')
    }
    set = next
    before = header
  }
  return { set, recoveries }
}

/** Whether this is a recovery after the block, signed by those of the set who may. */
function recovered(
  recovery: Recovery,
  header: Header,
  { set, next, genesisHash }: { readonly set: ValidatorSet; readonly next: ValidatorSet; readonly genesisHash: Hash },
): ProvenRecovery {
  const { statement } = recovery
  const { epoch, signers } = chainRecoveryOf(recovery, recoverAddress)
  const isOfLedger = statement.genesisHash === genesisHash
  const isAboutIt = isOfLedger && statement.block === header.hash && statement.height === header.height
  const isItsSet = epoch === next.epoch && setHash(statement.set) === setHash(next)
  if (!isAboutIt || !isItsSet || !mayRecover(set, signers)) throw wrong('has a recovery that is none')
  const { height } = header
  return {
    ...{ fingerprint: fingerprintOf(statement), epoch, height },
    ...{ signatures: signers.length, validators: set.validators.length },
  }
}

/** How many signed. */
function checkFinal(proof: Proof, headers: readonly Header[], set: ValidatorSet, genesisHash: Hash): number {
  headers.forEach((header, place) => {
    const before = headers[place - 1]
    if (before !== undefined && header.parent !== before.hash) throw wrong('has blocks that do not follow each other')
  })
  const last = headers.at(-1)
  if (last === undefined) throw wrong('has no header')
  if (last.height > 0) return requireFinal(last, proof.certificate, set, genesisHash)
  if (last.hash !== genesisHash) throw wrong('is about another ledger’s first block')
  return set.validators.length
}

function requireFinal(header: Header, bytes: Uint8Array, set: ValidatorSet, genesisHash: Hash): number {
  try {
    return checkFinality(header, bytes, { set, genesisHash, recover: recoverAddress })
  } catch (cause) {
    throw wrong('does not have the signatures of its validators', cause)
  }
}

async function checkClaim(claim: Claim, header: Header, genesis: Genesis): Promise<Proven['claim']> {
  if (claim.kind === 'balance') return checkBalance(claim, header)
  const key = placeKey(claim.index)
  const isIn = await leadsTo(header.fields.transactionsRoot, key, claim.proof, claim.transaction)
  const hasReceipt = await leadsTo(header.fields.receiptsRoot, key, claim.receiptProof, claim.receipt)
  if (!isIn || !hasReceipt) throw wrong('claims a transaction that is not in the block')
  const transaction = createTxFromRLP(claim.transaction, { common: createLedgerCommon(genesis.chainId) })
  const { status, gas } = receiptOf(claim.receipt)
  return {
    kind: 'transaction',
    hash: keccak(claim.transaction),
    from: transaction.getSenderAddress().toString() as Address,
    to: transaction.to?.toString() as Address | undefined,
    wei: transaction.value,
    succeeded: status,
    // Of its block up to it, so its own where it is the first.
    gasUsed: claim.index === 0 ? gas : undefined,
  }
}

async function checkBalance({ address, proof }: Extract<Claim, { kind: 'balance' }>, header: Header) {
  const value = await valueAt(header.stateRoot, keccak256(bytesOfHex(address)), proof)
  // Yellow Paper §4.1: nonce, balance, storage root, code hash.
  const [nonce, wei] = value === null ? [] : (decodeRlp(value) as Uint8Array[])
  const number = (bytes: Uint8Array | undefined) => (bytes === undefined ? 0n : numberOfBytes(bytes))
  return { kind: 'balance', address, wei: number(wei), nonce: number(nonce) } as const
}

function receiptOf(bytes: Uint8Array): { readonly status: boolean; readonly gas: bigint } {
  const list = decodeRlp((bytes[0] ?? 0) < 0xc0 ? bytes.subarray(1) : bytes) as Uint8Array[]
  const [status, gas] = list
  return { status: status?.length === 1 && status[0] === 1, gas: gas === undefined ? 0n : numberOfBytes(gas) }
}

async function leadsTo(root: Hash, key: Uint8Array, proof: readonly Uint8Array[], value: Uint8Array): Promise<boolean> {
  const found = await valueAt(root, key, proof)
  return found !== null && equalBytes(found, value)
}

/** Null: the branch shows that there is nothing. Throws where it is no branch of this root. */
async function valueAt(root: Hash, key: Uint8Array, proof: readonly Uint8Array[]): Promise<Uint8Array | null> {
  const [top] = proof
  if (top === undefined || keccak(top) !== root) throw wrong('has a branch of another block')
  return verifyMerkleProof(key, [...proof])
}

function wrong(what: string, cause?: unknown) {
  return ledgerErrors.ledger_proof_wrong(`The proof ${what}.`, { cause })
}
