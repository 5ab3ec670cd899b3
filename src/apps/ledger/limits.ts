// Limits of what entries of the app `ledger` may say; all computers of a community must use the same.

/** A genesis (ledger/chain/limits.ts says the same): it fits an entry of 64 KiB with all that is around it. */
export const genesisEntryBytesMax = 57_344
/** Entries of one device (validator) or person (account) that are kept: the newest counts, others when it is taken back. */
export const entriesPerAuthorMax = 64
/** Geneses of one community that are looked at, in the order of the log: the first that is one counts. */
export const genesesMax = 16
/** Validators that a change may name (ledger/chain/limits.ts says the same). */
export const validatorsMax = 100
