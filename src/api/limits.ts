// Every bound of the API. Those who reach it hold the token or are local programs and pages without it, so these
// limits guard against mistakes and hostile pages more than against strangers.

/** A JSON body. The largest honest one is settings: 64 addresses of 1 KiB, plus 4 KiB of path, escaped: under 128 KiB. */
export const bodyBytesMax = 128 * 1024

/** A transaction of 128 KiB as hex digits, and what is around it. */
export const transactionBodyBytesMax = 320 * 1024
/** A proof file (ledger/proof/limits.ts) as a JSON string: quotes and line ends are escaped. */
export const proofBodyBytesMax = 10 * 1024 * 1024
/** A source of `sourceInputCharsMax` (ledger/source/limits.ts) as a JSON string: quotes and line ends are escaped. */
export const sourceBodyBytesMax = 20 * 1024 * 1024
/** An ABI of `abiCharsMax` as a JSON string. */
export const abiBodyBytesMax = 640 * 1024
/** A JSON body arrives within this: it is at most `bodyBytesMax` over loopback. */
export const bodyTimeoutMs = 10_000

/** One uploaded file: more than the disks of the computers we run on; a full disk has its own code. */
export const uploadFileBytesMax = 16 * 1024 ** 4

/** An upload that brings no byte for this long is given up, with its half file. */
export const uploadIdleTimeoutMs = 60_000

/** A JSON answer's deadline. The slowest are `doctor` and connecting to a peer, both bounded below this by themselves. */
export const handlerTimeoutMs = 60_000

/** Joining and keeping wait for somebody who has the community: the DHT and hole punching take up to a minute each. */
export const joinTimeoutMs = 180_000

/** Checking a contract's source: two minutes for a compiler (`compileTimeoutMs`), and four that wait before it. */
export const verifySourceTimeoutMs = 600_000

/** Checking a log: 10,000,000 entries at the 20,000 a second that one core does. */
export const verifyTimeoutMs = 600_000

/** Headers of a request arrive within this (slowloris). */
export const headersTimeoutMs = 10_000

/** Clients are told that an idle connection stays open so long. */
export const keepAliveTimeoutMs = 5_000

/**
 * It stays open for longer by this: a call on its way while we close is lost, and programs do not try again. A program that
 * stood still for some seconds (the computer slept, or had too much to do) still uses a connection that it thinks is open.
 */
export const keepAliveSlackMs = 10_000

/** Open connections. A browser opens six a page; this leaves room for dozens of pages and programs. */
export const connectionsMax = 256

/** Open event streams: one a page or watching command. */
export const eventsClientsMax = 32

/** Events kept for those who come back: at a few events a second, several minutes. */
export const eventsKeptMax = 2048

/** Characters of kept events in all; events of shares with many skipped files are the largest. */
export const eventsKeptCharsMax = 8 * 1024 * 1024

/** A line goes over every event stream at least this often, so that a dead one is noticed. */
export const eventsHeartbeatMs = 15_000

/** An event stream whose client takes nothing for this long is closed; the client may resume. */
export const eventsStallTimeoutMs = 30_000

/** Files being read over the API at once. A player keeps one or two open; each holds a few blocks of 1 MiB. */
export const contentStreamsMax = 32

/** Exports being read at once. Each is a walk through a whole log; a person makes one. */
export const exportStreamsMax = 4

/** How long the head of a file's answer waits for its first bytes: long enough to turn most failures into a problem
 * document, short enough that a player sees the file's length while the bytes are still on their way. */
export const contentHeadWaitMs = 2_000

/** A path inside a share or an upload, decoded: what Linux allows a path (PATH_MAX). */
export const pathBytesMax = 4096

/** Files of the built page; the listing is kept in memory. A build has some dozens. */
export const pageFilesMax = 2000

/** How long `close` waits for answers on their way before it cuts connections. */
export const closeGraceMs = 300

/** Fields named in a `request_malformed`; the rest is counted. */
export const problemFieldsMax = 10

// ---- JSON-RPC of ledgers: whoever is on this computer may ask, without the token

/** A body, or a message over WebSocket; as `rpcBodyBytesMax` of ledger/rpc. */
export const ledgerRpcBodyBytesMax = 5 * 1024 * 1024

/** Bodies of all requests that are arriving: a dozen of the longest, thousands of common ones. */
export const ledgerRpcBodiesBytesMax = 64 * 1024 * 1024

/** Of an origin or of what a program calls itself, as far as they tell callers of a ledger apart. */
export const ledgerRpcCallerCharsMax = 100

/** An answer. A batch may take 30 s (ledger/rpc), and may have waited for others as long. */
export const ledgerRpcTimeoutMs = 60_000

/** WebSockets to all ledgers; each may hold filters and subscriptions, and a queue. */
export const ledgerSocketsMax = 64

/** Requests of one WebSocket that are not answered; more are not read meanwhile. */
export const ledgerSocketRequestsMax = 32

/** What a WebSocket's client has not taken yet: one answer of the longest (25 MB) fits. */
export const ledgerSocketUnsentBytesMax = 32 * 1024 * 1024

/** Pings a WebSocket this often; one that was silent since the last ping is gone. */
export const ledgerSocketPingMs = 30_000
