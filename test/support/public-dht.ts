// A server of the public IPFS DHT on loopback, as others run them: nothing of ours in it.

import type { TestContext } from 'node:test'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { type KadDHT, kadDHT } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

export type PublicDhtServer = Libp2p<{ dht: KadDHT }>

/** Goes with the test. */
export async function startPublicDhtServer(t: TestContext): Promise<PublicDhtServer> {
  const server = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({ protocol: '/ipfs/kad/1.0.0', clientMode: false, peerInfoMapper: (peer) => peer }),
    },
  })
  t.after(() => server.stop())
  return server
}
