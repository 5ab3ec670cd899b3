// Peers, for the API.

import type { DaemonServices } from '../../api/services.ts'
import { parsePeerAddress } from '../../network/addresses.ts'
import { networkErrors } from '../../network/errors.ts'
import type { Network } from '../../network/types.ts'
import { peerToApi } from '../views.ts'

export function createPeerServices(network: Network): Pick<DaemonServices, 'peers' | 'connect'> {
  return {
    peers: () => network.peers().map(peerToApi),
    async connect(address, { signal }) {
      const peer = parsePeerAddress(address)
      await network.connect(peer, { source: 'manual', signal })
      const view = network.peers().find(({ peerId }) => peerId === peer.peerId)
      if (view === undefined) throw networkErrors.peer_unreachable('The peer was gone again at once.')
      return peerToApi(view)
    },
  }
}
