// The daemon as the API sees it: the features behind the API's words, and what happens in them as events. What each group
// of calls does is in services/.

import type { DaemonServices } from '../api/services.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { PeerView } from '../network/types.ts'
import { createDesktopProgram } from './desktop/program.ts'
import { createDesktop } from './desktop/service.ts'
import { createEvents, type EventHub } from './events.ts'
import type { Features } from './features.ts'
import type { Foundation } from './foundation.ts'
import { createLatest } from './latest.ts'
import { peerEventEveryMs } from './limits.ts'
import { createAdmissionServices } from './services/admission.ts'
import { createChatServices } from './services/chat.ts'
import { createCommunityServices } from './services/communities.ts'
import { type ComputerParts, createComputerServices } from './services/computer.ts'
import { createCopiesServices } from './services/copies.ts'
import { createDirectServices } from './services/direct.ts'
import { createIdentityServices } from './services/identity.ts'
import { createIpfsServices } from './services/ipfs.ts'
import { createLedgerRpcServices, createLedgerServices } from './services/ledger.ts'
import { createLedgerRecoveryServices } from './services/ledger-recovery.ts'
import { createPeerServices } from './services/peers.ts'
import { createShareServices } from './services/shares.ts'
import { createTransferServices } from './services/transfers.ts'
import { createWalletServices } from './services/wallet.ts'
import { createTrafficTotals } from './traffic-totals.ts'
import { peerToApi } from './views.ts'

export interface ServicesParts
  extends Pick<ComputerParts, 'version' | 'api' | 'startedAtMs' | 'lastClockJumpMs' | 'strayErrors' | 'stop'> {
  readonly foundation: Foundation
  readonly features: Features
}

/** Follows the features from now on, until the daemon stops. */
export function createServices(parts: ServicesParts): DaemonServices {
  const { foundation, features } = parts
  const { clock, lifecycle, identity, notices } = foundation
  const { network, transfers } = features

  const emit: EventHub['emit'] = (event) => events.emit(event)
  const transferServices = createTransferServices({ transfers, emit })
  const shareServices = createShareServices({ ...features, clock, emit })
  const communityServices = createCommunityServices({
    ...features,
    ...{ clock, emit, sync: features.logSync },
    viewer: () => ({ person: identity.did, device: deviceIdOf(identity.deviceKey) }),
  })
  const admissionServices = createAdmissionServices({
    ...{ admission: features.admission, identity, notices, emit },
    view: ({ id }) => communityServices.calls.get(id),
  })
  const chatServices = createChatServices({ chat: features.chat, typing: features.presence.typing, emit })
  const directServices = createDirectServices({
    ...{ ...features, emit },
    view: ({ id }) => communityServices.calls.get(id),
  })
  const copiesServices = createCopiesServices({ clock, copies: features.copies, emit })
  const ipfsServices = createIpfsServices({ ipfs: features.ipfs, emit })
  const ledgerServices = createLedgerServices({ ...features, clock, emit, api: parts.api })
  const walletServices = createWalletServices({ ...features, foundation })
  const traffic = createTrafficTotals({ ...foundation, network })
  const desktop = createDesktop({
    ...{ ...features, clock, log: foundation.log, self: () => identity.did },
    isOn: () => foundation.settings.get().notifications,
    program: createDesktopProgram(process.env),
  })
  const computer = createComputerServices({
    ...parts,
    ...foundation,
    network,
    ipfs: features.ipfs,
    ledgers: features.ledgers,
    desktop,
    traffic,
    counts: () => ({ shares: shareServices.count(), transfersActive: transferServices.activeCount() }),
    settingsChanged(settings) {
      emit({ type: 'settings', settings })
      features.keeping.changed()
    },
  })
  const events = createEvents({ clock, status: computer.status })
  const personChanged = () => {
    features.communities.gate.personChanged()
    features.direct.personChanged()
    features.own.personChanged()
    events.statusChanged()
  }

  lifecycle.onStop('traffic', traffic.stop)
  lifecycle.onStop('events', events.stop)
  lifecycle.onStop('peer-events', followPeers(features, foundation, events))
  lifecycle.onStop('transfer-events', transferServices.follow())
  lifecycle.onStop('share-events', shareServices.follow())
  lifecycle.onStop('community-events', communityServices.follow())
  lifecycle.onStop('admission-events', admissionServices.follow())
  lifecycle.onStop('chat-events', chatServices.follow())
  lifecycle.onStop('direct-events', directServices.follow())
  lifecycle.onStop('desktop', desktop.start())
  lifecycle.onStop('copies-events', copiesServices.follow())
  lifecycle.onStop('ipfs-events', ipfsServices.follow())
  lifecycle.onStop('ledger-events', ledgerServices.follow())
  lifecycle.onStop('wallet', walletServices.stop)
  lifecycle.onStop('notices', notices.on(events.statusChanged))

  return {
    ...computer,
    ...createIdentityServices({ identity, notices, changed: personChanged }),
    ...createPeerServices(network),
    ...shareServices.calls,
    ...transferServices.calls,
    communities: communityServices.calls,
    admission: admissionServices.calls,
    devices: admissionServices.devices,
    chat: chatServices.calls,
    direct: directServices.calls,
    ipfs: ipfsServices.calls,
    copies: copiesServices.calls,
    ledgers: ledgerServices.calls,
    ledgerRecovery: createLedgerRecoveryServices({ ...features, identity }),
    wallet: walletServices.calls,
    ledgerRpc: createLedgerRpcServices(features.ledgers),
    async file(of, path) {
      return 'share' in of ? shareServices.file(of.share, path) : transferServices.file(of.transfer, path)
    },
    openFile: (of, path, range, { signal }) =>
      'share' in of
        ? shareServices.open(of.share, path, range, signal)
        : transferServices.open(of.transfer, path, range, signal),
    onEvent: events.on,
  }
}

/** A peer's figures change with every ping and block; pages need them about once a second. */
function followPeers({ network }: Features, { clock }: Foundation, events: EventHub): () => void {
  const latest = createLatest<string, PeerView>({
    clock,
    everyMs: peerEventEveryMs,
    emit: (peer) => events.emit({ type: 'peer', peer: peerToApi(peer) }),
    isUrgent: (sent, next) => sent.state !== next.state || sent.path !== next.path,
  })
  const cancel = network.on((event) => {
    if (event.type === 'peer') latest.saw(event.peer.peerId, event.peer)
    else events.statusChanged()
  })
  return () => {
    cancel()
    latest.stop()
  }
}
