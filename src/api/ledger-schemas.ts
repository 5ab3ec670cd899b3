// The shapes of ledgers: the chain that a community runs itself. Amounts of coin are decimal strings of wei, since JSON numbers
// end at 2^53; addresses and hashes are lower-case hex. Conventions as in schemas.ts.

import { z } from 'zod'
import { count, nameOf, timeMs } from './schema-parts.ts'

const address = z.string().describe('0x and 40 hexadecimal digits')
const hash = z.string().describe('0x and 64 hexadecimal digits')
const wei = z.string().describe('Wei, as a decimal number')
const seconds = count.describe('Seconds since 1970')
const given = (digits: number) => new RegExp(`^0x[0-9a-fA-F]{${digits}}$`)
const givenAddress = z.string().regex(given(40), 'it is not 0x and 40 hexadecimal digits')
const givenHash = z.string().regex(given(64), 'it is not 0x and 64 hexadecimal digits')
const givenWei = z.string().regex(/^\d{1,39}$/, 'it is not a whole number of at most 39 digits')
const passphrase = z.string().max(1024).optional().describe('Of the keystore, where there is one')

const coinSchema = z.object({ name: z.string(), symbol: z.string() })

const personal = {
  person: z.string().nullable().describe('did:key:… of the member it belongs to; null: nobody’s that is known'),
  name: z.string().describe('What the member is called; may be empty'),
}

export const ledgerValidatorSchema = z
  .object({
    address,
    ...personal,
    peerId: z.string().nullable(),
    inSet: z.boolean().describe('Whether it decides now'),
    willing: z.boolean().describe('Whether its computer says that it would'),
    isSelf: z.boolean(),
    online: z.boolean().describe('Whether a stream to it is open; this computer always is'),
    height: count.nullable().describe('Where it is, by its own word'),
    heardMsAgo: count.nullable(),
  })
  .meta({ id: 'LedgerValidator' })

export const ledgerFoundedSchema = z
  .object({
    name: z.string(),
    chainId: count,
    coin: coinSchema,
    genesisHash: hash.nullable().describe('Null while the chain is being opened'),
    foundedMs: timeMs,
    by: z.string(),
    others: count.describe('Foundings besides this one, which do not count'),
    quota: z.object({ gas: wei, blocks: count }),
    strangerFee: wei.nullable().describe('Wei per gas; null: strangers are refused'),
    blockTimeMs: count,
    blockGasLimit: wei,
  })
  .meta({ id: 'LedgerFounded' })

export const ledgerSettingsSchema = z
  .object({
    mode: z.enum(['full', 'light']),
    statesKept: count.nullable().describe('Blocks whose states are kept; null: all of them'),
    origins: z.array(z.string()).describe('Web pages that may ask over RPC'),
  })
  .meta({ id: 'LedgerSettings' })

export const ledgerChainSchema = z
  .object({
    height: count,
    head: hash,
    timestamp: seconds,
    heightSeen: count.describe('The highest final block that anybody told of'),
    epoch: count,
    view: count,
    leader: address.nullable().describe('Whose turn it is'),
    isOurTurn: z.boolean(),
    quorum: count,
    trusted: z.boolean().describe('Trusted mode: fewer than four validators, so none may fail or lie'),
    waiting: count.describe('Transactions that wait for a block'),
    peers: count,
    evidence: count.describe('Contradicting votes that were seen'),
    voting: z.object({ kind: z.enum(['follower', 'voting', 'asking', 'stopped']), sentence: z.string() }),
    sync: z.object({
      kind: z.enum(['level', 'blocks', 'epochs', 'snapshot', 'confirming']),
      sentence: z.string(),
    }),
    stuck: z.object({ code: z.string(), sentence: z.string() }).nullable().describe('Why it does not go on'),
    oldestBlock: count,
    oldestState: count,
  })
  .meta({ id: 'LedgerChain' })

export const ledgerMembershipSchema = z
  .object({
    members: count.describe('Accounts that transact free, by the chain'),
    joining: count.describe('Told to the community, and not let in yet'),
    leaving: count.describe('Nobody’s here any more, and members still'),
    bound: count.describe('Nobody’s here any more, and validators still'),
    signed: count.describe('Validators that have signed the change that is furthest'),
    needed: count.describe('So many have to'),
    sentence: z.string(),
  })
  .meta({ id: 'LedgerMembership' })

export const ledgerCheckpointSchema = z
  .object({
    height: count,
    block: hash,
    timestamp: seconds,
    epoch: count,
    said: count.describe('Persons who say it'),
    needed: count.describe('So many have to, for a newcomer to begin from it'),
    believed: z.boolean(),
  })
  .meta({ id: 'LedgerCheckpoint' })

export const ledgerChoiceSchema = z
  .object({
    kind: z.enum(['own', 'outside']).describe('own: the chain that the community runs itself, or none yet'),
    chainId: count.nullable(),
    name: z.string(),
    coin: coinSchema.nullable(),
    rpc: z.string().nullable().describe('Where anybody may ask it; null: each person brings an address'),
    by: z.string().nullable().describe('Who chose it; null: nobody did'),
    byName: z.string(),
    chosenMs: timeMs.nullable(),
    sentence: z.string().describe('What it is, and what that means'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'LedgerChoice' })

export const ledgerSchema = z
  .object({
    community: z.string(),
    founded: ledgerFoundedSchema.nullable().describe('Null: this community has none'),
    state: z.enum(['none', 'opening', 'running', 'down']),
    sentence: z.string(),
    chain: ledgerChainSchema.nullable().describe('Null while it is not running'),
    validators: z.array(ledgerValidatorSchema),
    changes: z
      .array(
        z.object({
          person: z.string(),
          name: z.string(),
          epoch: count,
          validators: z.array(address),
        }),
      )
      .describe('Who said that these are to follow after an epoch; it happens once a quorum says the same'),
    membership: ledgerMembershipSchema
      .nullable()
      .describe('How far the chain’s members are from the community’s; null: not known'),
    checkpoint: ledgerCheckpointSchema.nullable().describe('The newest that members told the community'),
    contradictions: z
      .array(z.object({ person: z.string(), name: z.string(), height: count, code: z.string(), sentence: z.string() }))
      .describe('Checkpoints that were told and are not in this chain'),
    choice: ledgerChoiceSchema.describe('Which chain the community uses'),
    validates: z.boolean().describe('Whether this computer says that it would validate'),
    validator: address.describe('The address that this computer validates under'),
    account: address.nullable().describe('This person’s account, as the community was told; null: not yet'),
    accounts: count.describe('Members whose accounts are known'),
    mayFound: z.boolean(),
    rpc: z.string().describe('Where wallets and tools on this computer ask: Ethereum JSON-RPC, also as ws://'),
    settings: ledgerSettingsSchema,
  })
  .meta({ id: 'Ledger' })

export const ledgerMemberSchema = z
  .object({
    address,
    ...personal,
    isSelf: z.boolean(),
    validator: z.boolean().describe('Whether it decides now'),
    state: z
      .enum(['member', 'joining', 'leaving', 'bound', 'unknown'])
      .describe(
        'member: transacts free; joining: is let in by a validator; leaving: is taken out once a quorum has signed; bound: leaves once it validates no more; unknown: a member by the chain that this community’s log says nothing of',
      ),
    sentence: z.string(),
  })
  .meta({ id: 'LedgerMember' })
export const ledgerMembersQuerySchema = z.strictObject({
  offset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})
export const ledgerMembersSchema = z
  .object({
    members: z.array(ledgerMemberSchema).describe('Those that change first, then by name'),
    total: count,
    words: z
      .array(z.object({ person: z.string(), name: z.string(), removed: z.array(address), admitted: z.array(address) }))
      .describe('What was signed of the change that is due'),
    needed: count,
  })
  .meta({ id: 'LedgerMembers' })

export const ledgerChooseRequestSchema = z
  .strictObject({
    chain: z
      .strictObject({
        chainId: z.int().min(1),
        name: nameOf(64),
        coin: z.strictObject({ name: nameOf(64), symbol: nameOf(12) }),
        rpc: z.string().min(1).max(512).optional().describe('https://…, without a key in it: every member sees it'),
      })
      .nullable()
      .describe('null: the community’s own chain'),
  })
  .meta({ id: 'LedgerChooseRequest' })

export const ledgerFoundRequestSchema = z
  .strictObject({
    name: nameOf(64).optional(),
    coin: z
      .strictObject({
        name: nameOf(64).optional(),
        symbol: z.string().regex(/^[A-Za-z0-9]{1,11}$/, 'it is not 1 to 11 letters and digits'),
      })
      .optional(),
    validators: z.array(z.string()).min(1).max(100).optional().describe('Peer ids; left out: all that offered'),
    supply: givenWei.optional().describe('Wei that the founder has at the start'),
    quota: z.strictObject({ gas: givenWei, blocks: z.int().min(1).max(10_000) }).optional(),
    strangerFee: givenWei.nullable().optional().describe('Wei per gas; null or left out: strangers are refused'),
    blockTimeMs: z.int().min(100).max(600_000).optional(),
    passphrase,
  })
  .meta({ id: 'LedgerFoundRequest' })

export const ledgerOfferRequestSchema = z
  .strictObject({ validate: z.boolean(), passphrase })
  .meta({ id: 'LedgerOfferRequest' })

export const ledgerAgreeRequestSchema = z
  .strictObject({
    validators: z.array(z.string().max(128)).min(1).max(100).describe('Who is to follow: peer ids or addresses'),
  })
  .meta({ id: 'LedgerAgreeRequest' })

export const ledgerAccountRequestSchema = z.strictObject({ passphrase }).meta({ id: 'LedgerAccountRequest' })

export const ledgerSettingsPatchSchema = z
  .strictObject({
    mode: z.enum(['full', 'light']).optional(),
    statesKept: z.int().min(256).max(1_000_000_000).nullable().optional(),
    origins: z.array(z.string().max(256)).max(32).optional(),
  })
  .meta({ id: 'LedgerSettingsPatch' })

// ---- explorer

const pageQuery = {
  before: z.coerce.number().int().nonnegative().optional().describe('Height that the page before ended at'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
}
export const ledgerPageQuerySchema = z.strictObject(pageQuery)

export const ledgerBlockSchema = z
  .object({
    height: count,
    hash,
    parent: hash,
    timestamp: seconds,
    proposer: address,
    proposerName: z.string(),
    epoch: count,
    view: count,
    transactions: count,
    gasUsed: wei,
    gasLimit: wei,
    bytes: count,
    stateRoot: hash,
    endsEpoch: z.boolean().describe('The validators change after it'),
  })
  .meta({ id: 'LedgerBlock' })

export const ledgerTransactionSchema = z
  .object({
    hash,
    state: z.enum(['waiting', 'done', 'failed']),
    height: count.nullable(),
    block: hash.nullable(),
    timestamp: seconds.nullable(),
    index: count.nullable(),
    type: count,
    from: address,
    fromName: z.string(),
    to: address.nullable().describe('Null: it creates a contract'),
    toName: z.string(),
    value: wei,
    nonce: z.string(),
    gasLimit: wei,
    gasUsed: wei.nullable(),
    gasPrice: wei.nullable(),
    created: address.nullable(),
    data: z.string().describe('0x…; cut after 4,096 bytes'),
    dataBytes: count,
    logs: count.nullable(),
  })
  .meta({ id: 'LedgerTransaction' })

const before = count.nullable().describe('For the next page; null: that was the last')
export const ledgerBlocksSchema = z.object({ blocks: z.array(ledgerBlockSchema), before }).meta({ id: 'LedgerBlocks' })
export const ledgerBlockDetailsSchema = z
  .object({ block: ledgerBlockSchema, transactions: z.array(ledgerTransactionSchema) })
  .meta({ id: 'LedgerBlockDetails' })
export const ledgerTransactionsSchema = z
  .object({ transactions: z.array(ledgerTransactionSchema), before })
  .meta({ id: 'LedgerTransactions' })

export const ledgerAccountSchema = z
  .object({
    address,
    ...personal,
    isSelf: z.boolean(),
    validator: z.boolean(),
    balance: wei,
    nonce: z.string(),
    codeBytes: count.describe('0: held by a key, not a contract'),
  })
  .meta({ id: 'LedgerAccount' })
export const ledgerAccountsQuerySchema = z.strictObject({
  offset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})
export const ledgerAccountsSchema = z
  .object({ accounts: z.array(ledgerAccountSchema), total: count })
  .meta({ id: 'LedgerAccounts', description: 'Members’ and validators’ accounts' })

export const ledgerSubmitRequestSchema = z
  .strictObject({
    raw: z
      .string()
      .max(262_146)
      .regex(/^0x([0-9a-fA-F]{2})+$/, 'it is not 0x and hexadecimal digits'),
  })
  .meta({ id: 'LedgerSubmitRequest' })
export const ledgerSubmittedSchema = z.object({ hash }).meta({ id: 'LedgerSubmitted' })

// ---- proofs

export const ledgerProofRequestSchema = z
  .union([
    z.strictObject({ balance: givenAddress, height: count.optional() }),
    z.strictObject({ transaction: givenHash }),
  ])
  .meta({ id: 'LedgerProofRequest' })
export const ledgerProofSchema = z
  .object({ file: z.string().describe('JSON; write it into a file as it is') })
  .meta({ id: 'LedgerProof' })
export const ledgerCheckRequestSchema = z
  .strictObject({ file: z.string().min(1).max(8_388_608) })
  .meta({ id: 'LedgerCheckRequest' })
export const ledgerProvenSchema = z
  .object({
    sentence: z.string(),
    chainId: count,
    name: z.string(),
    coin: coinSchema,
    genesisHash: hash.describe('Whose ledger it is: compare it with what you know'),
    community: z.string().nullable().describe('A community on this computer whose ledger it is'),
    height: count,
    block: hash,
    timestamp: seconds,
    validators: count,
    signatures: count.describe('So many of them made it final'),
    recoveries: z
      .array(
        z.object({
          fingerprint: z.string(),
          epoch: count,
          height: count,
          signatures: count,
          validators: count,
          confirmed: z.boolean().describe('On this computer, by the person'),
        }),
      )
      .describe('Agreements of people that it rests on besides: worth as much as one knows of them'),
    claim: z.union([
      z.object({ kind: z.literal('balance'), address, wei, nonce: z.string() }),
      z.object({
        kind: z.literal('transaction'),
        hash,
        from: address,
        to: address.nullable(),
        wei,
        succeeded: z.boolean(),
        gasUsed: wei.nullable(),
      }),
    ]),
  })
  .meta({ id: 'LedgerProven' })

export const ledgerExportLineSchema = z
  .union([
    z.object({ type: z.literal('ledger'), version: z.literal(1), chainId: count, name: z.string(), genesisHash: hash }),
    z.object({
      type: z.literal('recovery'),
      epoch: count.describe('The one that began with it'),
      fingerprint: z.string(),
      file: z.string().describe('What people agreed on: docs/recovery.md'),
    }),
    z.object({
      type: z.literal('block'),
      height: count,
      hash,
      timestamp: seconds,
      block: z.string().describe('RLP of the Ethereum block'),
      certificate: z.string().nullable().describe('What made it final; null: that of a later one does'),
    }),
    z.object({ type: z.literal('end'), lines: count.describe('Lines before this one') }),
  ])
  .meta({ id: 'LedgerExportLine' })

export type Ledger = z.infer<typeof ledgerSchema>
export type LedgerChain = z.infer<typeof ledgerChainSchema>
export type LedgerFounded = z.infer<typeof ledgerFoundedSchema>
export type LedgerValidator = z.infer<typeof ledgerValidatorSchema>
/** What a person chose for one ledger on this computer. */
export type LedgerSettings = z.infer<typeof ledgerSettingsSchema>
export type LedgerMembership = z.infer<typeof ledgerMembershipSchema>
export type LedgerCheckpoint = z.infer<typeof ledgerCheckpointSchema>
export type LedgerChoice = z.infer<typeof ledgerChoiceSchema>
export type LedgerMember = z.infer<typeof ledgerMemberSchema>
export type LedgerMembers = z.infer<typeof ledgerMembersSchema>
export type LedgerChooseRequest = z.input<typeof ledgerChooseRequestSchema>
export type LedgerSettingsPatch = z.input<typeof ledgerSettingsPatchSchema>
export type LedgerFoundRequest = z.input<typeof ledgerFoundRequestSchema>
export type LedgerOfferRequest = z.input<typeof ledgerOfferRequestSchema>
export type LedgerPageQuery = z.input<typeof ledgerPageQuerySchema>
export type LedgerBlock = z.infer<typeof ledgerBlockSchema>
export type LedgerBlocks = z.infer<typeof ledgerBlocksSchema>
export type LedgerBlockDetails = z.infer<typeof ledgerBlockDetailsSchema>
export type LedgerTransaction = z.infer<typeof ledgerTransactionSchema>
export type LedgerTransactions = z.infer<typeof ledgerTransactionsSchema>
export type LedgerAccount = z.infer<typeof ledgerAccountSchema>
export type LedgerAccounts = z.infer<typeof ledgerAccountsSchema>
export type LedgerProofRequest = z.input<typeof ledgerProofRequestSchema>
export type LedgerProven = z.infer<typeof ledgerProvenSchema>
export type LedgerExportLine = z.infer<typeof ledgerExportLineSchema>
