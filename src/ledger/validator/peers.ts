// Who is connected, what they said of themselves, and how much they may send. A peer is a validator when its key signed for its
// name (`announcementDigest`); consensus speaks to addresses, the network to names.
//
// Must stay true: at most `peersMax`; nothing of a peer is believed but what is signed; each kind of message has its own rate.

import { TokenBucket } from '../../base/bounded.ts'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import type { Recover } from '../consensus/types.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address, Hash } from '../types.ts'
import { hexBytes, textBytes } from './cursor.ts'
import {
  consensusMessagesBurst,
  consensusMessagesPerSecond,
  peersMax,
  requestsBurst,
  requestsPerSecond,
  smallMessagesBurst,
  smallMessagesPerSecond,
  transactionsBurst,
  transactionsPerSecond,
} from './limits.ts'
import type { PeerName } from './types.ts'
import type { Progress } from './wire.ts'

export interface Peer {
  readonly name: PeerName
  /** It said which ledger it is of. */
  isGreeted: boolean
  /** Of the validator key that signed for its name. */
  address: Address | undefined
  progress: Progress | undefined
  heardMs: number
  readonly consensus: TokenBucket
  readonly small: TokenBucket
  readonly requests: TokenBucket
}

/** What a validator's key signs, so that nobody else can speak for it on a connection. */
export function announcementDigest(genesisHash: Hash, name: PeerName): Uint8Array {
  return keccak256(concatBytes(utf8('peerhood/ledger/hello/1'), hexBytes(genesisHash), textBytes(name)))
}

export function announcedAddress(
  genesisHash: Hash,
  name: PeerName,
  announcement: Uint8Array,
  recover: Recover,
): Address | undefined {
  return recover(announcementDigest(genesisHash, name), announcement)
}

export class Peers {
  readonly #clock: Clock
  readonly #peers = new Map<PeerName, Peer>()
  /** Who announced an address last, of those who are connected. */
  readonly #names = new Map<Address, PeerName>()
  /** When anything of an address was heard last; survives its connection. Validators only, so it is bounded by who was ever in a set. */
  readonly #heardMs = new Map<Address, number>()
  readonly #heights = new Map<Address, number>()
  readonly #transactions = new Map<PeerName, TokenBucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  nowMs(): number {
    return this.#clock.monotonicMs()
  }

  get size(): number {
    return this.#peers.size
  }

  get(name: PeerName): Peer | undefined {
    return this.#peers.get(name)
  }

  all(): Peer[] {
    return [...this.#peers.values()]
  }

  /** Those who greeted us. */
  greeted(): Peer[] {
    return this.all().filter(({ isGreeted }) => isGreeted)
  }

  /** Undefined when there are too many. */
  add(name: PeerName): Peer | undefined {
    const known = this.#peers.get(name)
    if (known !== undefined) return known
    if (this.#peers.size >= peersMax) return undefined
    const nowMs = this.#clock.monotonicMs()
    const peer: Peer = {
      name,
      isGreeted: false,
      address: undefined,
      progress: undefined,
      heardMs: nowMs,
      consensus: new TokenBucket({ perSecond: consensusMessagesPerSecond, burst: consensusMessagesBurst, nowMs }),
      small: new TokenBucket({ perSecond: smallMessagesPerSecond, burst: smallMessagesBurst, nowMs }),
      requests: new TokenBucket({ perSecond: requestsPerSecond, burst: requestsBurst, nowMs }),
    }
    this.#peers.set(name, peer)
    return peer
  }

  remove(name: PeerName): void {
    const peer = this.#peers.get(name)
    if (peer?.address !== undefined && this.#names.get(peer.address) === name) this.#names.delete(peer.address)
    this.#peers.delete(name)
  }

  announce(peer: Peer, address: Address): void {
    peer.address = address
    this.#names.set(address, peer.name)
  }

  /** Something came that only this peer can have sent. */
  heard(peer: Peer, height: number | undefined): void {
    peer.heardMs = this.#clock.monotonicMs()
    if (peer.address === undefined) return
    this.#heardMs.delete(peer.address)
    this.#heardMs.set(peer.address, peer.heardMs)
    if (height !== undefined) this.#heights.set(peer.address, height)
    for (const old of this.#heardMs.keys()) {
      if (this.#heardMs.size <= peersMax) break
      this.#heardMs.delete(old)
      this.#heights.delete(old)
    }
  }

  nameOf(address: Address): PeerName | undefined {
    return this.#names.get(address)
  }

  heardMsAgo(address: Address): number | undefined {
    const heardMs = this.#heardMs.get(address)
    return heardMs === undefined ? undefined : this.#clock.monotonicMs() - heardMs
  }

  heightOf(address: Address): number | undefined {
    return this.#heights.get(address)
  }

  /** Gossip comes by peers that may not be connected to us in this protocol. */
  mayTell(name: PeerName, transactions: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    let bucket = this.#transactions.get(name)
    if (bucket === undefined) {
      bucket = new TokenBucket({ perSecond: transactionsPerSecond, burst: transactionsBurst, nowMs })
      const [oldest] = this.#transactions.keys()
      if (this.#transactions.size >= peersMax && oldest !== undefined) this.#transactions.delete(oldest)
      this.#transactions.set(name, bucket)
    }
    return bucket.take(nowMs, transactions)
  }
}
