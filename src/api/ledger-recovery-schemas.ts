// The shapes of a recovery ceremony (docs/recovery.md). Conventions as in ledger-schemas.ts.

import { z } from 'zod'
import { count, timeMs } from './schema-parts.ts'

const address = z.string().describe('0x and 40 hexadecimal digits')
const hash = z.string().describe('0x and 64 hexadecimal digits')
const file = z.string().describe('The bytes of the file, as 0x and hexadecimal digits')
const fingerprint = z.string().describe('Eight groups of four digits, to be read aloud')
/** 100 validators, as many signatures, and the statement: 8,596 bytes (ledger/validator/recovery-wire.ts). */
const givenFile = z
  .string()
  .max(17_500)
  .regex(/^0x([0-9a-fA-F]{2})+$/, 'it is not 0x and hexadecimal digits')
const passphrase = z.string().max(1024).optional().describe('Of the keystore, where there is one')

export const ledgerRecoveryPersonSchema = z
  .object({
    address,
    name: z.string().describe('What the member is called whose computer it is; may be empty'),
    isSelf: z.boolean(),
    online: z.boolean(),
  })
  .meta({ id: 'LedgerRecoveryPerson' })

export const ledgerRecoveryFileSchema = z
  .object({
    file,
    fingerprint,
    standing: z
      .enum(['open', 'ready', 'early', 'taken', 'refused'])
      .describe(
        'open: more have to sign; ready: it may be confirmed; early: this chain is not there yet, so who signed is checked later; ' +
          'taken: the ledger went on by it; refused: it must not be confirmed',
      ),
    sentence: z.string(),
    genesisHash: hash,
    height: count.describe('Of the last final block: what came after it is given up'),
    block: hash,
    epoch: count.describe('The one that begins'),
    validators: z.array(ledgerRecoveryPersonSchema).describe('Who is to decide'),
    signed: z.array(ledgerRecoveryPersonSchema),
    missing: z.array(ledgerRecoveryPersonSchema).describe('Of the last validators, who did not sign'),
    needed: count.nullable().describe('So many have to sign at least; null: the last validators are not known here'),
    maySign: z.boolean().describe('Whether this computer is one of the last validators and did not sign yet'),
  })
  .meta({ id: 'LedgerRecoveryFile' })

export const ledgerRecoverySchema = z
  .object({
    sentence: z.string(),
    height: count,
    block: hash,
    epoch: count.describe('The one in force'),
    validators: z.array(ledgerRecoveryPersonSchema).describe('Of the set in force'),
    candidates: z.array(ledgerRecoveryPersonSchema).describe('Who could decide: those who are there, or offer to'),
    needed: count.describe('So many of them have to sign'),
    bearable: count.describe('So many may be away'),
    isNeeded: z.boolean().describe('More are away than may be, or others went on by a recovery that is not known here'),
    maySign: z.boolean(),
    needs: z.enum(['session', 'passphrase']).describe('What signing and confirming take'),
    confirmed: z
      .array(z.object({ epoch: count, fingerprint, confirmedMs: timeMs, file: ledgerRecoveryFileSchema.nullable() }))
      .describe('On this computer, oldest first'),
  })
  .meta({ id: 'LedgerRecovery' })

export const ledgerRecoveryStateRequestSchema = z
  .strictObject({
    validators: z.array(z.string().max(128)).min(1).max(100).describe('Who is to decide: peer ids or addresses'),
  })
  .meta({ id: 'LedgerRecoveryStateRequest' })
export const ledgerRecoveryCheckRequestSchema = z
  .strictObject({ file: givenFile })
  .meta({ id: 'LedgerRecoveryCheckRequest' })
export const ledgerRecoverySignRequestSchema = z
  .strictObject({ file: givenFile, passphrase })
  .meta({ id: 'LedgerRecoverySignRequest' })
export const ledgerRecoveryConfirmRequestSchema = z
  .strictObject({
    file: givenFile,
    fingerprint: z.string().min(1).max(80).describe('As the others read it aloud'),
    passphrase,
  })
  .meta({ id: 'LedgerRecoveryConfirmRequest' })
export const ledgerRecoveryForgetRequestSchema = z
  .strictObject({ epoch: z.int().min(1), passphrase })
  .meta({ id: 'LedgerRecoveryForgetRequest' })

export type LedgerRecovery = z.infer<typeof ledgerRecoverySchema>
export type LedgerRecoveryFile = z.infer<typeof ledgerRecoveryFileSchema>
export type LedgerRecoveryPerson = z.infer<typeof ledgerRecoveryPersonSchema>
