// Every bound on what a chain, own or outside, may cost who asks it.

/** One answer. A block of 30 M gas with all its transactions is under 4 MiB as JSON, a `debug_traceTransaction` may be more. */
export const answerBytesMax = 16 * 1024 * 1024

/** A question that has no answer by then has none: ours answers in milliseconds, public ones within a few seconds. */
export const answerTimeoutMs = 20_000

/** Questions under way at once; more wait their turn. Public addresses refuse floods, our own thread answers one at a time. */
export const questionsAtOnceMax = 16

/** An RPC address; those of providers hold a key of 32 to 64 characters. */
export const rpcAddressCharsMax = 512

/** What chains call themselves and their coin. */
export const chainNameCharsMax = 64

/** ERC-20 has no bound for symbols; wallets show about so many. */
export const coinSymbolCharsMax = 12

/** What of a node's error is shown: one sentence, not its stack. */
export const refusalCharsMax = 300

/** Chain ids up to here are exact as numbers everywhere (EIP-2294 leaves room for `v` in 64 bits, JSON in 53). */
export const chainIdMax = 4_503_599_627_370_476
