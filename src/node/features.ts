// The feature services, constructed and started in their order.
//
//   library (what this computer holds) ─► shares (own ones) ─► network ─► transfers (serving and fetching) ─► logs and
//   their exchange ─► communities ─► who comes in (codes, requests, devices) ─► apps ─► conversations of two ─► copies

import { sign } from 'node:crypto'
import { createChannelKeys } from '../apps/chat/channel-keys.ts'
import { writeFirst } from '../apps/chat/first.ts'
import { createChat } from '../apps/chat/service.ts'
import type { Chat } from '../apps/chat/types.ts'
import { createLedgerApp } from '../apps/ledger/service.ts'
import { createAdmission } from '../community/admission.ts'
import type { Admission } from '../community/admission-types.ts'
import { boxSecretOf } from '../community/boxes.ts'
import { createDirect, createDirectBlocks } from '../community/direct/service.ts'
import type { Direct } from '../community/direct/types.ts'
import { createKeeping, type Keeping } from '../community/keeping/service.ts'
import { createMeet } from '../community/meet/service.ts'
import type { Meet } from '../community/meet/types.ts'
import { createOwnDevices, type OwnDevices } from '../community/own/service.ts'
import { type CommunityService, createCommunities } from '../community/service.ts'
import { signingKeyOf } from '../content/format/keys.ts'
import { parseLink } from '../content/format/link.ts'
import { createLibrary, type LibraryService } from '../content/library/library.ts'
import { createShares, type ShareService } from '../content/library/shares.ts'
import type { Copies } from '../copies/types.ts'
import { createIpfs, type IpfsOptions } from '../ipfs/service.ts'
import type { IpfsService } from '../ipfs/types.ts'
import type { Ledgers } from '../ledger/service-types.ts'
import { deviceIdOf } from '../log/ids.ts'
import { createLogs } from '../log/logs.ts'
import { createLogSync } from '../log/sync/service.ts'
import type { LogSync } from '../log/sync/types.ts'
import type { Logs } from '../log/types.ts'
import { onConnected } from '../network/connected.ts'
import type { Network } from '../network/types.ts'
import { createTransferService } from '../transfer/service.ts'
import type { TransferService } from '../transfer/types.ts'
import { systemMemory } from './adapters.ts'
import { createCopiesFeature } from './copies.ts'
import { createDropped } from './dropped.ts'
import type { Foundation } from './foundation.ts'
import { createLedgerFeature } from './ledger.ts'
import type { BuiltNetwork } from './network.ts'
import { createPresenceService, type PresenceService } from './presence.ts'
import { createReading, type ReadingSeed, type ReadingService } from './reading.ts'
import { createRest } from './rest.ts'
import { createUploads, type Uploads } from './uploads.ts'

export interface Features {
  readonly network: Network
  readonly library: LibraryService
  readonly shares: ShareService
  readonly transfers: TransferService
  readonly uploads: Uploads
  readonly logs: Logs
  readonly logSync: LogSync
  readonly reading: ReadingService
  readonly communities: CommunityService
  readonly meet: Meet
  readonly admission: Admission
  readonly direct: Direct
  /** The other computers of this person. */
  readonly own: OwnDevices
  readonly chat: Chat
  readonly presence: PresenceService
  readonly copies: Copies
  /** Keepers of conversations of two. */
  readonly keeping: Keeping
  readonly ipfs: IpfsService
  readonly ledgers: Ledgers
}

export function createFeatures(
  foundation: Foundation,
  network: Network,
  ipfsOptions: IpfsOptions,
  version: string,
): Features {
  const { home, clock, random, settings, database, log } = foundation
  const library = createLibrary({ home: home.folder })(foundation)
  const shares = createShares({ home: home.folder })({ ...foundation, library })
  const downloads = () => settings.get().downloads
  const transfers = createTransferService({
    ...{ ...foundation, network, library, parseLink, downloads },
    blockBuffers: library.worker.buffers,
  })
  const dropped = createDropped({ folder: home.dropped, database, log: log.child('dropped') })
  const shared = () => shares.list().map(({ path }) => path)
  const uploads = createUploads({ folder: home.dropped, clock, random, log: log.child('uploads'), dropped, shared })
  const { announced, ...together } = createTogether(foundation, network)
  const copies = createCopiesFeature({ ...together, foundation, network, library, shares, transfers })
  const ipfs = createIpfs(ipfsOptions)({ ...foundation, network, library, shares })
  const keeping = createKeeping({
    ...{ ...foundation, network, communities: together.communities },
    isOn: () => settings.get().keepConversations,
    keepers: () => copies.keepers().flatMap(({ peer, state }) => (state === 'lost' ? [] : [peer])),
    agreed: (person) => copies.agreements().find((agreement) => agreement.person === person)?.bytesMax,
  })
  const ledgers = createLedgerFeature({ ...together, foundation, network, announced, version })
  return { network, library, shares, transfers, uploads, ...together, copies, keeping, ipfs, ledgers }
}

/** What people do together: logs, how they are exchanged, communities over them, apps over these. */
function createTogether(foundation: Foundation, network: Network) {
  const { identity } = foundation
  const author = { deviceKey: identity.deviceKey, sign: signerOf(identity.deviceSeed) }
  const logs = createLogs({})({ ...foundation, author })
  const logSync = createLogSync({})({ ...foundation, network })
  const selfAddress = () => ({ peerId: network.self, addresses: network.addresses() })
  const self = () => identity.did
  const { store, isBlocked } = createDirectBlocks(foundation.database, self)
  const reading = createReading({ ...foundation, seed: () => seedOf(foundation) })
  const parts = { ...foundation, logs, sync: logSync, selfAddress, isBlocked, reading }
  const communities = createCommunities(parts)
  const meet: Meet = createMeet({ onRequest: (...asked) => admission.onRequest(...asked) })({
    ...{ ...foundation, network, log: foundation.log.child('meet') },
  })
  const admission: Admission = createAdmission({
    ...{ ...foundation, network, communities, meet, selfAddress },
    onOwnDevice: (peer) => own.remember(peer),
  })
  const keys = createChannelKeys({ ...foundation, communities, secret: boxSecretOf(identity.deviceSeed) })
  const chat = createChat({})({ ...foundation, communities, keys, self })
  const announced = createLedgerApp({ ...foundation, communities, device: deviceIdOf(identity.deviceKey) })
  const direct = createDirect({
    ...{ ...foundation, network, communities, gate: communities.direct, store, selfAddress, sign: author.sign },
    writeFirst: (community, text) => writeFirst(chat, self(), community, text),
  })
  const own: OwnDevices = createOwnDevices({ ...foundation, network, communities, gate: communities.gate, direct })
  const presence = createPresenceService({ ...foundation, network, communities, chat, sync: logSync, self })
  return { logs, logSync, reading, communities, meet, admission, direct, own, chat, presence, announced }
}

/** Whatever has started is stopped in the reverse order, also when a later one fails. */
export async function startFeatures(features: Features, built: BuiltNetwork, foundation: Foundation): Promise<void> {
  const { network, library, shares, transfers, uploads } = features
  const { lifecycle } = foundation
  lifecycle.onStop('uploads', () => uploads.stop())
  await uploads.start()
  lifecycle.onStop('library', () => library.stop())
  await library.start()
  lifecycle.onStop('shares', () => shares.stop())
  await shares.start()
  // Only now it is known what is shared: copies that a crash left behind go.
  await uploads.clear()
  // Transfers end first, while the network can still say goodbye; then the network, then what it served.
  lifecycle.onStop('network', () => network.stop())
  await network.start()
  built.keepPorts()
  lifecycle.onStop('transfers', () => transfers.stop())
  await transfers.start()
  lifecycle.onStop('ipfs', () => features.ipfs.stop())
  await features.ipfs.start()
  await startTogether(features, foundation)
  // Last: it has to know who is who before it says anything to anybody.
  lifecycle.onStop('copies', () => features.copies.stop())
  await features.copies.start()
  lifecycle.onStop('keeping', () => features.keeping.stop())
  await features.keeping.start()
  lifecycle.onStop(
    'keepers',
    features.copies.on(({ share }) => void (share === undefined && features.keeping.changed())),
  )
  lifecycle.onStop('ledgers', () => features.ledgers.stop())
  await features.ledgers.start()
  giveMemoryBack(features, foundation)
}

async function startTogether(features: Features, { lifecycle }: Foundation): Promise<void> {
  const { logs, logSync, reading, communities, meet, admission, direct, own, chat, presence } = features
  lifecycle.onStop('logs', () => logs.stop())
  lifecycle.onStop('reading', () => reading.stop())
  lifecycle.onStop('communities', () => communities.stop())
  lifecycle.onStop('log-sync', () => logSync.stop())
  lifecycle.onStop('meet', () => meet.stop())
  lifecycle.onStop('admission', () => admission.stop())
  lifecycle.onStop('chat', () => chat.stop())
  lifecycle.onStop('direct', () => direct.stop())
  lifecycle.onStop('own', () => own.stop())
  lifecycle.onStop('presence', () => presence.stop())
  await logSync.start()
  await communities.start()
  await meet.start()
  await admission.start()
  await direct.start()
  await own.start()
  presence.start()
}

/** What the thread that reads long logs has to know. */
function seedOf({ home, identity }: Foundation): Omit<ReadingSeed, 'lock'> {
  const { deviceSeed, did } = identity
  return { database: home.database, views: home.views, deviceSeed, did }
}

/** Ed25519 by this device's seed. */
function signerOf(seed: Uint8Array): (bytes: Uint8Array) => Uint8Array {
  const key = signingKeyOf(seed)
  return (bytes) => new Uint8Array(sign(null, bytes, key))
}

function giveMemoryBack({ network, shares, transfers, communities }: Features, { clock, lifecycle }: Foundation): void {
  const rest = createRest(clock, systemMemory)
  const offs = [
    transfers.on(() => rest.moved()),
    shares.on(() => rest.moved()),
    communities.on(() => rest.moved()),
    onConnected(network, () => rest.moved()),
  ]
  rest.moved()
  lifecycle.onStop('rest', () => {
    for (const off of offs) off()
    rest.stop()
  })
}
