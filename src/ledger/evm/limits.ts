// The limits of execution and state. `docs/limits.md` is made from this file.

/** Accounts of the base that stay decoded in memory: about 200 bytes each, 10 MB. */
export const accountCacheEntriesMax = 50_000

/** Slots of the base that stay in memory: about 250 bytes each, 25 MB. */
export const slotCacheEntriesMax = 100_000

/** Contract codes that stay in memory, with what the interpreter found out about them: at most 24 kB and some 400 kB each. */
export const codeCacheEntriesMax = 64

/** Hashes of addresses and slot keys that are remembered, about 200 bytes each; they are made anew in a microsecond. */
export const hashCacheEntriesMax = 100_000

/** Nodes of tries in memory before all but the upper ones are dropped: about 500 bytes each, 50 MB. */
export const trieNodesInMemoryMax = 100_000

/** Storage tries of which the upper nodes stay in memory. */
export const storageTriesInMemoryMax = 500

/** Rows of old nodes that one step of pruning deletes: some 10 ms beside a block. */
export const pruneRowsPerStepMax = 2_000

/** Gas of one `eth_call`, estimate or trace; what asks for more gets this (geth's default). */
export const callGasMax = 50_000_000n

/** How long one call may hold this thread when whoever asks does not say. */
export const callTimeMsDefault = 5_000

/** A call runs so long in one piece; then whatever else this thread has to do gets its turn. */
export const callTurnMs = 10

/** Steps of the interpreter between two looks at the clock in a call: some 50 µs. */
export const callStepsPerLook = 64

/** Gas that one precompile may take in a call: they can't be ended; the slowest (BLAKE2F, pairings) take a second for so much. */
export const precompileGasMax = 2_000_000n

/** Frames that a trace tells; calls beyond them run, and are left out. */
export const traceFramesMax = 10_000

/** Bytes of input and output that a trace tells; frames beyond them stand without. */
export const traceBytesMax = 4_000_000

/** Steps that a trace of steps tells; each is some hundred bytes of JSON. */
export const stepTraceStepsMax = 50_000

/** What they hold of stack, memory and storage, as JSON. */
export const stepTraceBytesMax = 16_000_000

/** Accounts and slots that state overrides of one call may name. */
export const overrideEntriesMax = 1_000

/** Rounds of `createAccessList`: each adds what the last one touched; it settles in two or three. */
export const accessListRoundsMax = 8

/** Of a chunk of a snapshot that somebody sends: its target size, one account or code (24 kB) over it, and room. */
export const snapshotChunkBytesMax = 1_100_000

/** Of a contract's code (EIP-170, and EIP-7954 for forks to come). */
export const codeBytesMax = 65_536
