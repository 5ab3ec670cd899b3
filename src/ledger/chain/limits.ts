// Every limit of chain/, with the reason for its size. docs/protocol/chain.md states those that all nodes must keep.

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

// ---- genesis

/** It travels in one entry of a community's log (64 KiB, log/limits.ts), with room for what is around it. */
export const genesisBytesMax = 56 * kibibyte
/** More make certificates and rounds too large (docs/protocol/consensus.md). */
export const validatorsMax = 100
/** Of 21 bytes each: 42 kB. Later ones are let in by the system contract. */
export const genesisMembersMax = 2_000
/** Of some 35 bytes each: 35 kB. */
export const genesisBalancesMax = 1_000
/** Contracts from the start, besides those of the protocol, and what they hold. */
export const genesisContractsMax = 16
export const genesisSlotsMax = 256
/** EIP-170. */
export const codeBytesMax = 24_576
/** As names of communities (community/limits.ts). */
export const nameCharactersMax = 64
export const coinSymbolCharactersMax = 11
/** Wei together: far more than any coin has, and no sum can overflow 256 bits. */
export const weiMax = 2n ** 128n - 1n
/** What wallets take (MetaMask: ⌊(2^53 − 1 − 36) / 2⌋ = 4,503,599,627,370,477, exclusive). */
export const chainIdMax = 4_503_599_627_370_476
/** A block must hold the largest transaction (EIP-7825: 2^24 gas) … */
export const blockGasLimitMin = 16_777_216n
/** … and be executed within a view: the EVM here runs 30 to 100 million gas a second. */
export const blockGasLimitMax = 100_000_000n
export const blockTimeMsMin = 100
export const blockTimeMsMax = 600_000
/** A window of the quota: at a block time of a second, a week. */
export const quotaBlocksMax = 604_800

// ---- blocks

/** RLP of a block. 30 million gas of calldata are 750 kB (EIP-7623, 40 gas a byte that is not zero). */
export const blockBytesMax = mebibyte
/** Header's RLP: 21 fields with a bloom filter are under 700 bytes; foreign chains put up to a few hundred into extraData. */
export const headerBytesMax = 2 * kibibyte
/** The cheapest transaction costs 21,000 gas: 4,761 fit the largest block, foreign chains go further. */
export const blockTransactionsMax = 10_000
/** A transaction's RLP: init code of 48 KiB (EIP-3860), a signature, an access list. geth has the same figure. */
export const transactionBytesMax = 128 * kibibyte
/** A block may be that much ahead of our clock: clocks that are 30 s off are met (issue 5). */
export const timestampDriftSecondsMax = 60
/** Building stops adding transactions after this: the rest waits for the next block. */
export const buildTimeMsMax = 1_000
/** Ethereum's BLOCKHASH reaches back that far. */
export const blockHashesMax = 256

// ---- what is not final

/** Blocks in memory: validators propose one a view, and a view that brings nothing ends by a timeout. */
export const unfinalBlocksMax = 512
export const unfinalBytesMax = 64 * mebibyte
/** Verdicts on blocks that were refused, so that a block that comes again costs nothing. */
export const verdictsMax = 1_024

// ---- pool

/** 16,384 transfers are 30 blocks of 500; each costs about 1 kB in memory beside its bytes. */
export const poolTransactionsMax = 16_384
export const poolBytesMax = 32 * mebibyte
/** One sender's: an exchange sends some hundred in a row, a flood from one account takes a thirty-second. */
export const accountTransactionsMax = 512
export const accountBytesMax = 4 * mebibyte
/** How far a nonce may be ahead of the account's. */
export const nonceGapMax = 1_024n
/** A transaction that takes another's place pays at least so many percent more per gas (geth has the same figure). */
export const replacementPercentMin = 10n
/** Waiting for longer, it goes: its sender has given up, or its gap is never filled (geth: three hours). */
export const poolTransactionMsMax = 3 * 60 * 60 * 1_000
/** All that waits is gone through for that this often at most. */
export const expireEveryMs = 60_000
// ---- snapshots

/** A part of the state, one account or code over it (evm/limits.ts, `snapshotChunkBytesMax`). */
export const snapshotPartBytes = mebibyte
/** 32 GiB of state; the list of digests has 1 MiB. */
export const snapshotPartsMax = 32_768
/** Digests, 257 headers and a certificate. */
export const snapshotBytesMax = 2 * mebibyte
/** A hundred signatures, and the headers of a trail. */
export const certificateBytesMax = 256 * kibibyte
/** A snapshot is made anew after so many blocks: its making reads the whole state, its block's state must still be kept. */
export const snapshotEveryBlocks = 1_000
/** … and after so much gas, which a newcomer executes in some ten seconds; … */
export const snapshotEveryGas = 500_000_000n
/** … for each so many parts of it: they take half a second to make. */
export const snapshotPartsPerGas = 16
/** So long after somebody's last part the gas alone does not take it from them. */
export const snapshotFetchedMs = 30_000

// ---- questions

/** Logs that one question brings. */
export const logsMax = 10_000
/** Blocks that one question of logs looks into; headers without a match cost nothing. */
export const logBlocksMax = 20_000
/** Addresses, and alternatives at a position, in one filter. */
export const logChoicesMax = 1_000
/** Blocks that stay decoded, as whoever follows the head asks for the same ones again: up to some MiB each when full. */
export const decodedBlocksMax = 16

// ---- disk

/** A pruning node keeps at least so many blocks: BLOCKHASH, and stragglers who ask, and the snapshot that is offered (`snapshotEveryBlocks`). */
export const keepBlocksMin = 2_048
/** Old blocks that go with each new one: more than one, so that a node that begins to prune catches up. */
export const prunedPerBlockMax = 4
