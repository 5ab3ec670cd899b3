// A chain for the simulator: blocks carry the names of transactions, and a transaction counts once. One whose name begins with
// `set:` changes the validators. Deterministic, and strict enough that a wrong parent, a repetition or a block that carries
// something after the end of its epoch is found.

import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromUtf8, toHex, utf8 } from '../../../src/base/bytes.ts'
import type { Head } from '../../../src/ledger/consensus/types.ts'
import { setHash } from '../../../src/ledger/consensus/vote-wire.ts'
import type { Address, Block, Hash, ValidatorSet, Verdict } from '../../../src/ledger/types.ts'

export interface Payload {
  readonly transactions: readonly string[]
  /** How many there are on the chain with these. */
  readonly counter: number
  /** What a liar proposes: no honest validator may accept it. */
  readonly isPoison: boolean
}

/** After a block. */
interface ToyState {
  readonly parent: Hash | undefined
  readonly transactions: readonly string[]
  readonly counter: number
  readonly height: number
  /** The block that changed the set, in the same epoch. */
  readonly isEnded: boolean
}

export interface FinalBlock {
  readonly block: Block
  readonly nextSet: ValidatorSet | undefined
}

export const genesis: Head = { hash: `0x${'00'.repeat(32)}` as Hash, height: 0, epoch: 0, view: 0 }

interface Fields extends Pick<Block, 'parent' | 'height' | 'epoch' | 'view' | 'nextSetHash'> {
  readonly payload: Payload
}

export function makeBlock(fields: Fields): Block {
  const bytes = utf8(JSON.stringify(fields))
  const { parent, height, epoch, view, nextSetHash } = fields
  return { hash: `0x${toHex(keccak_256(bytes))}` as Hash, parent, height, epoch, view, nextSetHash, bytes }
}

function fieldsOf(bytes: Uint8Array): Fields {
  return JSON.parse(fromUtf8(bytes) ?? '')
}

export function decodeBlock(bytes: Uint8Array): Block | undefined {
  try {
    const { parent, height, epoch, view, nextSetHash, payload } = fieldsOf(bytes)
    const block = makeBlock({ parent, height, epoch, view, nextSetHash, payload })
    return toHex(block.bytes) === toHex(bytes) ? { ...block, bytes } : undefined
  } catch {
    return undefined
  }
}

const payloads = new WeakMap<Uint8Array, Payload>()
function payloadOf(block: Block): Payload {
  const known = payloads.get(block.bytes) ?? fieldsOf(block.bytes).payload
  payloads.set(block.bytes, known)
  return known
}

export function setAfter(epoch: number, transactions: readonly string[]): ValidatorSet | undefined {
  const change = transactions.find((name) => name.startsWith('set:'))
  if (change === undefined) return undefined
  return { epoch: epoch + 1, validators: change.slice(4).split('.')[0]?.split(',') as Address[] }
}

/** Volatile knowledge of a validator about blocks; `settled` are the transactions of final ones. */
export class ToyChain {
  readonly #states = new Map<Hash, ToyState>()
  readonly #settled = new Set<string>()
  readonly finals: FinalBlock[]

  constructor(finals: FinalBlock[]) {
    this.finals = finals
    const isEnded = true
    this.#states.set(genesis.hash, { parent: undefined, transactions: [], counter: 0, height: 0, isEnded })
    for (const { block } of finals) this.#settle(block)
  }

  #settle(block: Block): void {
    this.#keep(block, payloadOf(block))
    for (const name of payloadOf(block).transactions) this.#settled.add(name)
  }

  #keep(block: Block, { transactions, counter }: Payload): void {
    const { parent, height, epoch, nextSetHash } = block
    const before = this.#states.get(parent)
    const isEnded = nextSetHash !== undefined || (before?.isEnded === true && this.#epochOf(parent) === epoch)
    this.#states.set(block.hash, { parent, transactions, counter, height, isEnded })
    this.#epochs.set(block.hash, epoch)
  }

  readonly #epochs = new Map<Hash, number>([[genesis.hash, -1]])
  #epochOf(hash: Hash): number {
    return this.#epochs.get(hash) ?? -1
  }

  get head(): Head {
    return this.finals.at(-1)?.block ?? genesis
  }

  isSettled(name: string): boolean {
    return this.#settled.has(name)
  }

  has(hash: Hash): boolean {
    return this.#states.has(hash)
  }

  #isIncluded(name: string, parent: Hash): boolean {
    if (this.#settled.has(name)) return true
    for (let state = this.#states.get(parent); state !== undefined; ) {
      if (state.transactions.includes(name)) return true
      state = state.parent === undefined ? undefined : this.#states.get(state.parent)
    }
    return false
  }

  /** Undefined: nothing to put into it. Throws when the parent is not known: then it was asked for too early. */
  build(
    place: { parent: Hash; epoch: number; view: number; mayBeEmpty: boolean },
    pool: readonly string[],
    isPoison = false,
  ) {
    const { parent, epoch, view, mayBeEmpty } = place
    const before = this.#states.get(parent)
    if (before === undefined) throw new Error('CHECK build on a parent that was not executed')
    const isEnded = before.isEnded && this.#epochOf(parent) === epoch
    const open = isEnded ? [] : pool.filter((name) => !this.#isIncluded(name, parent))
    // One change of the set at a time.
    const change = open.findIndex((name) => name.startsWith('set:'))
    const transactions = open.filter((name, at) => !name.startsWith('set:') || at === change)
    if (transactions.length === 0 && !mayBeEmpty) return undefined
    const nextSet = setAfter(epoch, transactions)
    const nextSetHash = nextSet === undefined ? undefined : setHash(nextSet)
    const payload = { transactions, counter: before.counter + transactions.length, isPoison }
    const block = makeBlock({ parent, height: before.height + 1, epoch, view, nextSetHash, payload })
    if (!isPoison) this.#keep(block, payload)
    return block
  }

  check(block: Block): Verdict {
    const before = this.#states.get(block.parent)
    if (before === undefined) throw new Error('CHECK a block whose parent was not executed')
    const payload = payloadOf(block)
    const { transactions, counter, isPoison } = payload
    const no = (code: string): Verdict => ({ ok: false, code, sentence: code })
    if (isPoison) return no('poison')
    if (counter !== before.counter + transactions.length || block.height !== before.height + 1) return no('wrong')
    const isEnded = before.isEnded && this.#epochOf(block.parent) === block.epoch
    if (isEnded && transactions.length > 0) return no('after_the_end')
    if (transactions.some((name) => this.#isIncluded(name, block.parent))) return no('repeated')
    const nextSet = setAfter(block.epoch, transactions)
    if ((nextSet && setHash(nextSet)) !== block.nextSetHash) return no('set')
    this.#keep(block, payload)
    return { ok: true, nextSet }
  }

  /** On disk. */
  finalize(final: FinalBlock): void {
    this.finals.push(final)
    this.#settle(final.block)
  }

  set(first: ValidatorSet): ValidatorSet {
    for (let at = this.finals.length - 1; at >= 0; at--) {
      const nextSet = this.finals[at]?.nextSet
      if (nextSet !== undefined) return nextSet
    }
    return first
  }
}
