// What must be true of honest validators, whatever happens: looked at with every message that leaves and every block that is final.

import { checkCertificate, checkEvidence } from '../../../src/ledger/consensus/certificate-core.ts'
import type { Effect, Head, Message, Recover, Vote, WalRecord } from '../../../src/ledger/consensus/types.ts'
import type { Address, Block, Hash, ValidatorSet } from '../../../src/ledger/types.ts'
import { type FinalBlock, genesis, ToyChain } from './toy-chain.ts'

export interface Final extends Omit<Extract<Effect, { kind: 'final' }>, 'kind'> {}

export interface JournalParts {
  readonly firstSet: ValidatorSet
  readonly genesisHash: Hash
  readonly recover: Recover
  /** Every n-th certificate is checked; 0: none. */
  readonly checkEvery: number
}

/** Thrown by the world as soon as something is wrong. */
export class Broken extends Error {}

export class Journal {
  readonly #parts: JournalParts
  /** All that is final anywhere, by height − 1. */
  readonly chain: FinalBlock[] = []
  readonly #toy = new ToyChain([])
  readonly #sets = new Map<number, ValidatorSet>()
  readonly #votes = new Map<string, string>()
  readonly liars = new Set<Address>()
  readonly #promised = new Map<Address, Set<string>>()
  /** Of honest validators. */
  messages = 0
  writes = 0
  finals = 0
  evidences = 0

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.#sets.set(parts.firstSet.epoch, parts.firstSet)
  }

  fail(what: string): never {
    throw new Broken(what)
  }

  wrote(): void {
    this.writes++
  }

  get set(): ValidatorSet {
    return [...this.#sets.values()].at(-1) ?? this.#parts.firstSet
  }

  setOf(epoch: number): ValidatorSet | undefined {
    return this.#sets.get(epoch)
  }

  isFinal(name: string): boolean {
    return this.#toy.isSettled(name)
  }

  // ---- what leaves

  said(by: Address, message: Message): void {
    this.messages++
    if (message.kind !== 'vote' && message.kind !== 'proposal') return
    const { vote } = message
    this.#promised.get(by)?.delete(nameOf(vote))
    this.#vote(by, vote)
  }

  #vote(by: Address, { kind, epoch, view, block }: Vote): void {
    const at = `${by} ${epoch} ${view}`
    const before = this.#votes.get(`${at} ${kind}`)
    const about = block ?? 'nothing'
    if (before !== undefined && before !== about) this.fail(`${at}: two votes to ${kind}`)
    this.#votes.set(`${at} ${kind}`, about)
    const other = kind === 'nullify' ? 'finalize' : 'nullify'
    if (kind !== 'notarize' && this.#votes.has(`${at} ${other}`)) this.fail(`${at}: finalize beside nullify`)
  }

  // ---- restarts

  started(by: Address, records: readonly WalRecord[], set: ValidatorSet, head: Head): void {
    const finalView = head.epoch === set.epoch ? head.view : 0
    const certified = Math.max(0, ...records.map((record) => finalizes(record, set.epoch)))
    const votes = records.flatMap((record) => (record.kind === 'vote' ? [record.vote] : []))
    const open = votes.filter(({ epoch, view }) => epoch === set.epoch && view > Math.max(finalView, certified))
    this.#promised.set(by, new Set(open.map(nameOf)))
  }

  /** Everything that the log held has been said again. */
  resumed(by: Address): void {
    const left = this.#promised.get(by)
    this.#promised.delete(by)
    if (left !== undefined && left.size > 0) this.fail(`${by} did not say again: ${[...left].join(', ')}`)
  }

  // ---- what is final

  final(by: Address, { blocks, certificate, trail, nextSet }: Final): void {
    this.finals++
    blocks.forEach((block, at) => {
      this.#one(by, { block, nextSet: at === blocks.length - 1 ? nextSet : undefined })
    })
    this.#proof(by, blocks, certificate, trail)
  }

  fetched(final: FinalBlock): void {
    this.#one(this.set.validators[0] ?? ('0x' as Address), final)
  }

  #one(by: Address, final: FinalBlock): void {
    const { block, nextSet } = final
    const known = this.chain[block.height - 1]
    if (known !== undefined) {
      if (known.block.hash !== block.hash) this.fail(`two blocks at height ${block.height}, says ${by}`)
      return
    }
    const before = this.chain.at(-1)?.block ?? genesis
    if (block.height !== before.height + 1 || block.parent !== before.hash) this.fail(`a gap at ${block.height}`)
    if (block.epoch !== this.set.epoch) this.fail(`${by}: a block of epoch ${block.epoch} in ${this.set.epoch}`)
    const verdict = this.#toy.check(block)
    if (!verdict.ok) this.fail(`${by}: an invalid block is final: ${verdict.code}`)
    if ((verdict.nextSet === undefined) !== (nextSet === undefined)) this.fail(`${by}: the set changes otherwise`)
    this.#toy.finalize(final)
    this.chain.push(final)
    if (nextSet !== undefined) this.#sets.set(nextSet.epoch, nextSet)
  }

  #proof(by: Address, blocks: readonly Block[], certificate: Final['certificate'], trail: readonly Block[]): void {
    const { genesisHash, recover, checkEvery } = this.#parts
    const [last] = [...blocks, ...trail].slice(-1)
    const links = [...blocks, ...trail]
    links.forEach((block, at) => {
      if (at > 0 && block.parent !== links[at - 1]?.hash) this.fail(`${by}: the headers are no chain`)
    })
    if (certificate.kind !== 'finalize' || certificate.block !== last?.hash)
      this.fail(`${by}: the proof is of another block`)
    const set = this.#sets.get(certificate.epoch)
    if (checkEvery === 0 || this.finals % checkEvery !== 0) return
    if (set === undefined || !checkCertificate(certificate, set, genesisHash, recover))
      this.fail(`${by}: the proof is wrong`)
  }

  // ---- accusations

  evidence({ evidence, validator }: Extract<Effect, { kind: 'evidence' }>, isHonest: boolean): void {
    if (!isHonest) return
    this.evidences++
    const set = this.#sets.get(evidence.first.epoch)
    const { genesisHash, recover } = this.#parts
    const found = set && checkEvidence(evidence, set, genesisHash, recover)
    if (found !== validator) this.fail('evidence that shows nothing')
    if (!this.liars.has(validator)) this.fail(`evidence against ${validator}, who is honest`)
  }

  blamed(peer: Address, code: string): void {
    if (!this.liars.has(peer)) this.fail(`${peer}, who is honest, is blamed: ${code}`)
  }
}

function nameOf({ kind, epoch, view, block }: Vote): string {
  return `${kind} ${epoch}/${view} ${block ?? ''}`
}

function finalizes(record: WalRecord, epoch: number): number {
  const { certificate } = record.kind === 'certificate' ? record : { certificate: undefined }
  return certificate?.kind === 'finalize' && certificate.epoch === epoch ? certificate.view : 0
}
