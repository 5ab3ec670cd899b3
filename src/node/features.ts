// The feature services, constructed and started in their order.
//
//   library (what this computer holds) ─► shares (own ones) ─► transfers (serving and fetching) ─► network (last: only
//   now may anyone ask)

import type { Cancel } from '../base/ports.ts'
import { parseLink } from '../content/format/link.ts'
import { createLibrary, type LibraryService } from '../content/library/library.ts'
import { createShares, type ShareService } from '../content/library/shares.ts'
import type { Network, PeerId } from '../network/types.ts'
import { createTransferService } from '../transfer/service.ts'
import type { TransferService } from '../transfer/types.ts'
import { systemMemory } from './adapters.ts'
import { createDropped } from './dropped.ts'
import type { Foundation } from './foundation.ts'
import type { BuiltNetwork } from './network.ts'
import { createRest } from './rest.ts'
import { createUploads, type Uploads } from './uploads.ts'

export interface Features {
  readonly network: Network
  readonly library: LibraryService
  readonly shares: ShareService
  readonly transfers: TransferService
  readonly uploads: Uploads
}

export function createFeatures(foundation: Foundation, network: Network): Features {
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
  return { network, library, shares, transfers, uploads }
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
  giveMemoryBack(features, foundation)
}

/** Calls `run` for each peer that was not connected before; events of its figures are no news. */
function onConnected(network: Network, run: () => void): Cancel {
  const connected = new Set<PeerId>()
  return network.on((event) => {
    if (event.type !== 'peer') return
    const { peerId, state } = event.peer
    if (state !== 'connected') connected.delete(peerId)
    else if (!connected.has(peerId)) {
      connected.add(peerId)
      run()
    }
  })
}

function giveMemoryBack({ network, shares, transfers }: Features, { clock, lifecycle }: Foundation): void {
  const rest = createRest(clock, systemMemory)
  const offs = [
    transfers.on(() => rest.moved()),
    shares.on(() => rest.moved()),
    onConnected(network, () => rest.moved()),
  ]
  rest.moved()
  lifecycle.onStop('rest', () => {
    for (const off of offs) off()
    rest.stop()
  })
}
