// Every bound of the wallet: what a stranger's contract, a node or a program with the token can make grow.

/** Accounts of one phrase; each is looked at when balances are read. */
export const accountsMax = 20

/** A name that a person gives an account or an address. */
export const nameCharsMax = 64

/** Names of tokens come from their contracts, which anybody may write: this much is shown. */
export const tokenNameCharsMax = 48

/** Wallets show 3 to 6; longer ones are cut. */
export const tokenSymbolCharsMax = 12

/** ERC-20 `decimals` is a byte; nobody uses more than 36, and 10^77 is past 2^256. */
export const tokenDecimalsMax = 77

/** Contracts that the wallet remembers as tokens of a chain; whoever sends more unknown ones is not heard. */
export const tokensMax = 500

/** Ids of one NFT contract that are listed; the rest is counted. */
export const tokenIdsMax = 200

/** Characters of an amount as people write it: 78 digits before the point (2^256) and 77 after it. */
export const amountCharsMax = 160

/** An `ethereum:` address; the longest honest one has an address, a chain id, and four numbers. */
export const uriCharsMax = 512

/** Requests that wait for the person; a program that proposes more is refused until some are answered. */
export const requestsWaitingMax = 50

/** Requests kept to be looked at, the answered ones among them. */
export const requestsKeptMax = 200

/** A request that nobody answered by then is void: fees and balances have moved on. */
export const requestLifetimeMs = 60 * 60 * 1000

/** Bytes of a call: EIP-3860 bounds what creates a contract to 49,152 bytes; this leaves room for arguments. */
export const callBytesMax = 128 * 1024

/** A text to sign: a person must be able to read it. */
export const messageBytesMax = 64 * 1024

/** Structured data to sign, as JSON. */
export const typedCharsMax = 64 * 1024

/** How deep structures to sign may nest: real ones have 2 to 4. */
export const typedDepthMax = 12

/** Lines that a request shows. More can't be read; what would need more is not signed. */
export const linesMax = 400

/** Characters of one value that a request shows; the whole stands in `raw`. */
export const valueCharsMax = 600

/** Changes that a request shows; the rest is counted. */
export const changesMax = 60

/** Allowances of programs: one a currency. */
export const allowancesMax = 50

/** The time that an allowance is for: any 24 hours, so that midnight gives no second one. */
export const allowanceWindowMs = 24 * 60 * 60 * 1000

/** Added to what the chain estimates: state may change until the transaction runs. In percent. */
export const gasMarginPercent = 20n

/** Gas of a plain payment to an account without code (Yellow Paper, G_transaction). */
export const transferGas = 21_000n

/** Own transactions that have no block yet; more than a pool takes of one account helps nobody. */
export const unsettledMax = 64

/** Blocks read in one go for own transactions; then others get a turn. */
export const scanBlocksAtOnce = 200

/** Blocks of a chain that is asked of others (an outside one, or light mode) that are looked back through for own transactions. */
export const scanBlocksBackMax = 1_000

/** The largest range of one `eth_getLogs`; halved where the node wants less. */
export const logsRangeMax = 10_000

/** Movements kept of one chain and account set; the oldest go. */
export const movementsMax = 20_000

/** Movements in one answer. */
export const movementsAtOnceMax = 200

/** Entries of the address book that a person writes. */
export const contactsMax = 1_000

/** Questions under way for metadata of tokens at once. */
export const metadataAtOnceMax = 4

/** Logs in one transaction or range that are read; a contract may emit thousands. */
export const logsReadMax = 10_000

/** Blocks in one answer of the explorer. */
export const explorerBlocksAtOnceMax = 50

/** Events shown of one transaction; the rest is counted. */
export const explorerEventsMax = 100

/** Blocks that are looked through for one page of an account's transactions; then the person says whether to go on. */
export const accountBlocksAtOnceMax = 500

/** The same on an outside chain: there a block may be half a megabyte, and comes from somebody else's computer. */
export const accountBlocksOutsideMax = 50

/** So many of them at a time. */
export const accountBlocksInStep = 25

/** Transactions of one account that are shown of one block; the rest is counted. */
export const accountTransactionsOfBlockMax = 50

/** Transactions shown of one block; the rest is counted. */
export const explorerTransactionsMax = 200
