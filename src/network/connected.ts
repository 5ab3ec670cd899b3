// Tells of each peer that was not connected before.

import type { Cancel } from '../base/ports.ts'
import type { Network, PeerId } from './types.ts'

/** Calls `run` for each peer that was not connected before; events of its figures are no news. */
export function onConnected(network: Network, run: (peer: PeerId) => void): Cancel {
  const connected = new Set<PeerId>()
  return network.on((event) => {
    if (event.type !== 'peer') return
    const { peerId, state } = event.peer
    if (state !== 'connected') connected.delete(peerId)
    else if (!connected.has(peerId)) {
      connected.add(peerId)
      run(peerId)
    }
  })
}
