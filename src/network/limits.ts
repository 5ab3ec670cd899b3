// Every bound on what a stranger can make this peer's network layer spend. The reason stands with the number;
// docs/protocol/network.md repeats those that a remote peer can notice.

/** Connections at once, both directions. 50 cost about 100 MB less than the 150 MB budget; 256 keeps file handles sane. */
export const connectionsMax = 256
/** Inbound connections that have not finished their handshake. A slow one holds its place for `handshakeTimeoutMs`. */
export const connectionsPendingMax = 64
/** Connections of one peer id: both sides dialling at once makes two, a relayed one next to them three. */
export const connectionsPerPeerMax = 4
/** Connections of one IP address, so that one computer cannot take all places; an office behind one NAT fits. */
export const connectionsPerHostMax = 64
/** Inbound connections of one IP address: steady rate and burst. */
export const connectionsPerHostPerSecond = 5
export const connectionsPerHostBurst = 20
/** The same for loopback, where many peers of one computer (tests, the demo) share an address. */
export const connectionsPerLoopbackPerSecond = 100
export const connectionsPerLoopbackBurst = 300
/** IP addresses whose rate is remembered; the least recently seen is forgotten. */
export const connectionRatesMax = 1024

/** Handshake (encryption and multiplexer) of an inbound connection. */
export const handshakeTimeoutMs = 5_000
/** Agreeing on a protocol for a new stream. */
export const negotiationTimeoutMs = 5_000
/** One address of a peer; a packet filter that drops must not use up the time of the others. */
export const addressDialTimeoutMs = 3_000
/** All addresses of a peer together. */
export const dialTimeoutMs = 15_000
export const dialsParallelMax = 16
export const dialQueueMax = 128
/** Addresses tried for one peer in one dial. */
export const addressesDialledMax = 8

/** Addresses kept and handed on for one peer. A peer with IPv4, IPv6, WebSocket and two relays has about eight. */
export const addressesPerPeerMax = 8
/** Addresses of one peer inside libp2p's own peer store, where strangers' rumours land too. */
export const peerStoreAddressesMax = 24
/** Characters of one multiaddr; relayed ones with two peer ids have about 200. */
export const addressCharsMax = 320
/** Characters of the agent string shown for a peer. */
export const agentCharsMax = 64

/** Peers in the address book; the one whose last success is oldest makes room. */
export const bookPeersMax = 1_024
/** Peers named in `peers()` beyond the connected ones. */
export const knownPeersMax = 256
/** Peers whose misdeeds are remembered; the least recently blamed is forgotten. */
export const blamedPeersMax = 4_096
/** `ignore` verdicts within `ignoredBlamesWindowMs` after which a peer is disconnected. */
export const ignoredBlamesMax = 32
export const ignoredBlamesWindowMs = 10 * 60_000
/** First pause after a `reject`; doubles with each further one up to the maximum. */
export const blamePauseMinMs = 30_000
export const blamePauseMaxMs = 60 * 60_000
/** A peer that behaved for this long starts anew. */
export const blameForgottenMs = 24 * 60 * 60_000

/** Streams of all protocols that one connection may have open inbound, negotiated or not. */
export const streamsPerConnectionMax = 256
/** New inbound streams of one connection: steady rate and burst. A transfer opens a handful. */
export const streamsPerSecondMax = 200
export const streamsBurstMax = 1_000
/** Initial window of a yamux stream; fixed by its specification. */
export const windowInitialBytes = 256 * 1024
/** A window grows up to this while the reader keeps pace: 1 Gbit/s at 32 ms. It bounds what a stalled reader holds. */
export const windowMaxBytes = 4 * 1024 * 1024
/** What libp2p may hold for a paused stream: the window, which is all that an honest peer can have sent. */
export const readBufferMaxBytes = windowMaxBytes + 64 * 1024
/** What a careless local writer may queue on one stream before it is aborted. */
export const writeBufferMaxBytes = 32 * 1024 * 1024
/** Chunks waiting in a PeerStream beyond which the stream is paused. */
export const readQueueHighBytes = 512 * 1024
/** One yamux frame: a sender never exceeds the window. Without this check a header could announce 4 GiB. */
export const frameMaxBytes = windowMaxBytes
/** One WebSocket message; ours hold single TLS records or Noise frames. */
export const webSocketMessageMaxBytes = 8 * 1024 * 1024
/** Ending a stream waits this long for the peer to take what was sent. */
export const streamCloseTimeoutMs = 10_000
/** After a handler is done, the peer has this long to close its side. */
export const streamLingerMs = 5_000
/** Opening a stream, connecting first where needed. */
export const openStreamTimeoutMs = 20_000

/** A stream that has carried this much gets a lane, where it can: a handshake is too much for less. */
export const bulkBytesMin = 4 * 1024 * 1024
/** Each step of opening a lane: agreeing, connecting, each side's first words. */
export const laneStepTimeoutMs = 5_000
/** Lanes that were agreed on and are not there yet, and lanes in all. The connection is used where there are too many. */
export const lanesPendingMax = 32
export const lanesMax = 128
/** Lanes of one peer: a share is one stream, and few are in full flight at once. */
export const lanesPerPeerMax = 16
/** Streams of one connection that agree on a lane at once. */
export const laneOffersPerPeerMax = 16

/** DHT provider records kept for others; about 200 bytes each. */
export const providerRecordsMax = 8_192
/** Of those, records that name one peer, so that one stranger cannot push out all others. */
export const providerRecordsPerPeerMax = 1_024
/** Providers kept for one key. */
export const providersPerKeyMax = 64
/** Peers in libp2p's peer store; about 1 KiB each. */
export const peerStoreMax = 2_048
/** Any other entry in libp2p's datastore. */
export const datastoreOtherMax = 512
/** One entry of libp2p's datastore. The largest honest one is a peer with identify's 8 KiB several times over. */
export const datastoreValueMaxBytes = 64 * 1024
/** Keys that this peer announces; the least recently announced is forgotten. */
export const announcementsMax = 4_096
/** Announcements under way at once. */
export const announcementsParallelMax = 2
/** How often what we announce is announced again; a DHT peer keeps a record for 48 h. */
export const announceIntervalMs = 12 * 60 * 60_000
/** Announcing one key. */
export const provideTimeoutMs = 30_000
/** Looking for providers of one key, unless the caller's signal ends it before. */
export const findProvidersTimeoutMs = 20_000
/** Providers named for one search. */
export const findProvidersMax = 64
/** How long a search waits for a first DHT peer when some peer is connected. */
export const routingWaitMs = 2_000
/** DHT streams of one connection, each way. */
export const dhtStreamsMax = 16

/** Reservations that our relay grants. */
export const relayReservationsMax = 32
/**
 * Random walks through the DHT (for relays, for peers that check our address): pause after the first one, doubling up
 * to the maximum, and the time and peers of each.
 */
export const walkPauseMinMs = 60_000
export const walkPauseMaxMs = 30 * 60_000
export const walkTimeoutMs = 20_000
export const walkPeersMax = 8
/** Bytes and time of one relayed connection through us: enough for talk and small files, not for a free tunnel. */
export const relayConnectionMaxBytes = 256 * 1024 * 1024
export const relayConnectionMaxMs = 30 * 60_000
/** Relayed connections that one peer may have through us, or to us, at once. */
export const relayStreamsMax = 32

/** Peers redialled at once, and how many connections the redialling aims at. */
export const redialsParallelMax = 2
export const redialTarget = 12
export const redialIntervalMs = 30_000
/** Pause after the first failed dial of a remembered peer; doubles up to the maximum. */
export const redialPauseMinMs = 15_000
export const redialPauseMaxMs = 60 * 60_000
/** Bootstrap peers are tried more eagerly while nobody else is connected. */
export const bootstrapPauseMinMs = 1_000
export const bootstrapPauseMaxMs = 60_000
export const bootstrapPeersMax = 64
/** Peers met over mDNS that wait for a dial. */
export const discoveredQueueMax = 64
/** Peers of the local network are dialled until this many are connected; on a large one the DHT finds the others. */
export const lanPeersMax = 48
/** Remembered peers considered at a start, most recent success first. */
export const redialRememberedMax = 128

/** Each connected peer is pinged this often (a yamux ping, 12 bytes); nothing else is sent on an idle connection. */
export const pingIntervalMs = 60_000
/** Patience with one ping; on a slow line it waits behind a window of data. */
export const pingTimeoutMs = 20_000
/** Patience with a ping when our own address may have changed: what comes from the former one is lost. */
export const movedPingTimeoutMs = 5_000
/** All connections are asked after at most this often: a peer that tells us addresses at random must not keep us busy. */
export const movedEveryMs = 30_000
/** Pings that may fail in a row, with nothing else heard, before the connection counts as dead. */
export const pingFailuresMax = 2
/** yamux's own pings, of which only the first is wanted: it tells the round trip by which windows grow. */
export const keepAliveIntervalMs = 60 * 60_000
/** How often peers of the local network are asked for; newcomers ask at once, so this is only for what got lost. */
export const mdnsIntervalMs = 60_000
/** Changed figures of a peer are told at most this often. */
export const figuresIntervalMs = 1_000
/** What others say our address is; one entry a peer. */
export const observedAddressesMax = 16
/** Addresses that we name as our own; a computer with many interfaces has more than anyone wants to try. */
export const addressesOwnMax = 16
/** Relays that hold a place for us where strangers cannot reach us: one may go away at any moment. */
export const relaysWanted = 2
/** Connections have this long to say goodbye in `stop`, which is over after `stopTimeoutMs`, whatever peers do. */
export const stopGraceMs = 700
export const stopTimeoutMs = 1_200

/** A write that joins its parts in memory which is used again: a large block with its headers. */
export const jointWriteBytes = 1_114_112

/** Such memory kept for the next writes. Each connection has one large write under way at most. */
export const spareWritesMax = 8

/** Writes up to this size need not wait for the one before: control frames, and what is cheap to copy anew. */
export const smallWriteBytesMax = 16_384

/** Answers heeded in one search for routers, for each of our addresses: whatever is on the local network may answer. */
export const gatewayAnswersMax = 8
/** What a router says at once. Its description is the longest; those of real ones have 3 to 20 KiB. */
export const gatewayReplyMaxBytes = 64 * 1024
/** Patience with one request to a router; slow ones take a second or two. */
export const gatewayTimeoutMs = 5_000
/** A search is repeated this often while it lasts: its datagrams may be lost. */
export const gatewaySearchIntervalMs = 1_000
/** How long a router keeps a port open unless asked again, so that it closes when this computer is gone. In seconds. */
export const portLeaseSeconds = 3_600
/** How often an open port is asked for again; also brings it back after the router restarted. */
export const portRenewIntervalMs = 20 * 60_000
/** Ports asked for, when others have the first. */
export const portTriesMax = 4

/** One published message: as long as the longest entry of a log, with its seals. */
export const gossipMessageBytesMax = 65_536
/** What one peer may send at once: some messages, or news of many. Gathered in memory before it is looked at. */
export const gossipRpcBytesMax = 1_048_576
/** What waits for a peer that does not read its gossip; past it, messages to it are dropped. */
export const gossipOutboundBytesMax = 1_048_576
/** Messages, and control items, in what one peer sends at once. */
export const gossipItemsPerRpcMax = 1_024
/** Topics that we follow: one a community. */
export const gossipTopicsMax = 256
/** Characters of a topic: 64 hexadecimal digits, and a prefix. */
export const gossipTopicCharsMax = 128
/** Remembered of the topics that one peer follows: about 1,100 bytes each, so some hundred. */
export const gossipTopicBytesPerPeerMax = 131_072
/** Messages and control items from one peer, its own and passed on: steady rate and burst. What is over is dropped. */
export const gossipItemsPerSecond = 1_000
export const gossipItemsBurst = 5_000
/** Messages by one author, whoever brings them. What is over is neither taken nor passed on. */
export const gossipPerAuthorPerSecond = 50
export const gossipPerAuthorBurst = 200
/** Authors whose rate is remembered; the one longest quiet is forgotten. */
export const gossipAuthorsMax = 4_096
/** Peers that a message of a topic goes to at most: what publishing costs, however many follow it. */
export const gossipMeshMax = 12
/** Peers that a topic's messages are exchanged with; fewer than `gossipMeshMin`: others are asked, more than max: some are let go. */
export const gossipMeshWanted = 8
export const gossipMeshMin = 5
/** How fast refused messages of a peer are forgiven, each second: to a tenth in four minutes. Four at once silence it. */
export const gossipRefusedDecay = 0.99

/** Provider records last 48 hours in the DHT; half of that less a margin. */
export const provideEveryMs = 11 * 3_600_000

/** After a start the DHT may still be empty: announce again after these. */
export const provideSoonMs: readonly number[] = [60_000, 600_000]

/** One announcement with all its tries, before the next one has its turn. */
export const announceTimeoutMs = 120_000
