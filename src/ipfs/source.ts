// Where blocks come from: public shares of this computer first, then IPFS peers.

import type { CID } from 'multiformats/cid'
import { toPeerhoodError } from '../base/errors.ts'
import type { Log } from '../base/ports.ts'
import { parsePeerAddress } from '../network/addresses.ts'
import type { Network, PeerAddress } from '../network/types.ts'
import type { GetBlock, PublicBlocks } from './blocks.ts'
import { inlineBlock } from './cid.ts'
import type { BitswapClient } from './client.ts'
import { sessionPeersMax } from './limits.ts'
import type { PublicRouting } from './routing.ts'

export interface Source {
  readonly get: GetBlock
  close(): void
}

/**
 * Blocks below a root: what is here, then what `from` has (it is connected with first), or else whoever is connected and
 * whoever the public DHT names.
 */
export type OpenSource = (
  root: CID,
  options: { readonly from: string | undefined; readonly signal: AbortSignal },
) => Promise<Source>

export interface SourceParts {
  readonly network: Network
  readonly blocks: PublicBlocks
  readonly client: BitswapClient
  readonly routing: PublicRouting | undefined
  readonly log: Log
}

export function createOpenSource(parts: SourceParts): OpenSource {
  const { network, blocks, client, routing, log } = parts
  /**
   * Twice, because libp2p may be dialling the peer already, by its id alone and without an address (its DHT does): who
   * comes while that is under way shares its failure.
   */
  const connect = async (peer: PeerAddress, signal: AbortSignal) => {
    const dial = () => network.connect(peer, { source: 'dht', signal })
    await dial().catch((error: unknown) => {
      signal.throwIfAborted()
      log.debug('ipfs_provider_dialled_again', { code: toPeerhoodError(error).code })
      return dial()
    })
  }

  return async (root, { from, signal }) => {
    const named = from === undefined ? undefined : parsePeerAddress(from)
    if (named !== undefined) await network.connect(named, { source: 'manual', signal })
    const connected = network.peers().filter(({ state }) => state === 'connected')
    const asked = named === undefined ? connected.slice(0, sessionPeersMax).map(({ peerId }) => peerId) : [named.peerId]
    const session = client.session(asked)
    const over = new AbortController()
    const search = async () => {
      if (routing === undefined || named !== undefined || blocks.find(root) !== undefined) return
      const until = AbortSignal.any([signal, over.signal])
      for await (const found of routing.findProviders(root, until)) {
        await connect(found, until).then(
          () => session.addPeer(found.peerId),
          (error: unknown) => log.debug('ipfs_provider_unreachable', { code: toPeerhoodError(error).code }),
        )
      }
    }
    session.search(search())
    return {
      get: async (cid, options) => {
        const inline = inlineBlock(cid)
        if (inline !== undefined) return inline
        if (blocks.find(cid) === undefined) return session.get(cid, options)
        // Its file may have changed just now; others may have it still.
        return blocks.get(cid, options).catch(() => session.get(cid, options))
      },
      close() {
        over.abort()
        session.close()
      },
    }
  }
}
