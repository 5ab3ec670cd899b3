// Every limit of transfer/, with the reason for its size. docs/protocol/transfer.md states those that both sides must keep.

import { inventoryEntryBytes, inventoryPageEntries } from '../content/format/limits.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- what may cross the wire

// Blocks, pages, records and the number of blocks have the bounds of docs/protocol/share.md (content/format/limits.ts).

/** An inventory page: 29,127 entries of 36 bytes. */
export const pageBytesMax = inventoryPageEntries * inventoryEntryBytes
/** Ranges in one want, cancel or missing frame: 8 bytes each, so such a frame stays under 4 KiB. */
export const rangesPerFrameMax = 512
/** New blocks told in one frame: 16 KiB. */
export const indexesPerFrameMax = 4096
/** Peers handed on in one frame; more come later. */
export const peersPerFrameMax = 16
export const addressesPerPeerMax = 8
/** A multiaddr with relay and peer ids is under 200 characters. */
export const addressCharsMax = 256
/** base58btc of an Ed25519 multihash is 52 characters. */
export const peerIdCharsMax = 64

// ---- what a peer may ask of us

/** Blocks one peer may have asked and not received; we keep an index for each. */
export const askedBlocksMax = 2048
/** Records one session may carry: ours or theirs is newer, then once or twice more while both move on. */
export const recordsPerSessionMax = 4
/** Pages one peer may have asked and not received. */
export const askedPagesMax = 8
/** Frames other than blocks: an honest peer sends some tens a second. */
export const controlFramesPerSecond = 1000
export const controlFramesBurst = 4000
/** Peer exchange: at most one frame in two seconds on average. */
export const peersFramesPerSecond = 0.5
export const peersFramesBurst = 8
/** We tell of newcomers after this, so that those who come together are told together … */
export const exchangeDelayMs = 100
/** … and stay below what peers accept: this often on average, so many at once. */
export const exchangeEveryMs = 2_500
export const exchangeBurst = 6
/** Streams of this protocol one peer may have open: one a share. */
export const streamsPerPeerMax = 64
/** Sessions that peers open, in all; each costs some KiB, and a bit field while its peer is not complete. */
export const sessionsAcceptedMax = 512
/**
 * Sessions that we open, in all, at the same cost; those that peers open take no place from them. A share without any
 * may have one all the same, so that no transfer waits for the end of others; those are at most `transfersMax`.
 */
export const sessionsOpenedMax = 512
/** Sessions of one share; more bring no speed. */
export const sessionsPerShareMax = 200
/** So few are all served, whatever the line; while it is slow their blocks leave as those of a crowd. */
export const uploadFewMax = 4
/** Of more, at most so many; the others wait for their turn … */
export const uploadSlotsMax = 32
/** … at least so many, however slow the line: one whose block leaves, one whose block is next, and one that thinks … */
export const uploadSlotsMin = 3
/** … and between the two as many as blocks leave in this time. */
export const slotMs = 1_000
/** Half as many more slots are tried for this long, to see whether more leaves then: the others may be what is slow … */
export const slotTrialMs = 5_000
/** … and not again for this long when it does not. */
export const slotTrialPauseMs = 10_000
/**
 * Where two or more are served, blocks leave for so few at the same time, so that each is whole at its peer, who can serve it on, as
 * early as can be …
 */
export const linePlacesMin = 1
/** … or for as many as leave in this time, in ms: a fast line waits for round trips, and no longer for itself. */
export const lineMs = 100
/** A block that has not left after so long, in ms, nor in twice the time that is usual, waits for its receiver: it holds up nobody more … */
export const linePlaceMs = 500
/** … nor does any for longer than this, in ms: a block of 1 MiB at 4 Mbit/s. */
export const linePlaceMaxMs = 2_000
/** Whom to serve is looked at anew this often while others wait. */
export const rechokeMs = 250
/** … and no more often than this when somebody's interest changes: crowds change it all the time. */
export const rechokeSoonMs = 100
/**
 * So many peers that want a share of us get other blocks each, until all have gone out once: already of two each can bring the
 * other its half, on a line out that is the one thing both wait for …
 */
export const spreadPeersMin = 2
/** … if they lack so much of it on average: those who have most of it need what others have not, not another round. */
export const spreadLackMin = 0.5
/**
 * A block is kept for the one that was given it until what was asked for before it has left, and then so many blocks for each peer:
 * one in which that one sends it on, and one more, as it sends to several …
 */
export const spreadKeepTurns = 2
/** … but for no more peers than these: a block goes through a crowd in less. */
export const spreadKeepPeersMax = 16
/** … and for so long at least, in ms: small blocks leave sooner than what was asked for of that one before. */
export const spreadKeepMs = 600
/** How often is looked for what is kept no longer, in ms: a reader may wait for it. */
export const spreadLookMs = 100
/** Once all was given, blocks are given again as soon as fewer peers than this are sent something. */
export const spreadBusyMin = 2
/** Who so often in a row did not get in time what another was given is declined no more of that: the two don't meet. */
export const spreadUnmetMax = 2
/**
 * Who of a crowd was given a block that nobody else was seen to have in time hoards, as it lies or sends nothing on, for so long, in ms:
 * nothing is kept for it, and it is served last.
 */
export const spreadHoardMs = 60_000
/**
 * Of so few peers at most, who is declined before it got a leaf begins elsewhere. In a crowd the others are already further on, and a
 * jump is no better than the next block (docs/adr/0011-crowds.md).
 */
export const fewPeersMax = 8
/** The line has been idle for so long, in ms, while blocks were declined: everybody gets what they ask for again. */
export const spreadPatienceMs = 1_000
/** The same when nothing has left for so long, in ms, as who is sent to takes nothing: a block of 1 MiB takes that at 1 Mbit/s. */
export const spreadStallMs = 10_000
/** What was on its way to somebody who is served no more takes its part of the line for so long, if it has not left. */
export const uploadLeavingMs = 5_000
/** How long a peer takes to ask once it is served, in ms, before that was measured: most of the world is nearer. */
export const uploadAnswerMs = 500
/** Who takes longer is taken for as quick as this, and so waited for twice as long: it might be late on purpose. */
export const uploadAnswerMaxMs = 1_000
/** Who is served and asks for nothing makes room for another after twice the time it takes to answer, and at least this. */
export const uploadIdleMinMs = 250
/**
 * How long a turn lasts while others wait, from the first answer on: a few blocks. Who has come first to a block that few have
 * must not be the one to go on with blocks that many have, while others wait for the rare one.
 */
export const uploadTurnMs = 2_000
/** Block bytes read ahead for one peer: hides the disk's and the checker's latency. */
export const serveAheadBytesMax = 4 * mebibyte
/** Blocks read ahead for one peer when they are small. */
export const serveAheadBlocksMax = 64
/** Read ahead for all peers together. */
export const serveBytesMax = 64 * mebibyte
/** Blocks up to this size are copied together into one send; longer ones go out as they are. */
export const coalesceBlockBytesMax = 64 * kibibyte
/** Size of such a joint send. */
export const coalesceBytesMax = 256 * kibibyte

// ---- what we ask of peers

/** Blocks asked of all peers that have not been written yet: what bounds the receiver's memory. */
export const fetchBytesMax = 16 * mebibyte
/** The most that is asked of one peer at once. */
export const pipelineBytesMax = 16 * mebibyte
/** The first window, doubled while it proves too small: many who start at once must not all queue at one seed. */
export const pipelineBytesStart = 256 * kibibyte
/** Every peer may be asked this much, however slow it is. */
export const pipelineBytesMin = 64 * kibibyte
/** Blocks asked of one peer: half of what it accepts, so that repeats after a cancel never pass its limit. */
export const pipelineBlocksMax = askedBlocksMax / 2
/** A run of neighbouring blocks asked of one peer keeps disks sequential and frames short. */
export const runBytesMax = 16 * mebibyte
/** The same block is asked of at most this many peers at once (end game, reader in a hurry). */
export const copiesPerBlockMax = 3
/** Rarity probes before the search by bits takes over: enough for a crowd, in which most rare blocks are at others. */
export const rarityProbesMax = 512
/** Blocks that one reader may call for ahead of its place. */
export const readAheadBlocksMax = 32
/** The same in bytes: a reader never waits for more memory than this. */
export const readAheadBytesMax = 16 * mebibyte
/** Readers of one transfer at once: each may hold a block. */
export const readersMax = 64
/** No byte for so long from a peer that owes us blocks: ask others. */
export const stallMs = 8_000
/** The same, and its blocks were asked of others: leave it. */
export const stallEndMs = 60_000
/** How often timeouts, the end game and announcements are looked at while something moves. */
export const tickMs = 100
/** New blocks are told to others at once, and those that follow within so long together. */
export const haveDelayMs = 100

/** Time that frames of one stream may hold the thread before others get a turn; what they set off takes twice as long again. */
export const readSliceMs = 4

/** Blocks handed to the holding at once … */
export const storesMax = 1024
/** … and waiting for that; past it nothing more is asked. */
export const storesQueuedMax = 1024
/** Blocks that a peer may still send although we no longer ask for them. */
export const lateBlocksMax = 4096
/** How often a peer may restate all it has (each costs work linear in the blocks). */
export const haveStatementsMax = 4
/** Pages asked of one peer at once, and how long before another is asked. */
export const pagesPerPeerMax = 2
export const pageTimeoutMs = 15_000

// ---- waiting

/** From a stream's opening to the other side's hello. */
export const handshakeTimeoutMs = 10_000
/** Connecting and opening the stream. */
export const dialTimeoutMs = 20_000
/** We send something at least this often … */
export const keepaliveMs = 30_000
/** … and leave a peer that sent nothing for three times as long. */
export const silenceMs = 90_000
/** A session in which neither side wants anything ends after this. */
export const idleMs = 60_000
/** Frames other than blocks and pages that may wait for a peer that does not read. */
export const unsentBytesMax = mebibyte
/** How long a last frame may take to leave before the stream is cut. */
export const farewellMs = 1_000
/** Records differ: how long we wait for a newer one before we take the best we have. */
export const recordSettleMs = 1_000

// ---- searching

/** Dials of one transfer under way at once. */
export const dialsMax = 8
/** Candidates remembered a transfer: link, LAN, DHT and exchange together. */
export const candidatesMax = 512
/** A peer that could not be reached is tried again after this, doubled each time … */
export const candidateRetryMs = 2_000
/** … up to this. */
export const candidateRetryMaxMs = 300_000
/** A peer that says it does not have the share. */
export const candidateRefusedMs = 30_000
/** Rounds of asking the DHT: first, then doubled … */
export const searchEveryMs = 5_000
/** … up to this. */
export const searchEveryMaxMs = 300_000
/** One DHT look-up. */
export const searchTimeoutMs = 60_000
/** Providers taken from one look-up. */
export const providersPerSearchMax = 64
/** With so many useful sessions a transfer does not look for more. */
export const sessionsEnough = 40
/** "Nobody is reachable" is said after this long without success. */
export const patienceMs = 10_000

// ---- what is kept and told

/** Transfers listed, ended ones included. */
export const transfersMax = 1_000
/** Shares whose uploads are counted; the one longest quiet is forgotten. */
export const uploadTotalsMax = 10_000
/** How often totals of uploads go to the database while they grow, in ms: each write is a flush of the disk. */
export const uploadTotalsSaveMs = 60_000
/** Progress events a transfer: four a second. */
export const eventEveryMs = 250
/** Half-life of speed estimates that people see. */
export const speedHalfLifeMs = 3_000

/** What was asked of a peer by a relay may come this long after a direct session with it has begun, in ms. */
export const retireMsMax = 60_000
