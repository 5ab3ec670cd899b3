// Every bound of checking a contract's source: sources come from anybody, and a compiler does as much work as they make it do.

/** A compiler's input as JSON. Large projects have 1 to 3 MB of it; Hardhat's build files hold the output as well. */
export const sourceInputCharsMax = 8 * 1024 * 1024

/** Files of one source. The largest protocols that are deployed have about two hundred. */
export const sourceFilesMax = 1_000

/** A file's path in an input. */
export const sourcePathCharsMax = 512

/** How long a compiler may take: through the IR large contracts take a minute. Then it is killed. */
export const compileTimeoutMs = 120_000

/** Memory of a compiler in WebAssembly pages of 64 KiB: 1 GiB. Through the IR large contracts take half of that. */
export const compilerPagesMax = 16_384

/** What a compiler takes of JavaScript's heap beside that, in MiB: 0.6.12 is no WebAssembly but 23 MB of JavaScript, and takes 700. */
export const compilerHeapMb = 1_024

/** A compiler's file; the releases have 8 to 33 MB. */
export const compilerBytesMax = 64 * 1024 * 1024

/** What a compiler answers: some 100 kB a contract at most, so hundreds of large ones. It is read on the main thread. */
export const compilerOutputBytesMax = 32 * 1024 * 1024

/** Compilers run one at a time; so many more may wait. */
export const compilesWaitingMax = 4

/** Contracts of one source that are compared. */
export const compiledContractsMax = 5_000

/** Sources kept on this computer, of all chains. */
export const sourcesKeptMax = 500

/** Characters of all kept sources: 64 MiB and more would be most of the database. */
export const sourcesKeptCharsMax = 64 * 1024 * 1024

/** An ABI as JSON; the largest that are known have some 100 kB. */
export const abiCharsMax = 256 * 1024

/** Functions, events and errors of one ABI. */
export const abiItemsMax = 2_000

/** How deep the types of an ABI may nest: real ones have 2 to 4. */
export const abiDepthMax = 8

/** Arguments of a function or parts of a structure. */
export const abiPartsMax = 64

/** Elements of arrays of fixed length in one type, all dimensions multiplied: each is read although no data stands behind it. */
export const abiFixedItemsMax = 4_096

/** ABIs that a person adds by hand, of all chains. */
export const abisKeptMax = 500

/** ABIs that are held ready in memory, of one chain. */
export const abisReadyMax = 64

/** Blocks that are looked through for the transaction that created a contract: halving, so this reaches 2^40. */
export const creationStepsMax = 40
