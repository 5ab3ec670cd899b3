// The real network, over loopback, against the suite that the simulated one passes, too.

import { testNetwork } from '../../test/support/network-suite.ts'
import { peerIdOf, startNetwork } from './testing.ts'

testNetwork('libp2p over loopback', {
  start: (context) => startNetwork(context),
  // Nobody listens on port 1 of this computer.
  nobody: async () => ({ peerId: await peerIdOf(1), addresses: ['/ip4/127.0.0.1/tcp/1'] }),
})

testNetwork('libp2p over UDP on loopback', {
  start: (context) => startNetwork(context, { listen: ['/ip4/127.0.0.1/udp/0/udx'] }),
  // There, nobody says that a port is closed.
  nobody: async () => ({ peerId: await peerIdOf(1), addresses: ['/ip4/127.0.0.1/udp/1/udx'] }),
})

testNetwork('libp2p over loopback, every stream by a lane', {
  start: (context) => startNetwork(context, { laneAfterBytes: 0 }),
  nobody: async () => ({ peerId: await peerIdOf(1), addresses: ['/ip4/127.0.0.1/tcp/1'] }),
})
