// Names on the wire that are Peerhood's own (docs/protocol/network.md). The rest are libp2p's.

/** kad-DHT: a network of its own, so that no record of ours burdens others and none of theirs us. */
export const dhtProtocol = '/peerhood/kad/1.0.0'
/** DNS-SD service that peers of one local network ask for (RFC 6763). */
export const mdnsService = '_peerhood._udp.local'
/** Encryption protocols as a connection names them. */
export const tlsProtocol = '/tls/1.0.0'
export const noiseProtocol = '/noise'
/** Agreeing on a lane, and what the lane's own TCP connection negotiates in the place of an encryption. */
export const laneProtocol = '/peerhood/lane/1.0.0'
/** Agreeing on a direct way, over a relayed connection (docs/protocol/udx.md). */
export const punchProtocol = '/peerhood/punch/1.0.0'
