// Every limit of validator/, with the reason for its size. docs/protocol/ledger-sync.md states those that both sides keep.

import { blockBytesMax } from '../chain/limits.ts'
import { messageBytesMax as consensusBytesMax } from '../consensus/limits.ts'
import { snapshotChunkBytesMax } from '../evm/limits.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- on disk

/** One record of the vote log: a vote is under 200 bytes, a block that was proposed as long as a block may be. */
export const walRecordBytesMax = 4 * mebibyte
/** The vote log is made anew after each final block; this much lies between two only if the chain stands for days. */
export const walBytesMax = 256 * mebibyte
/** It is made anew once it is so long; below, a write costs more than the room. */
export const walRewriteBytes = 1 * mebibyte
/** Gas of a transaction with evidence: two signatures checked, and the set written anew … */
export const removalGas = 500_000n
/** … two slots of 22,100 gas for each validator, and some to read. */
export const removalGasPerValidator = 60_000n
/** How long each validator waits for those before it to send evidence in: some blocks. */
export const removalStaggerMs = 10_000
/** Own votes that are remembered, to tell them from those of another computer with our key: three a view. */
export const givenVotesMax = 4_096
/** The signer guard: a checksum and one place. */
export const guardBytesMax = 256
/** A process id in digits. */
export const lockBytesMax = 32
/** Inode and time of birth of the marker, in digits. */
export const markerBytesMax = 64
/** After the disk refused a vote, it is tried again so often. */
export const diskRetryMs = 1_000
/** A block that is ahead of our clock is looked at again this often. */
export const clockRetryMs = 1_000
/** Evidence that is kept on disk and shown. One pair a validator and epoch is enough to prove it, so this is many. */
export const evidenceMax = 256

// ---- what may cross the wire

/** What makes a block final: 100 signatures of 66 bytes, and up to 64 headers between, under 700 bytes each. */
export const certificateBytesMax = 64 * kibibyte
/** Headers between the last block of an epoch and the one that was finalized: views that carried nothing. */
export const trailMax = 64
/** An answer with blocks is closed once it is this long, so that no answer holds up a vote for long … */
export const answerBytes = 1 * mebibyte
/** … and is no longer than that, one more block and its certificate. */
export const answerBytesMax = answerBytes + blockBytesMax + certificateBytesMax + 64
/** Blocks, headers or epochs in one answer. */
export const itemsPerAnswerMax = 512
/** Two signed messages that contradict each other, each with the place that it is about. */
export const evidenceBytesMax = 4 * kibibyte
/** A part of a snapshot, as evm/ takes it; one is in memory at each side. */
export const chunkBytesMax = snapshotChunkBytesMax
/** What a snapshot says of its parts: 32 bytes each, so a snapshot has at most 64 GiB. */
export const manifestBytesMax = 2 * mebibyte
/** Keys in storage of one account that one question may ask for. */
export const proofKeysMax = 64
/** Nodes of a proof: 64 keys of at most 16 nodes of 532 bytes, and the account's own. */
export const proofBytesMax = 1 * mebibyte
/** Nodes of one branch: a path of 64 nibbles. */
export const proofNodesMax = 65
/** One node: 17 items of 33 bytes; in a trie of receipts the values lie in it, and are as long as receipts may be. */
export const proofNodeBytesMax = 1 * mebibyte
/** One receipt in a list of them: logs cost 8 gas a byte, and a transaction has 2^24 (EIP-7825): as long as an answer may be. */
export const receiptBytesMax = 2 * mebibyte
/** Raw transactions in one gossip message … */
export const transactionsPerGossipMax = 256
/** … and its length: gossip carries it to everyone several times over. */
export const gossipBytesMax = 132 * kibibyte
/** A gossip message is closed once it is so long: longer ones go by streams (ledger/limits.ts). */
export const gossipBytes = 48 * kibibyte
/** The longest message of any kind. */
export const messageBytesMax = 1 + Math.max(answerBytesMax, consensusBytesMax)

// ---- what a peer may ask of us

/** Messages of consensus: four a view and validator, and resends; an honest one sends some tens a second. */
export const consensusMessagesPerSecond = 500
export const consensusMessagesBurst = 3_000
/** Other messages that cost little: who we are, how far, evidence. */
export const smallMessagesPerSecond = 50
export const smallMessagesBurst = 500
/** Requests: each makes us read up to 1 MiB. A newcomer asks the next when the last was answered. */
export const requestsPerSecond = 50
export const requestsBurst = 200
/** Transactions that one peer may bring by gossip: more than a chain takes. */
export const transactionsPerSecond = 2_000
export const transactionsBurst = 10_000
/** Peers of one ledger that are known at the same time: a community has some hundreds of computers. */
export const peersMax = 512
/** Gossip of transactions waits until so many came or … */
export const gossipDelayMs = 20
/** Raw transactions that wait for the next gossip message; more are told when somebody asks for a block. */
export const gossipQueueMax = 20_000
/** What this computer sent and still waits is told again so often: a leader may have missed it. */
export const gossipAgainMs = 5_000
/** Questions of light clients and newcomers that are answered at the same time. */
export const answersAtOnceMax = 8
/** Answers that wait for their turn, in all; more are refused as busy. */
export const answersWaitingMax = 256

// ---- waiting for others

/** Questions to one peer that are open at the same time: catching up asks one after the other. */
export const questionsPerPeerMax = 16
/** An answer later than this is none; the next peer is asked. */
export const answerTimeoutMs = 10_000
/** Blocks that catching up asks for in one go. */
export const blocksPerRequest = 128
/** A validator counts as missing when nothing was heard of it for so long while something waits. */
export const missingAfterMs = 5_000
/** The chain is said to stand still when something waits and nothing became final for so long. */
export const stuckAfterMs = 10_000
/** Blocks in a row without a certificate of their own: as many as may be notarized before one is finalized. */
export const uncertifiedMax = 512
/** Ends of epochs from genesis on: a set that changes each day for eleven years; each was a quorum's decision. */
export const epochsMax = 4_096
/** Headers that a light client asks for at once: most blocks have a certificate of their own. */
export const lightHeadersMax = 64
/** Peers that a light client asks for one thing, until what one answers holds … */
export const lightPeersAskedMax = 8
/** … each for so long: one that keeps its answer to itself costs this much, and comes last from then on. */
export const lightAnswerMs = 3_000
/** Questions of a light client under way; more wait. A call asks one thing after the other. */
export const lightQuestionsMax = 8
/** A light client's questions to one peer, well below what it is blamed for (`requestsPerSecond`). */
export const lightRequestsPerSecond = 40
export const lightRequestsBurst = 120
/** Whoever asks faster than that looks again so often whether it may. */
export const lightPaceMs = 25
/** Final headers that a light client keeps, some 700 bytes each. */
export const lightHeadersKeptMax = 4_096
/** Blocks with their receipts that it keeps, decoded: a full one is some 2 MB, so 130 MB on a chain that is always full. */
export const lightBlocksKeptMax = 64
/** Blocks that it asks for at once where one after the other is wanted. */
export const lightBlocksAtOnce = 32
/** Blocks whose logs one question looks through: their headers are fetched, 700 bytes each, and of those that match the receipts. */
export const lightLogBlocksMax = 1_024
/** Accounts, slots and codes that one call may fetch, each with its proof: one after the other, at some ten milliseconds. */
export const lightReadsMax = 512
/** How long one call may take with what it fetches: less than a program waits for its answer (client/limits.ts). */
export const lightCallMs = 15_000
/** Accounts, slots and codes of one state that are kept for the next call. */
export const lightStateEntriesMax = 20_000
/** While a checkpoint or head is too old to be trusted alone, the validators are asked again so often. */
export const trustEveryMs = 5_000
/** Catching up after so many blocks goes by snapshot where one is offered: two thousand that are full take minutes to execute. */
export const snapshotAfterBlocks = 2_000
/** Blocks of which is known when they came: the proposer waits from its parent on. */
export const seenBlocksMax = 64
/** Δ of Simplex: what a message takes at most. Three of them without progress and a view is skipped. */
export const deltaDefaultMs = 1_000
/** How old a checkpoint may be to be trusted alone: keys that validated back then may be for sale afterwards. */
export const trustingPeriodMs = 21 * 24 * 3_600_000
