// What the rest of Peerhood sees of the network: peers, streams, discovery by key. libp2p stays behind it.

import type { CID } from 'multiformats/cid'
import type { Brand } from '../base/brand.ts'
import type { PeerhoodError } from '../base/errors.ts'
import type { Cancel } from '../base/ports.ts'

/** A peer's id as libp2p writes it (base58btc of the Ed25519 public key's multihash, `12D3Koo…`). */
export type PeerId = Brand<string, 'PeerId'>

/** Where a peer may be reached: multiaddrs in text form, without a trailing `/p2p/<id>`. */
export interface PeerAddress {
  readonly peerId: PeerId
  readonly addresses: readonly string[]
}

/** How we came to know a peer. */
export type PeerSource = 'link' | 'bootstrap' | 'mdns' | 'dht' | 'exchange' | 'remembered' | 'inbound' | 'manual'

/** One ordered, reliable, authenticated byte stream to one peer. Chunk boundaries carry no meaning. */
export interface PeerStream {
  readonly remotePeer: PeerId
  /** Whether its bytes go through a relay: a stream stays on the connection that it was opened on. */
  readonly isRelayed: boolean
  /** Ends when the peer closes its side; throws a PeerhoodError when the stream breaks. One consumer only. */
  readonly incoming: AsyncIterable<Uint8Array>
  /**
   * Queues bytes, one part after the other. They are the caller's again when this has returned true; false: the buffer is
   * full, and they are the caller's again when `drained` has resolved or the stream is over.
   */
  send(...parts: Uint8Array[]): boolean
  /** Resolves when the buffer has room again; rejects when the stream breaks or the signal aborts. */
  drained(options?: { signal?: AbortSignal }): Promise<void>
  /** Ends our side after what was sent; the other side may go on. */
  close(): Promise<void>
  /** Ends both sides at once and tells the peer nothing but that. */
  abort(error: PeerhoodError): void
}

export type StreamHandler = (stream: PeerStream) => Promise<void>

/**
 * What becomes of a published message: passed on to other subscribers; kept to ourselves; or refused, which costs the peer
 * that sent it here (no honest peer passes on what it would refuse itself).
 */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** Takes a message. `from`: who published it, by its signature, not who passed it on. Must answer at once. */
export type GossipHandler = (from: PeerId, bytes: Uint8Array) => GossipVerdict

export interface GossipOptions {
  /**
   * Whom the topic is told, and from whom messages on it are taken; everybody if not given. Asked again and again, so it may
   * change.
   */
  readonly allows?: (peerId: PeerId) => boolean
}

export interface PeerView {
  readonly peerId: PeerId
  readonly state: 'connected' | 'known'
  /** How the peer was first found. */
  readonly source: PeerSource
  /** Whether bytes go straight to the peer or through a relay. */
  readonly path: 'direct' | 'relayed' | 'none'
  /** Direct how, or why by a relay, in one plain sentence; undefined when not connected. */
  readonly pathSentence: string | undefined
  readonly direction: 'inbound' | 'outbound' | 'none'
  /** The address in use, else the best known; a multiaddr. */
  readonly address: string | undefined
  readonly transport: 'tcp' | 'websocket' | 'udp' | 'other' | 'none'
  readonly encryption: 'tls' | 'noise' | 'none'
  /** Round trip of the last ping. */
  readonly latencyMs: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** `Clock.nowMs` when the present connection opened. */
  readonly connectedAtMs: number | undefined
  /** The `agentVersion` that the peer sent; shown as plain text, cut to `agentCharsMax`. */
  readonly agent: string | undefined
}

export type NetworkEvent =
  | { readonly type: 'peer'; readonly peer: PeerView } // connected, disconnected, or its figures changed
  | { readonly type: 'addresses'; readonly addresses: readonly string[] }
  | { readonly type: 'reachability'; readonly reachability: Reachability }

/** How others can reach us, in the words the page shows. */
export interface Reachability {
  readonly kind: 'unknown' | 'public' | 'relayed' | 'local-only'
  /** One plain sentence. */
  readonly sentence: string
}

/** Why a peer is blamed: it sent what no honest peer sends. Costs it the connection and, repeated, a pause. */
export interface Blame {
  /** A stable code, also the log line's. */
  readonly code: string
  /** `reject`: disconnect now. `ignore`: count, disconnect past `ignoredBlamesMax`. */
  readonly verdict: 'ignore' | 'reject'
}

/** One finding of the doctor. */
export interface DoctorCheck {
  readonly id: string
  readonly title: string
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found, in a sentence. */
  readonly finding: string
  /** What to do about it; absent when there is nothing to do. */
  readonly advice?: string
}

/** The public DHT of IPFS, as a client: told what is public here, and asked who has a CID. */
export interface PublicDht {
  /** Peers of it that we know. */
  readonly peers: number
  /** Names this peer as one that has the CID, once. */
  provide(cid: CID, options: { signal: AbortSignal }): Promise<void>
  /** Whatever was provided and is not among these is not provided again. */
  keepOnly(cids: readonly CID[]): Promise<void>
  /** Those who provide the CID, as they are found. Never ourselves. */
  findProviders(cid: CID, options: { signal: AbortSignal }): AsyncIterable<PeerAddress>
  /** Calls `run` whenever a first peer of it becomes known. */
  onFirstPeer(run: () => void): Cancel
}

export interface Network {
  readonly self: PeerId
  /** Only where a person asked for it. */
  readonly publicDht?: PublicDht | undefined
  start(): Promise<void>
  stop(): Promise<void>
  /** Our own dialable multiaddrs, best first, each ending in `/p2p/<self>`. */
  addresses(): readonly string[]
  reachability(): Reachability
  peers(): readonly PeerView[]
  on(listener: (event: NetworkEvent) => void): Cancel

  /** Connects (or keeps the connection) and remembers the peer under `source`. */
  connect(peer: PeerAddress, options: { source: PeerSource; signal?: AbortSignal }): Promise<void>
  /** Addresses worth handing to others for this peer (bounded, most recently working first). */
  addressesOf(peerId: PeerId): Promise<PeerAddress | undefined>
  openStream(peerId: PeerId, protocol: string, options?: { signal?: AbortSignal }): Promise<PeerStream>
  /** Serves a protocol; a handler that throws costs the peer that stream, and is logged with the error's code. */
  handle(protocol: string, handler: StreamHandler, options: { streamsPerPeerMax: number }): Promise<Cancel>

  /** Announces in the DHT that we have what `key` (32 bytes, a sha2-256 digest) stands for. */
  provide(key: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  /**
   * From now on `key` is announced no more; never rejects, and forgetting what was never announced is fine. Peers that were
   * told keep what they were told until it expires (48 hours): the DHT has no way to take it back.
   */
  unprovide(key: Uint8Array): Promise<void>
  /** Those who announced `key`, as they are found. Never ourselves. */
  findProviders(key: Uint8Array, options?: { signal?: AbortSignal }): AsyncIterable<PeerAddress>

  /**
   * Takes what is published under a topic by peers that we are connected with, directly or through other subscribers. Nothing
   * published before is caught up on, and what is published may get lost. One subscription a topic. Throws `topic_taken`,
   * `topics_too_many`, `topic_malformed`.
   */
  subscribe(topic: string, handler: GossipHandler, options?: GossipOptions): Cancel
  /**
   * Publishes, signed, to those who follow the topic; resolves when it is on its way, also when nobody does. Never comes back
   * to ourselves. Rejects with `gossip_too_long`.
   */
  publish(topic: string, bytes: Uint8Array): Promise<void>
  /** Called with what a peer did wrong. */
  blame(peerId: PeerId, blame: Blame): void
  /** The network's part of `peerhood doctor`. */
  diagnose(options?: { signal?: AbortSignal }): Promise<readonly DoctorCheck[]>
}
