// Every bound of what IPFS peers and web programs can make this computer spend. docs/ipfs.md repeats those that others notice.

/** Bytes of one block, sent or taken (bitswap specification: "Block Sizes": implementations must support 2 MiB). */
export const ipfsBlockBytesMax = 2_097_152

/** Bytes of one bitswap message (specification: "Message size": 4 MiB), counted as declared by its length. */
export const bitswapMessageBytesMax = 4_194_304

/** What we put into one message of blocks, so that the receiver's time for a message is never short. */
export const bitswapSendBytes = 2_097_152

/** Bytes of messages that are being gathered from all peers together: sixteen of the largest. More, and the newest stream ends. */
export const bitswapGatherBytesMax = 67_108_864

/** Streams of bitswap that one peer may have open here; Kubo keeps one, Helia opens one a message. */
export const bitswapStreamsPerPeerMax = 16

/** A stream on which nothing came for so long is ended; whoever has more to say opens another. */
export const bitswapSilenceMs = 60_000

/** Entries in one message's want-list: all that a peer may want at once. */
export const wantEntriesMax = 1_024

/** Wants of one peer that are remembered (Kubo's and Helia's figure); of what is over, the newest are answered with "don't have". */
export const wantsPerPeerMax = 1_024

/** Peers whose want-lists and sums of bytes are kept; the one longest quiet is forgotten. Twice the connections there may be. */
export const ledgersMax = 512

/** Blocks up to this size are sent where only their presence was asked for (Kubo's figure): the answer is hardly longer. */
export const blockInsteadOfHaveBytesMax = 1_024

/** Peers that blocks are read for and sent to at the same moment: 32 × 2 MiB are the most that waits for slow ones. */
export const sendersMax = 32

/** A peer has this long to take one message. */
export const sendTimeoutMs = 60_000

/** Searches for a block (entries × public shares) done before others get a turn: about a millisecond. */
export const searchesPerTurn = 4_096

/** Binary CIDs in messages: a version, a codec and a digest of 64 bytes take under 80; identity CIDs hold up to 128 bytes. */
export const cidBytesMax = 160

/** Characters of a CID in text: the longest binary one in base16 with room. */
export const cidCharsMax = 384

/** Blocks that this peer wants of others at one time, for all gets and gateway requests. */
export const wantsMax = 4_096

/** Peers asked for blocks of one get or request. */
export const sessionPeersMax = 32

/** A peer that was asked for a block has this long, before the next one is asked. */
export const blockTimeoutMs = 15_000

/** Peers asked whether they have something have this long. */
export const haveTimeoutMs = 8_000

/** How often one peer may be late with blocks before a get goes on without it. */
export const lateMax = 4

/** Blocks under way at once in one get. With blocks of 256 KiB they fill a line of 1 Gbit/s at 64 ms. */
export const blocksUnderWayMax = 32

/** Leaves fetched ahead of a reader of the gateway. */
export const blocksAheadMax = 4

/** Levels of folders, and of nodes in a file, that are followed. */
export const dagDepthMax = 128

/** Files and folders in one get or import: as in a share. */
export const dagEntriesMax = 524_288

/** Nodes and leaves waiting in one get: 200 bytes each. A folder node of 2 MiB may name 50,000. */
export const dagWaitingMax = 1_048_576

/** Links in one node: 2 MiB hold no more of them. */
export const nodeLinksMax = 65_536

/** UTF-8 bytes of a name in a folder (as in shares). */
export const nodeNameBytesMax = 255

/** Blocks in a CAR file: 44 bytes of memory each while it is read. */
export const carBlocksMax = 4_194_304

/** Bytes of a CAR file's header: one root takes 60. */
export const carHeaderBytesMax = 4_096

/** Gets, imports and exports: under way at once, and kept in the list. */
export const ipfsJobsAtOnceMax = 4
export const ipfsJobsMax = 64

/** Progress of one of them is told at most this often. */
export const ipfsJobEveryMs = 250

/** Connections to the gateway at once, and answers being sent. */
export const gatewayConnectionsMax = 64
export const gatewayAnswersMax = 32

/** What a gateway request may wait for blocks of other peers before it is answered with 504. */
export const gatewayFetchTimeoutMs = 20_000

/** Entries shown in a listing of a folder; `?format=car` gives them all. */
export const listingEntriesMax = 10_000

/** Characters of a request's path and query. */
export const gatewayUrlCharsMax = 8_192

/** The head of a request has this long; an idle connection is kept so long. */
export const gatewayHeadersTimeoutMs = 10_000
export const gatewayKeepAliveMs = 5_000

/** Nodes that were fetched from other peers and are kept for the gateway's next request, in bytes. */
export const nodeCacheBytesMax = 16_777_216

/** CIDs remembered while a CAR without repetitions is written; past it blocks may stand twice. */
export const carSeenMax = 1_048_576

/** Roots of public shares announced in the public DHT; providing costs twenty messages each. */
export const publicRootsMax = 256

/** They are announced again this often (Amino: records live 48 h, Kubo announces every 22 h). */
export const publicProvideEveryMs = 79_200_000

/** Announcing one root, and finding who has one. */
export const publicProvideTimeoutMs = 60_000
export const publicFindTimeoutMs = 30_000

/** Providers that a search tries. */
export const publicProvidersMax = 10
