// A member that holds no chain: it follows the validators by ends of epochs and certificates, and believes balances and receipts by
// branches from a final header's roots. It trusts nobody: who answers wrongly is blamed, and another is asked.
//
// Must stay true: `head` only grows, each by a quorum of the set that follows from genesis or checkpoint, or from a
// recovery that the person confirmed; nothing unproven is returned.

import { isPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Clock, Log } from '../../base/ports.ts'
import type { EpochEnd, Genesis, Header } from '../chain/types.ts'
import type { Recover } from '../consensus/types.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { checkAccount, checkReceipt, type ProvenAccount, type ProvenReceipt } from './branches.ts'
import { fault, faultSentences, validatorErrors } from './errors.ts'
import { checkFinality, readHeader } from './finality.ts'
import { followEpochs, requireAsCheckpoint } from './join.ts'
import { type Asked, Asking } from './light-asking.ts'
import { lightHeadersMax } from './limits.ts'
import { announcedAddress, type Peer, Peers } from './peers.ts'
import type { Recovery } from './recovery-wire.ts'
import { faultOf, Requests } from './requests.ts'
import { requireCheckpoint, requireTrust, type TrustParts } from './trust.ts'
import type { Checkpoint, LedgerNetwork, PeerName } from './types.ts'
import { decodeMessage, encodeMessage, type Message } from './wire.ts'

export interface LightParts {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly network: LedgerNetwork
  readonly clock: Clock
  readonly log: Log
  readonly recover: Recover
}

export interface LightClient {
  /** The newest header that is known to be final; undefined: nothing but the genesis or the checkpoint yet. */
  readonly head: Header | undefined
  readonly set: ValidatorSet
  /** What the furthest of those who are connected says; undefined: nobody is. */
  readonly heightSeen: number | undefined
  /** Somebody says that it went on by a recovery that nobody confirmed here. */
  readonly isRecoveryUnknown: boolean
  /** How an epoch ended, as far as it was followed here. */
  epochEnd(epoch: number): EpochEnd | undefined
  connected(peer: PeerName): void
  disconnected(peer: PeerName): void
  received(from: PeerName, bytes: Uint8Array): void
  /** After `head`. Throws `ledger_nobody_answers`. */
  account(address: Address, keys?: readonly Hash[]): Promise<ProvenAccount & { readonly height: number }>
  /** Throws `ledger_nobody_answers`, `ledger_not_found` where it is of an epoch before the checkpoint. */
  receipt(transaction: Hash): Promise<ProvenReceipt & { readonly height: number }>
  /** As {@link Asking.ask}. */
  asking<Result>(work: (peer: Asked) => Promise<Result>): Promise<Result | undefined>
  /** More members of the community than could lie say that this is final. Throws `ledger_checkpoint_contradicted`. */
  believe(checkpoint: Checkpoint): void
  /** To begin with the next time. */
  checkpoint(): Checkpoint | undefined
  on(listener: (head: Header) => void): () => void
  stop(): void
}

export interface LightOptions {
  readonly checkpoint?: Checkpoint
  /** Those that the person confirmed. */
  readonly recoveries?: readonly Recovery[]
}

export function createLightClient(options: LightOptions = {}) {
  return (parts: LightParts): LightClient => new Light(options, parts)
}

class Light implements LightClient {
  readonly #parts: LightParts
  readonly #peers: Peers
  readonly #requests: Requests
  readonly #asking: Asking
  readonly #trust: TrustParts
  readonly #events = new Emitter<Header>()
  readonly #stopping = new AbortController()
  /** From the first that is known on. */
  readonly #sets: ValidatorSet[]
  readonly #recoveries: readonly Recovery[]
  /** By the epoch that ended. */
  readonly #ends = new Map<number, EpochEnd>()
  #head: Header | undefined
  #isRecoveryUnknown = false
  #checkpoint: Checkpoint | undefined
  #following: Promise<void> | undefined
  #isWanted = false

  constructor({ checkpoint, recoveries = [] }: LightOptions, parts: LightParts) {
    const { genesis, genesisHash, clock, network } = parts
    this.#parts = parts
    this.#recoveries = recoveries
    this.#sets = [checkpoint?.set ?? { epoch: 0, validators: genesis.validators }]
    this.#peers = new Peers(clock)
    this.#requests = new Requests({ clock, send: (to, bytes) => network.send(to, bytes) })
    this.#asking = new Asking({
      ...{ clock, peers: this.#peers, requests: this.#requests, genesisHash, recover: parts.recover },
      signal: this.#stopping.signal,
      setOf: (epoch) => this.#sets.find((set) => set.epoch === epoch),
      complain: (peer, error) => this.#complain(peer, error),
    })
    const chain = {
      ...{ genesis, genesisHash },
      head: () => ({ timestamp: this.#head?.timestamp ?? genesis.timestamp }),
      validators: () => this.set,
    }
    requireCheckpoint(chain, checkpoint)
    this.#checkpoint = checkpoint
    const newest = () => this.#checkpoint
    this.#trust = {
      ...{ chain, clock, peers: this.#peers, requests: this.#requests },
      recoveries: this.#recoveries.map(({ statement }) => statement),
      get checkpoint() {
        return newest()
      },
    }
  }

  get head(): Header | undefined {
    return this.#head
  }

  get heightSeen(): number | undefined {
    const heights = this.#peers.greeted().map(({ progress }) => progress?.height ?? 0)
    return heights.length === 0 ? undefined : Math.max(...heights)
  }

  get isRecoveryUnknown(): boolean {
    return this.#isRecoveryUnknown
  }

  epochEnd(epoch: number): EpochEnd | undefined {
    return this.#ends.get(epoch)
  }

  get set(): ValidatorSet {
    return this.#sets.at(-1) ?? { epoch: 0, validators: [] }
  }

  connected(name: PeerName): void {
    if (this.#peers.add(name) === undefined) return
    const nothing = { height: 0, head: this.#parts.genesisHash, epoch: 0, view: 0, oldest: 0, snapshot: 0 }
    const hello = {
      kind: 'hello',
      genesis: this.#parts.genesisHash,
      announcement: undefined,
      isVoting: false,
      progress: nothing,
    } as const
    this.#parts.network.send(name, encodeMessage(hello))
  }

  disconnected(name: PeerName): void {
    this.#peers.remove(name)
    this.#asking.disconnected(name)
    this.#requests.disconnected(name)
  }

  received(from: PeerName, bytes: Uint8Array): void {
    try {
      const message = decodeMessage(bytes)
      if (message.kind === 'hello' && this.#peers.get(from) === undefined) this.connected(from)
      const peer = this.#peers.get(from)
      if (peer !== undefined) this.#take(peer, message)
    } catch (error) {
      if (!isPeerhoodError(error)) throw error
      this.#parts.network.blame(from, error.code, error.message)
    }
  }

  #take(peer: Peer, message: Message): void {
    if (message.kind === 'answer') {
      this.#requests.answered(peer.name, message.id, message.answer)
      return
    }
    if (!peer.small.take(this.#peers.nowMs())) throw fault('ledger_too_many_messages')
    if (message.kind === 'hello') this.#greeted(peer, message)
    if (!peer.isGreeted) throw fault('ledger_hello_missing')
    if (message.kind === 'request') {
      // There is nothing here to give.
      const answer = { kind: 'refuse', reason: 'not_here' } as const
      this.#parts.network.send(peer.name, encodeMessage({ kind: 'answer', id: message.id, answer }))
    }
    if (message.kind !== 'hello' && message.kind !== 'progress') return
    peer.progress = message.progress
    this.#follow()
  }

  #greeted(peer: Peer, message: Extract<Message, { kind: 'hello' }>): void {
    const { genesisHash, recover } = this.#parts
    if (message.genesis !== genesisHash) throw fault('ledger_other_ledger')
    peer.isGreeted = true
    if (message.announcement === undefined) return
    const address = announcedAddress(genesisHash, peer.name, message.announcement, recover)
    if (address === undefined) throw fault('ledger_announcement_wrong')
    this.#peers.announce(peer, address)
  }

  /** Looks whether those who say so are really further. */
  #follow(): void {
    if (this.#following !== undefined) {
      this.#isWanted = true
      return
    }
    this.#following = this.#followAll()
      .catch((error: unknown) => {
        // What was under way ends with the client.
        if (!this.#stopping.signal.aborted) throw error
      })
      .finally(() => {
        this.#following = undefined
        if (this.#isWanted && !this.#stopping.signal.aborted) this.#follow()
      })
  }

  async #followAll(): Promise<void> {
    this.#isWanted = false
    for (const peer of this.#ahead()) {
      await this.#attempt(peer, () => this.#followPeer(peer))
    }
  }

  #ahead(): Peer[] {
    const height = this.#head?.height ?? 0
    const further = this.#peers.greeted().filter(({ progress }) => (progress?.height ?? 0) > height)
    return further.sort((a, b) => (b.progress?.height ?? 0) - (a.progress?.height ?? 0))
  }

  async #followPeer(peer: Peer): Promise<void> {
    const { genesisHash, recover } = this.#parts
    const target = peer.progress?.height ?? 0
    if (target <= (this.#head?.height ?? 0)) return
    const { signal } = this.#stopping
    const { checkpoint } = this.#trust
    const ends = await followEpochs(
      peer.name,
      this.set,
      { requests: this.#requests, recover, genesisHash, checkpoint, recoveries: this.#recoveries },
      signal,
      this.#ends.get(this.set.epoch - 1),
    )
    const sets = [...this.#sets, ...ends.map(({ next }) => next)]
    const header = await this.#finalHeader(peer, target, sets)
    await requireTrust(this.#trust, header, () => {}, signal)
    if (header.height <= (this.#head?.height ?? 0)) return
    this.#sets.splice(0, this.#sets.length, ...sets)
    for (const end of ends) this.#ends.set(end.next.epoch - 1, end)
    this.#isRecoveryUnknown = false
    this.#head = header
    this.#events.emit(header)
  }

  /** The header at this height: a certificate of its epoch's set is on it or on a descendant. */
  async #finalHeader(peer: Peer, height: number, sets: readonly ValidatorSet[]): Promise<Header> {
    const { genesisHash, recover } = this.#parts
    const request = { kind: 'headers' as const, from: height, count: lightHeadersMax }
    const { headers } = await this.#requests.ask<'headers'>(peer.name, request, { signal: this.#stopping.signal })
    let first: Header | undefined
    let before: Header | undefined
    for (const { header: bytes, certificate } of headers) {
      const header = readHeader(bytes)
      if (header.height !== (before?.height ?? height - 1) + 1) throw fault('ledger_block_invalid')
      if (before !== undefined && header.parent !== before.hash) throw fault('ledger_block_invalid')
      first ??= header
      before = header
      if (certificate.length === 0) continue
      const set = sets.find(({ epoch }) => epoch === header.place?.epoch)
      if (set === undefined)
        throw validatorErrors.ledger_not_found('The block is of an epoch whose validators are not known here.')
      checkFinality(header, certificate, { set, genesisHash, recover })
      return first
    }
    throw validatorErrors.ledger_nobody_answers('The peer has no certificate for this block.')
  }

  /** Undefined where the peer failed; it is blamed where that was its fault. */
  async #attempt<Result>(peer: Peer, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work()
    } catch (error) {
      this.#complain(peer, error)
      return undefined
    }
  }

  /** Throws when all ends. */
  #complain(peer: Peer, error: unknown): void {
    if (this.#stopping.signal.aborted) throw error
    const code = faultOf(error)
    if (code !== undefined) this.#parts.network.blame(peer.name, code, faultSentences[code])
    if (!isPeerhoodError(error)) this.#parts.log.error('ledger_light_defect', { error })
    else if (error.code === 'ledger_recovery_unknown') this.#isRecoveryUnknown = true
    else if (error.code === 'ledger_checkpoint_contradicted')
      this.#parts.log.error(error.code, { message: error.message })
  }

  asking<Result>(work: (peer: Asked) => Promise<Result>): Promise<Result | undefined> {
    return this.#asking.ask(work)
  }

  async account(address: Address, keys: readonly Hash[] = []) {
    for (const peer of this.#peers.greeted()) {
      const header = this.#head
      if (header === undefined) break
      const { height } = header
      const found = await this.#attempt(peer, async () => {
        const request = { kind: 'account' as const, height, address, keys }
        const { proof } = await this.#requests.ask<'account'>(peer.name, request, { signal: this.#stopping.signal })
        return checkAccount(header, { address, keys }, proof)
      })
      if (found !== undefined) return { ...found, height }
    }
    throw validatorErrors.ledger_nobody_answers('Nobody who is connected proved what the account holds.')
  }

  async receipt(transaction: Hash) {
    for (const peer of this.#peers.greeted()) {
      const found = await this.#attempt(peer, async () => {
        const request = { kind: 'receipt' as const, transaction }
        const { signal } = this.#stopping
        const { height, proof } = await this.#requests.ask<'receipt'>(peer.name, request, { signal })
        const header = await this.#finalHeader(peer, height, this.#sets)
        return { ...(await checkReceipt(header, transaction, proof)), height }
      })
      if (found !== undefined) return found
    }
    throw validatorErrors.ledger_nobody_answers('Nobody who is connected proved that the transaction is final.')
  }

  believe(checkpoint: Checkpoint): void {
    requireCheckpoint(this.#trust.chain, checkpoint)
    const known = this.#sets.find(({ epoch }) => epoch === checkpoint.set.epoch)
    if (known !== undefined) requireAsCheckpoint(known, checkpoint)
    if (checkpoint.height <= (this.#checkpoint?.height ?? 0)) return
    this.#checkpoint = checkpoint
    // What is known reaches further already, or begins from here.
    if (this.#head === undefined && checkpoint.set.epoch > this.set.epoch) this.#sets.push(checkpoint.set)
    this.#follow()
  }

  checkpoint(): Checkpoint | undefined {
    if (this.#head === undefined) return undefined
    const { genesis, genesisHash } = this.#parts
    const { height, hash, timestamp } = this.#head
    return { chainId: genesis.chainId, genesisHash, height, block: hash, timestamp, set: this.set }
  }

  on(listener: (head: Header) => void): () => void {
    return this.#events.on(listener)
  }

  stop(): void {
    this.#stopping.abort(validatorErrors.ledger_stopped('The ledger is being closed.'))
    this.#requests.stop()
  }
}
