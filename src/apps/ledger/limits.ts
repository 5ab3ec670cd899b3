// Limits of what entries of the app `ledger` may say; all computers of a community must use the same.

/** A genesis (ledger/chain/limits.ts says the same): it fits an entry of 64 KiB with all that is around it. */
export const genesisEntryBytesMax = 57_344
/**
 * Entries of one device (or one person, of accounts) that are kept: the newest counts, others when it is taken back. Of accounts the
 * first so many are kept, and later ones don't count: each once counted, and whoever has another account has to be taken out of
 * the chain's members under the old one. Nobody changes it so often but to use the free quota many times over.
 */
export const entriesPerAuthorMax = 64
/** Checkpoints of one device that are looked at: when some have gone on to the next already, the one before is still whole. */
export const checkpointsPerDeviceMax = 4
/** Accounts that one change of members lets in and takes out, each: some 30,000 gas an account, so a fraction of a block. */
export const membersPerChangeMax = 32
/** Geneses of one community that are looked at, in the order of the log: the first that is one counts. */
export const genesesMax = 16
/** Validators that a change may name (ledger/chain/limits.ts says the same). */
export const validatorsMax = 100
