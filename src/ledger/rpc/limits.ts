// Every limit of rpc/, with the reason for its size. Whoever may reach the daemon's port may ask: programs of this computer,
// and pages of the origins that the person allowed. So each limit guards the node and its other callers against one of them.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- what comes in and goes out

/** A body, or one WebSocket message. geth takes 5 MiB; the largest honest one deploys some contracts in one batch. */
export const rpcBodyBytesMax = 5 * mebibyte
/** Requests of one batch: geth's limit. ethers sends up to 100. */
export const batchItemsMax = 1000
/** Characters of all answers of one batch, and of one answer: geth's limit. What comes after gets an error instead. */
export const answerCharsMax = 25_000_000
/** One batch: what it has not got to by then gets an error instead, so that 1000 long calls don't hold a place for an hour. */
export const batchTimeMsMax = 30_000
/** Requests of one caller that wait for their turn; a batch counts as one. */
export const requestsWaitingMax = 256
/** Programs and pages that are told apart over HTTP while they wait, each with turns of its own; more share one caller's. */
export const httpCallersMax = 64
/** Requests of all callers together that wait for their turn: as many as connections, times a few each. */
export const requestsWaitingAllMax = 1024
/** Questions that run the EVM or read many blocks, at once. One thread runs them, so more would only hold memory. */
export const heavyAtOnceMax = 2
/** In light mode, where most questions wait for a peer: as many as a light client asks at once (validator/limits.ts). */
export const lightAtOnceMax = 8

// ---- calls

/** Gas of one `eth_call`, estimate or trace: geth's `--rpc.gascap`. */
export const callGasMax = 50_000_000n
/** Time of one of them. At some 20 M gas/s an honest call is over in milliseconds; geth gives 5 s. */
export const callTimeMsMax = 5_000
/** Accounts whose state one call may override. */
export const overrideAccountsMax = 64
/** Slots that one call may override, over all accounts. */
export const overrideSlotsMax = 4096
/** Addresses and keys of an access list, and keys of one `eth_getProof`: what a transaction of 128 KiB can hold. */
export const accessEntriesMax = 4096
/** Keys of one `eth_getProof`, each some kilobytes of proof: geth's limit. */
export const proofKeysMax = 1024
/** Blobs that one call may name: more than any fork lets into a block. */
export const blobsMax = 128
/** Code or data of a call: twice the largest initcode (EIP-3860), in override or input, is 96 KiB; transactions hold 128. */
export const callBytesMax = 256 * kibibyte
/** Blocks of one `eth_simulateV1`: the specification's limit. */
export const simulateBlocksMax = 256
/** Calls of one `eth_simulateV1`, over all blocks: geth's limit. */
export const simulateCallsMax = 5000

// ---- logs, filters, subscriptions

/** Blocks of one `eth_getLogs`. An index finds them (chain/log-index-core.ts): those of a common topic in so many, in a second. */
export const logBlocksMax = 1_000_000
/** Logs of one answer: what others commonly give. */
export const logResultsMax = 10_000
/** Addresses of one filter: geth's limit. */
export const logAddressesMax = 1000
/** Alternatives of one topic: geth's limit. A log has at most four topics. */
export const logTopicsMax = 1000
/** Filters of one caller; of those without a session together. Each holds changes that nobody fetched yet. */
export const filtersMax = 128
/** A filter that nobody asks for its changes goes: geth's time. */
export const filterIdleMs = 5 * 60_000
/** Changes that a filter keeps for who fetches them; a filter with more is dropped, and its owner told so. */
export const filterChangesMax = 10_000
/** Subscriptions of one WebSocket. */
export const subscriptionsMax = 64
/** WebSockets open on one ledger: twice what the daemon lets in, since one ends here a moment later than there. */
export const sessionsMax = 128

// ---- fees

/** Blocks of one `eth_feeHistory`: geth's limit. */
export const feeBlocksMax = 1024
/** Blocks of one `eth_feeHistory` in light mode, each fetched with its receipts; wallets ask for 5 to 20. */
export const lightFeeBlocksMax = 20
/** Percentiles of one `eth_feeHistory`: geth's limit. */
export const feePercentilesMax = 100
