// The node of one ledger: puts together what this folder has, and speaks `/peerhood/ledger/1`.
//
//   network ─► received ─► consensus message ─► driver ─► votes on disk ─► network
//          │            ├► question ─► serve ─► answer       answer ─► requests ─► sync ─► chain
//          │            └► progress, evidence
//          └► heard (gossip) ─► pool
//
// Must stay true: nothing that a peer sends throws out of `received` or `heard`; each refusal costs the peer its blame, with a code;
// whoever may not vote (no key, not in the set, stopped) follows and serves all the same.

import { isPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel } from '../../base/ports.ts'
import type { SnapshotChain } from '../chain/types.ts'
import { recoverAddress } from '../evm/crypto.ts'
import type { Address, Hash } from '../types.ts'
import { faultSentences, type LedgerFault, validatorErrors } from './errors.ts'
import { type EvidenceStore, openEvidence } from './evidence.ts'
import { createGossip, type Gossip } from './gossip.ts'
import { createInbox } from './inbox.ts'
import { type JoinParts, joinBySnapshot } from './join.ts'
import { deltaDefaultMs, snapshotAfterBlocks, stuckAfterMs } from './limits.ts'
import { announcementDigest, Peers } from './peers.ts'
import type { Recovery } from './recovery-wire.ts'
import { removeEquivocator } from './removal.ts'
import { Requests } from './requests.ts'
import { createServer } from './serve.ts'
import { statusOf } from './status.ts'
import { createSync, type Sync } from './sync.ts'
import { requireCheckpoint, requireTrust, type TrustParts } from './trust.ts'
import type {
  Checkpoint,
  EvidenceRecord,
  LedgerEvent,
  LedgerNode,
  LedgerNodeOptions,
  LedgerNodeParts,
  LedgerStatus,
  PeerName,
  SyncState,
} from './types.ts'
import { createVoter, type Voter } from './voter.ts'
import { encodeMessage, type Progress } from './wire.ts'

export function createLedgerNode(options: LedgerNodeOptions = {}) {
  return (parts: LedgerNodeParts): LedgerNode => new Node(options, parts)
}

/** More behind than that and blocks are fetched, also by a validator that votes (consensus/limits.ts, heightsBehindMax). */
const votingSlack = 8

class Node implements LedgerNode {
  readonly #parts: LedgerNodeParts
  readonly #peers: Peers
  readonly #requests: Requests
  readonly #trust: TrustParts
  readonly #sync: Sync
  readonly #gossip: Gossip
  readonly #voter: Voter
  readonly #recoveries: readonly Recovery[]
  readonly #events = new Emitter<LedgerEvent>()
  readonly #inbox: ReturnType<typeof createInbox>
  #evidence: EvidenceStore | undefined
  #checkpoint: Checkpoint | undefined
  #offChain: Cancel = () => {}
  #stuckTimer: Cancel | undefined
  /** Since when something waits and nothing became final. */
  #waitingSinceMs: number | undefined
  readonly #stopping = new AbortController()
  #isStopped = false

  constructor(options: LedgerNodeOptions, parts: LedgerNodeParts) {
    const { chain, clock, log, network } = parts
    this.#parts = parts
    this.#peers = new Peers(clock)
    requireCheckpoint(chain, options.checkpoint)
    this.#checkpoint = options.checkpoint
    this.#requests = new Requests({ clock, send: (to, bytes) => network.send(to, bytes) })
    const newest = () => this.#checkpoint
    const { recoveries = [] } = options
    this.#recoveries = recoveries
    this.#trust = {
      ...{ chain, clock, peers: this.#peers, requests: this.#requests },
      recoveries: recoveries.map(({ statement }) => statement),
      get checkpoint() {
        return newest()
      },
    }
    const blame = (peer: PeerName, code: LedgerFault) => this.#blame(peer, code, faultSentences[code])
    this.#gossip = createGossip({ chain, peers: this.#peers, network, clock, log, blame })
    this.#voter = createVoter(
      {
        ...{ deltaMs: options.deltaMs ?? deltaDefaultMs, keyIsNew: options.keyIsNew ?? false },
        isRecovered: recoveries.some(({ statement }) => statement.block === chain.head().hash),
      },
      {
        ...parts,
        recover: recoverAddress,
        send: (to, bytes) => this.#sendTo(to, bytes),
        blame: (address, code) => this.#blameAddress(address, code),
        behind: () => this.#sync.consider(true),
        evidence: (evidence) => this.#found(this.#evidence?.add(evidence)),
        changed: () => this.#changed(),
      },
    )
    this.#sync = createSync({
      ...{ chain, peers: this.#peers, requests: this.#requests, recover: recoverAddress, log, blame },
      snapshotAfter: options.snapshotAfter ?? snapshotAfterBlocks,
      join:
        'install' in chain
          ? (peer, told, signal) => joinBySnapshot(peer, this.#joinParts(chain, told, signal), signal)
          : undefined,
      trust: (height, hash, told, signal) => requireTrust(this.#trust, { height, hash }, told, signal),
      slack: () => (this.#voter.isVoting ? votingSlack : 0),
      advanced: () => this.#voter.synced(),
      disagrees: (code, sentence) => this.#voter.disagrees(code, sentence),
      changed: () => this.#changed(),
    })
    this.#inbox = createInbox({
      ...{
        chain,
        peers: this.#peers,
        requests: this.#requests,
        voter: this.#voter,
        sync: this.#sync,
        network,
        log,
        blame,
      },
      server: createServer({ chain, snapshots: parts.snapshots }),
      recover: recoverAddress,
      evidence: (bytes) => this.#found(this.#evidence?.take(bytes)),
      greet: (peer) => this.connected(peer),
      changed: () => this.#changed(),
    })
  }

  #joinParts(chain: SnapshotChain, told: (state: SyncState) => void, signal: AbortSignal): JoinParts {
    const { checkpoint, requests } = this.#trust
    return {
      ...{ chain, requests, recover: recoverAddress, genesisHash: chain.genesisHash, checkpoint, told },
      recoveries: this.#recoveries,
      trust: (height, hash) => requireTrust(this.#trust, { height, hash }, told, signal),
    }
  }

  async start(): Promise<void> {
    const { chain, disk, log } = this.#parts
    this.#evidence = await openEvidence({ chain, disk, log, recover: recoverAddress })
    this.#offChain = chain.on((event) => {
      if (event.kind === 'final') this.#onFinal(event.header.height, event.header.hash)
      if (event.kind === 'work') this.#watch(event.waiting)
    })
    this.#gossip.start()
    await this.#voter.start()
    this.#watch(chain.pool.hasWork)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopping.abort()
    this.#offChain()
    this.#stuckTimer?.()
    this.#gossip.stop()
    this.#requests.stop()
    await this.#sync.stop()
    await this.#voter.stop()
  }

  status(): LedgerStatus {
    const { chain, clock, signer } = this.#parts
    const sinceMs = this.#waitingSinceMs
    return statusOf({
      ...{ chain, peers: this.#peers, self: signer?.address },
      standing: this.#voter.standing(),
      voting: this.#voter.state(this.#peers),
      sync: this.#sync.state,
      evidence: this.#evidence?.all().length ?? 0,
      isDiskFailing: this.#voter.isDiskFailing,
      isRecoveryUnknown: this.#sync.isRecoveryUnknown,
      waitingMs: sinceMs === undefined ? undefined : clock.monotonicMs() - sinceMs,
    })
  }

  connected(name: PeerName): void {
    const { chain, network, signer } = this.#parts
    if (this.#isStopped || this.#peers.add(name) === undefined) return
    const digest = announcementDigest(chain.genesisHash, network.self)
    const announcement = signer?.sign(digest)
    const { isVoting } = this.#voter
    const hello = {
      kind: 'hello',
      genesis: chain.genesisHash,
      announcement,
      isVoting,
      progress: this.#progress(),
    } as const
    network.send(name, encodeMessage(hello))
  }

  disconnected(name: PeerName): void {
    this.#peers.remove(name)
    this.#requests.disconnected(name)
    this.#changed()
  }

  received(from: PeerName, bytes: Uint8Array): void {
    if (this.#isStopped) return
    try {
      this.#inbox.take(from, bytes)
    } catch (error) {
      if (isPeerhoodError(error)) this.#blame(from, error.code, error.message)
      else this.#parts.log.error('ledger_inbox_defect', { error })
    }
  }

  async heard(from: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'> {
    if (this.#isStopped) return 'ignore'
    return this.#gossip.heard(from, bytes)
  }

  submit(raw: Uint8Array): Promise<Hash> {
    return this.#parts.chain.pool.add(raw, { local: true })
  }

  evidence(): readonly EvidenceRecord[] {
    return this.#evidence?.all() ?? []
  }

  believe(checkpoint: Checkpoint): void {
    const { chain } = this.#parts
    requireCheckpoint(chain, checkpoint)
    const { height, block } = checkpoint
    const own = height > chain.head().height ? undefined : chain.header(height)
    if (own !== undefined && own.hash !== block) {
      throw validatorErrors.ledger_checkpoint_contradicted(
        `The members who would validate say that block ${height} is another one than the chain here has.`,
      )
    }
    if (height > (this.#checkpoint?.height ?? 0)) this.#checkpoint = checkpoint
  }

  checkpoint(): Checkpoint {
    const { chain } = this.#parts
    const { height, hash, timestamp } = chain.head()
    const { chainId } = chain.genesis
    return { chainId, genesisHash: chain.genesisHash, height, block: hash, timestamp, set: chain.validators() }
  }

  on(listener: (event: LedgerEvent) => void): () => void {
    return this.#events.on(listener)
  }

  #progress(): Progress {
    const { chain, snapshots } = this.#parts
    const { height, hash } = chain.head()
    const view = this.#voter.standing()?.view ?? 0
    const { epoch } = chain.validators()
    return { height, head: hash, epoch, view, oldest: chain.oldest.block, snapshot: snapshots?.height ?? 0 }
  }

  #onFinal(height: number, hash: Hash): void {
    const { clock, chain } = this.#parts
    this.#waitingSinceMs = chain.pool.hasWork ? clock.monotonicMs() : undefined
    this.#events.emit({ kind: 'final', height, hash })
    const message = encodeMessage({ kind: 'progress', progress: this.#progress() })
    for (const { name } of this.#peers.greeted()) this.#parts.network.send(name, message)
  }

  /** Tells of a standstill when it is one: `status` says why. */
  #watch(isWaiting: boolean): void {
    const { clock } = this.#parts
    this.#waitingSinceMs = isWaiting ? (this.#waitingSinceMs ?? clock.monotonicMs()) : undefined
    if (!isWaiting || this.#stuckTimer !== undefined) return
    this.#stuckTimer = clock.after(stuckAfterMs, () => {
      this.#stuckTimer = undefined
      if (this.#waitingSinceMs === undefined) return
      if (clock.monotonicMs() - this.#waitingSinceMs >= stuckAfterMs) this.#changed()
      this.#watch(true)
    })
  }

  #sendTo(to: readonly Address[], bytes: Uint8Array): void {
    const message = encodeMessage({ kind: 'consensus', bytes })
    for (const address of to) {
      const name = this.#peers.nameOf(address)
      if (name !== undefined) this.#parts.network.send(name, message)
    }
  }

  #found(record: EvidenceRecord | undefined): void {
    if (record === undefined) return
    this.#parts.log.error('ledger_evidence', { validator: record.validator, sentence: record.sentence })
    this.#parts.metrics.count('ledger_evidence')
    this.#events.emit({ kind: 'evidence', evidence: record })
    const message = encodeMessage({ kind: 'evidence', bytes: record.bytes })
    for (const { name } of this.#peers.greeted()) this.#parts.network.send(name, message)
    const { chain, clock, log, signer } = this.#parts
    if (record.validator === signer?.address) this.#voter.usedElsewhere()
    if (signer === undefined) return
    const submit = (raw: Uint8Array) => this.submit(raw)
    void removeEquivocator(record, { chain, clock, log, signer, submit }, this.#stopping.signal)
  }

  #blameAddress(address: Address, code: string): void {
    const name = this.#peers.nameOf(address)
    if (name !== undefined) this.#blame(name, code, 'It sent something that consensus does not allow.')
  }

  #blame(peer: PeerName, code: string, sentence: string): void {
    this.#parts.log.warn('ledger_peer_blamed', { peer, code })
    this.#parts.metrics.count('ledger_peer_blamed', 1, { code })
    this.#parts.network.blame(peer, code, sentence)
  }

  #changed(): void {
    if (!this.#isStopped) this.#events.emit({ kind: 'status' })
  }
}
