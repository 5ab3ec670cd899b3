// Limits of proof files.

/** Characters of a file: a transaction of 128 KiB with its receipt, twice as hex, and some hundred epochs of 7 kB certificates. */
export const proofCharsMax = 8_388_608
/** Epochs between genesis and the block; a community that changes its validators each day has so many in eleven years. */
export const proofEpochsMax = 4_096
/** Headers up to the next certificate: blocks that became final together. */
export const proofHeadersMax = 1_024
/** Nodes of one branch: a path of 64 nibbles. */
export const proofNodesMax = 65
