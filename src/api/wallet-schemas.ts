// The shapes of a person's wallet on a community's chain, and of the explorer. Amounts are decimal strings of the smallest unit
// with a text for people beside them; addresses carry EIP-55 capitals. Conventions as in schemas.ts.

import { z } from 'zod'
import { count, nameOf, timeMs } from './schema-parts.ts'

const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const address = z.string().describe('0x and 40 hexadecimal digits')
const amount = z.string().describe('In the smallest unit, as a decimal number')
const givenAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'it is not 0x and 40 hexadecimal digits')
const givenAmount = z.string().min(1).max(160).describe('As people write it: 12.5')
const account = z.int().min(0).max(1000).optional().describe('Number of the account; left out: the first')
const passphrase = z.string().max(1024).optional().describe('Of the keystore, where there is one')

// ---- the chain

const coinSchema = z.object({ name: z.string(), symbol: z.string() })
export const chainDescriptionSchema = z
  .object({
    kind: z.enum(['own', 'outside']).describe('own: run by this community; outside: reached by an RPC address'),
    chainId: count,
    name: z.string(),
    coin: coinSchema,
    trust: z.enum(['validators', 'trusted', 'operator']),
    validators: count.optional(),
    address: z.string().optional().describe('Who is asked, without what may be a key'),
    sentence: z.string().describe('What it is, and what that means'),
    warnings: listOf(z.string()),
  })
  .meta({ id: 'ChainDescription' })
export const outsideChainSchema = z.strictObject({
  chainId: z.int().min(1),
  rpc: z.string().min(1).max(512).describe('https://…, or http:// of a node on this computer'),
  name: nameOf(64),
  coin: z.strictObject({ name: nameOf(64), symbol: nameOf(12) }),
})

export const walletChainSchema = z
  .object({
    chain: chainDescriptionSchema
      .nullable()
      .describe('null: there is none, it is being opened, or the person has not agreed to what the community chose'),
  })
  .meta({ id: 'WalletChain' })
export const walletChainRequestSchema = z
  .strictObject({
    outside: z
      .union([outsideChainSchema, z.literal('own')])
      .nullable()
      .describe('null: what the community says; own: the chain that it runs itself, whatever it says'),
  })
  .meta({ id: 'WalletChainRequest' })

// ---- accounts and balances

export const walletAccountSchema = z
  .object({ index: count, address, path: z.string().describe('BIP-44'), name: z.string() })
  .meta({ id: 'WalletAccount' })
export const assetSchema = z
  .object({
    kind: z.enum(['coin', 'erc20', 'erc721', 'erc1155']),
    contract: z.string().nullable().describe('null: the coin'),
    name: z.string().describe('By the contract’s own word'),
    symbol: z.string(),
    decimals: count,
  })
  .meta({ id: 'Asset' })
export const walletBalanceSchema = z
  .object({
    asset: assetSchema,
    amount,
    text: z.string(),
    ids: listOf(z.object({ id: z.string(), amount })).describe('Pieces of ERC-721 and ERC-1155'),
    known: z.boolean().describe('false: came from somebody, and was not looked at by the person'),
  })
  .meta({ id: 'WalletBalance' })
export const walletBalancesSchema = z.object({ balances: listOf(walletBalanceSchema) }).meta({ id: 'WalletBalances' })
export const walletSchema = z
  .object({
    chain: chainDescriptionSchema,
    accounts: listOf(walletAccountSchema),
    balances: listOf(walletBalanceSchema),
    waiting: count.describe('Requests that wait for the person'),
    passphrase: z.boolean().describe('Whether confirming takes the passphrase of the keystore'),
    isPerson: z
      .boolean()
      .describe('Whether this caller may confirm: the page and the CLI may, an API token alone may not'),
  })
  .meta({ id: 'Wallet' })
export const walletAccountRequestSchema = z
  .strictObject({ name: nameOf(64), passphrase })
  .meta({ id: 'WalletAccountRequest' })
export const walletNameRequestSchema = z.strictObject({ name: z.string().max(64) }).meta({ id: 'WalletNameRequest' })
const accountQuery = z.coerce.number().int().min(0).max(1000).optional().describe('Number of the account')
export const walletQuerySchema = z.strictObject({ account: accountQuery })
export const receiveQuerySchema = z.strictObject({
  account: accountQuery,
  amount: givenAmount.optional(),
  token: givenAddress.optional(),
})
export const receiveSchema = z
  .object({ address, uri: z.string().describe('ethereum:… (EIP-681), for a QR code') })
  .meta({ id: 'Receive' })

// ---- requests

export const proposalSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('send'),
      account,
      to: z.string().min(1).max(512).describe('An address, a name of the address book, or ethereum:… (EIP-681)'),
      amount: givenAmount,
      token: givenAddress.optional().describe('A token’s contract; left out: the coin'),
      id: z
        .string()
        .regex(/^\d{1,78}$/, 'it is not a whole number')
        .optional()
        .describe('Of ERC-721 and ERC-1155'),
    }),
    z.strictObject({
      kind: z.literal('call'),
      account,
      to: givenAddress.optional().describe('Left out: a contract is created'),
      data: z.string().max(100_000).describe('0x…'),
      value: z
        .string()
        .regex(/^\d{1,78}$/, 'it is not a whole number')
        .optional()
        .describe('Smallest unit'),
      chainId: count.optional(),
    }),
    z.strictObject({ kind: z.literal('message'), account, message: z.string().min(1).max(100_000) }),
    z.strictObject({
      kind: z.literal('typed'),
      account,
      typed: z.unknown().describe('EIP-712, as eth_signTypedData_v4 takes it'),
    }),
  ])
  .meta({ id: 'ProposalRequest' })
export const walletWarningSchema = z
  .object({
    code: z.string(),
    sentence: z.string(),
    weight: z.enum(['note', 'warn', 'stop']).describe('stop: confirming takes `accept`'),
  })
  .meta({ id: 'WalletWarning' })
export const walletLineSchema = z
  .object({ label: z.string(), value: z.string(), depth: count })
  .meta({ id: 'WalletLine' })
export const walletChangeSchema = z
  .object({
    kind: z.enum(['out', 'in', 'approval', 'approval-all']),
    asset: assetSchema,
    amount,
    id: z.string().nullable(),
    other: z.string(),
    sentence: z.string(),
  })
  .meta({ id: 'WalletChange' })
export const walletFeeSchema = z
  .object({ gas: amount, maxFeePerGas: amount, maxPriorityFeePerGas: amount, most: amount, text: z.string() })
  .meta({ id: 'WalletFee' })
export const walletRequestSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['transaction', 'message', 'typed']),
    state: z.enum(['waiting', 'sending', 'sent', 'signed', 'refused', 'expired', 'failed']),
    account: address,
    sentence: z.string().describe('What it does'),
    lines: listOf(walletLineSchema).describe('All that stands in it'),
    changes: listOf(walletChangeSchema).describe('What changes for the account'),
    simulated: z
      .enum(['run', 'read', 'reverts', 'failed', 'none'])
      .describe('run: the chain tried it; read: read off the call alone'),
    warnings: listOf(walletWarningSchema),
    fee: walletFeeSchema.nullable(),
    raw: z.string(),
    by: z.enum(['person', 'program']),
    needs: z.enum(['session', 'passphrase']).describe('What confirming takes'),
    createdMs: timeMs,
    expiresMs: timeMs,
    transaction: z.string().nullable(),
    signature: z.string().nullable(),
    failure: z.object({ code: z.string(), sentence: z.string(), hint: z.string() }).nullable(),
  })
  .meta({ id: 'WalletRequestView' })
export const walletRequestsSchema = z
  .object({ requests: listOf(walletRequestSchema) })
  .meta({ id: 'WalletRequestViews' })
export const confirmRequestSchema = z
  .strictObject({ passphrase, accept: z.boolean().optional().describe('Warnings of weight `stop` were read') })
  .meta({ id: 'ConfirmRequest' })

// ---- allowances, history, names

export const allowanceSchema = z
  .object({
    asset: assetSchema,
    amount,
    spent: amount,
    text: z.string(),
    active: z
      .boolean()
      .describe('false: rests until it is set again, since the passphrase is not known here after a start'),
  })
  .meta({ id: 'Allowance' })
export const allowancesSchema = z.object({ allowances: listOf(allowanceSchema) }).meta({ id: 'Allowances' })
export const allowanceRequestSchema = z
  .strictObject({
    token: givenAddress.optional().describe('Left out: the coin'),
    amount: givenAmount.describe('In any 24 hours; 0 takes it away'),
    passphrase,
  })
  .meta({ id: 'AllowanceRequest' })
export const movementSchema = z
  .object({
    id: z.string(),
    direction: z.enum(['in', 'out', 'self', 'none']),
    asset: assetSchema,
    amount,
    tokenId: z.string().nullable(),
    text: z.string(),
    from: address,
    to: z.string().nullable(),
    transaction: z.string(),
    state: z.enum(['waiting', 'done', 'failed']),
    height: count.nullable(),
    timeMs,
    sentence: z.string(),
  })
  .meta({ id: 'Movement' })
export const movementsSchema = z
  .object({ movements: listOf(movementSchema), before: z.string().nullable(), sentence: z.string() })
  .meta({ id: 'Movements' })
export const movementsQuerySchema = z.strictObject({
  account: accountQuery,
  before: z
    .string()
    .regex(/^\d{1,15}$/, 'it is no mark')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export const contactSchema = z
  .object({
    address,
    name: z.string(),
    source: z.enum(['member', 'own', 'self']).describe('member: announced by a member, signed by that account'),
    person: z.string().nullable(),
  })
  .meta({ id: 'WalletContact' })
export const contactsSchema = z.object({ contacts: listOf(contactSchema) }).meta({ id: 'WalletContacts' })
export const tokenRequestSchema = z
  .strictObject({ known: z.boolean().describe('false: hidden') })
  .meta({ id: 'WalletTokenRequest' })

// ---- explorer

const blockLine = {
  height: count,
  hash: z.string(),
  timeMs,
  transactions: count,
  gasUsed: amount,
  gasLimit: amount,
  proposer: address,
  proposerName: z.string().nullable(),
  bytes: count.nullable(),
}
const transactionLine = {
  hash: z.string(),
  state: z.enum(['waiting', 'done', 'failed']),
  from: address,
  fromName: z.string().nullable(),
  to: z.string().nullable(),
  toName: z.string().nullable(),
  sentence: z.string(),
  value: amount,
}
export const explorerBlockLineSchema = z.object(blockLine).meta({ id: 'ExplorerBlockLine' })
export const explorerTransactionLineSchema = z.object(transactionLine).meta({ id: 'ExplorerTransactionLine' })
export const explorerBlocksSchema = z
  .object({ blocks: listOf(explorerBlockLineSchema), before: count.nullable() })
  .meta({ id: 'ExplorerBlocks' })
export const explorerBlocksQuerySchema = z.strictObject({
  before: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(50).default(20),
})
export const explorerBlockSchema = z
  .object({ ...blockLine, parent: z.string(), stateRoot: z.string(), list: listOf(explorerTransactionLineSchema) })
  .meta({ id: 'ExplorerBlock' })
const trust = z.enum(['known', 'checked', 'unchecked']).describe('unchecked: by an ABI that a person added')
export const explorerEventSchema = z
  .object({
    address,
    name: z.string().nullable().describe('Of the contract'),
    signature: z.string().nullable().describe('Transfer(address,address,uint256); null: not known'),
    trust: trust.nullable(),
    lines: listOf(walletLineSchema),
  })
  .meta({ id: 'ExplorerEvent' })
export const explorerTransactionSchema = z
  .object({
    ...transactionLine,
    height: count.nullable(),
    timeMs: timeMs.nullable(),
    nonce: count,
    type: count,
    trust: trust.nullable().describe('Whose word the name of the function is; null: there is none'),
    lines: listOf(walletLineSchema),
    moved: listOf(z.string()).describe('By the events of the contracts'),
    events: listOf(explorerEventSchema).describe('The first 100'),
    fee: z.string().nullable(),
    gasUsed: amount.nullable(),
    gasLimit: amount,
    created: z.string().nullable(),
    input: z.string(),
    logs: count,
    reason: z.string().nullable().describe('Why it failed, where that can still be told'),
  })
  .meta({ id: 'ExplorerTransaction' })
const source = {
  contract: z.string(),
  file: z.string(),
  match: z.enum(['exact', 'code']).describe('code: all but the hash of the sources'),
  sentence: z.string(),
  compiler: z.string(),
  compilerHash: z.string().describe('SHA-256 of the compiler’s file'),
  bundled: z.boolean().describe('It is the compiler that Peerhood brings along'),
  checkedMs: timeMs,
}
export const explorerSourceSchema = z
  .object({
    ...source,
    address,
    files: listOf(z.object({ path: z.string(), text: z.string() })),
    settings: z.string().describe('JSON'),
    abi: z.string().describe('JSON'),
    libraries: listOf(z.object({ name: z.string(), address })),
    immutables: listOf(z.string()).describe('Values of immutable variables, as they stand in the code'),
    creation: z.object({
      kind: z.enum(['same', 'other', 'unknown']).describe('other: what created it was not this source'),
      sentence: z.string(),
      lines: listOf(walletLineSchema).describe('What its constructor was given'),
    }),
  })
  .meta({ id: 'ExplorerSource', description: 'A source that was checked against the code at an address' })
export const verifyRequestSchema = z
  .strictObject({
    input: z
      .string()
      .min(2)
      .max(8 * 1024 * 1024)
      .describe('Standard JSON input of the compiler, a build-info file, or metadata with its files'),
    contract: z.string().min(1).max(700).optional().describe('Name, or file.sol:Name; left out: the one that fits'),
    compiler: z
      .string()
      .max(4096)
      .optional()
      .describe('Path of another solc’s soljson.js on the daemon’s computer; takes the confirm key'),
  })
  .meta({ id: 'VerifyRequest' })
export const abiRequestSchema = z
  .strictObject({
    abi: z
      .string()
      .max(256 * 1024)
      .nullable()
      .describe('JSON; null takes it away'),
  })
  .meta({ id: 'AbiRequest' })
export const explorerAccountTransactionsSchema = z
  .object({
    transactions: listOf(z.object({ ...transactionLine, height: count, timeMs })),
    hidden: count.describe('More of one block than are listed'),
    before: count.nullable(),
    sentence: z.string().describe('Which blocks were looked through'),
  })
  .meta({ id: 'ExplorerAccountTransactions' })
export const explorerAccountSchema = z
  .object({
    address,
    name: z.string().nullable(),
    isOwn: z.boolean(),
    balance: amount,
    text: z.string(),
    nonce: count,
    codeBytes: count.describe('0: an account that somebody has the key of, or nothing'),
    token: assetSchema.nullable(),
    source: z.object(source).nullable().describe('Checked against the code; null: none was'),
    hasAddedAbi: z.boolean().describe('A person added an ABI that nobody checked'),
  })
  .meta({ id: 'ExplorerAccount' })
export const explorerFoundSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('block'), height: count }),
    z.object({ kind: z.literal('transaction'), hash: z.string() }),
    z.object({ kind: z.literal('account'), address }),
  ])
  .meta({ id: 'ExplorerFound' })
export const explorerSearchQuerySchema = z.strictObject({ q: z.string().min(1).max(200) })

export type ChainDescription = z.infer<typeof chainDescriptionSchema>
export type OutsideChain = z.infer<typeof outsideChainSchema>
export type Wallet = z.infer<typeof walletSchema>
export type WalletAccount = z.infer<typeof walletAccountSchema>
export type WalletBalance = z.infer<typeof walletBalanceSchema>
export type Asset = z.infer<typeof assetSchema>
export type Receive = z.infer<typeof receiveSchema>
export type Proposal = z.infer<typeof proposalSchema>
export type WalletRequest = z.infer<typeof walletRequestSchema>
export type ConfirmRequest = z.infer<typeof confirmRequestSchema>
export type Allowance = z.infer<typeof allowanceSchema>
export type AllowanceRequest = z.infer<typeof allowanceRequestSchema>
export type Movement = z.infer<typeof movementSchema>
export type Movements = z.infer<typeof movementsSchema>
export type WalletContact = z.infer<typeof contactSchema>
export type ExplorerBlocks = z.infer<typeof explorerBlocksSchema>
export type ExplorerBlockLine = z.infer<typeof explorerBlockLineSchema>
export type ExplorerBlock = z.infer<typeof explorerBlockSchema>
export type ExplorerTransaction = z.infer<typeof explorerTransactionSchema>
export type ExplorerTransactionLine = z.infer<typeof explorerTransactionLineSchema>
export type ExplorerAccount = z.infer<typeof explorerAccountSchema>
export type ExplorerAccountTransactions = z.infer<typeof explorerAccountTransactionsSchema>
export type ExplorerEvent = z.infer<typeof explorerEventSchema>
export type ExplorerSource = z.infer<typeof explorerSourceSchema>
export type VerifyRequest = z.infer<typeof verifyRequestSchema>
export type ExplorerFound = z.infer<typeof explorerFoundSchema>
