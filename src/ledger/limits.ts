// Limits of the service (one thread a ledger, streams and gossip for it, what programs ask); those of the chain, of execution,
// votes, RPC and wallet are in their folders.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- ledgers and their threads

/** Ledgers open at once: each is a thread with an EVM and a database, some 100 MB. */
export const ledgersMax = 16
/** Heap of one thread: a block of 500 transactions needs some 50 MB above 150; past it the thread ends and begins anew. */
export const threadHeapMb = 1_024
/** A thread that ended by itself is started again after this long … */
export const restartMs = 1_000
/** … twice as long each time, up to this … */
export const restartMsMax = 60_000
/** … and from the shortest again after one that ran so long. */
export const restartForgivenMs = 600_000
/** What was mended when a chain was opened, as the doctor tells it. */
export const repairsMax = 16
/** How long opening a chain and repairing it may take: a hundred thousand blocks are compared in seconds. */
export const readyMsMax = 120_000
/** Who founds a ledger waits so long for its chain to open; it goes on without them. */
export const openedMsMax = 15_000
/** A thread that does not end in order is ended: a commit takes milliseconds, SQLite stays whole whatever happens. */
export const threadStopMs = 4_000
/** Questions and RPC requests at a thread that are not answered; more are refused. Each holds what it asks, and its caller. */
export const questionsMax = 2_048
/** An answer to a question of ours: an export's page, a proof. */
export const questionMsMax = 30_000
/** Blocks that are looked through for one page of transactions: most blocks have some, since empty ones are not made. */
export const pageBlocksMax = 256
/** Blocks of one page of an export. */
export const exportPageBlocks = 64

// ---- streams

/** Streams that one peer opens to us: one a ledger that we share, and one more before the old one is known to be gone. */
export const streamsPerPeerMax = 32
/** Peers of one ledger that we send to: 100 validators, and some who follow. */
export const linksMax = 160
/** Bytes of one peer that the thread has not looked at; more is not read, so the peer waits. One whole answer of blocks. */
export const unheardBytesMax = 8 * mebibyte
/** Bytes for one peer that does not read; past it the stream is cut, and catching up brings what was lost. */
export const unsentBytesMax = 16 * mebibyte
/** Of two peers the one with the greater id opens a stream this much later, if the other has not. */
export const linkTurnMs = 500
/** After a peer could not be reached, or speaks no ledger, it is tried again after this long … */
export const linkRetryMs = 1_000
/** … twice as long each time, up to this: a validator that comes back tries us by itself. */
export const linkRetryMsMax = 60_000
/** To reach a peer and open a stream; a relayed one takes a few seconds. */
export const linkOpenMs = 15_000
/** A peer that opens a stream says which ledger within this long. */
export const helloMs = 10_000

// ---- gossip

/** Told over gossip up to this length (network/limits.ts has 64 KiB a message); longer goes to those we have streams to. */
export const gossipMessageMax = 60 * kibibyte
/** Gossip that the thread has not looked at; what comes then is neither taken nor passed on. */
export const unheardGossipBytesMax = 4 * mebibyte

// ---- RPC

/** WebSockets of one ledger; each holds filters and a queue (rpc/limits.ts). */
export const rpcSessionsMax = 64

// ---- keys

/** A founding younger than this was never voted in by a key whose ledger was never opened here. Clocks are minutes off at most. */
export const keyNewMs = 600_000

// ---- checkpoints

/** The first final block of each such time is told to the community: a third of the trusting period, so that two may be missed. */
export const checkpointEverySeconds = 7 * 24 * 3_600
/** Checkpoints of the log that are compared with the chain: the newest few of each device that would validate. */
export const checkpointsJudgedMax = 256

// ---- recoveries

/** Of one ledger: each was a meeting of people who had lost more than a third of their validators. */
export const recoveriesMax = 32

// ---- members

/** Accounts that one transaction lets in: 3 million gas, well within a block. */
export const admissionsAtOnce = 32
/** How long each validator waits for those before it to let an account in, or to change the set: some blocks. */
export const admitStaggerMs = 5_000
/** Accounts that one change by a quorum takes out of the members; apps/ledger/limits.ts says the same of a word in the log. */
export const membersAtOnce = 32
/** Gas of each signature under it: recovered, and looked up; its bytes … */
export const memberSignatureGas = 20_000n
/** … and of each account: four slots are written where one goes and the last takes its place. */
export const memberGas = 60_000n
/** Accounts that are nobody's any more and are looked up one by one; where more were announced, the members are gone through instead. */
export const goneAskedMax = 256
/** Members by the chain that are listed: a genesis has 2,000 at most, validators let in some hundred a day. Each is a read of a slot. */
export const membersListedMax = 4_096
/**
 * A validator's words on members in the log: so many at once, then one in a quarter of an hour, with all that came together since.
 * Who joins and leaves over and over, or names one account after the other, costs a hundred entries a day and validator, no more.
 */
export const memberWordsBurst = 6
export const memberWordEveryMs = 900_000
/** A word that had to wait is looked at again so often. */
export const memberWordRetryMs = 60_000
/** Gas of a change of validators, and what each signature and each validator adds: storage is written for each. */
export const changeGas = 200_000n
export const changeGasPerSignature = 120_000n
