// The shapes of copies: how many of a share are to be on other computers and where they are, and for whom this one keeps
// some. Conventions as in schemas.ts.

import { z } from 'zod'
import { count, timeMs } from './schema-parts.ts'

const person = z.string().describe('did:key:…')
const words = z.array(z.string()).describe('Six words that tell this person from all others, to compare by voice')
const label = z.string().describe('What the computer is called, by its own word; may be empty')

export const copySchema = z
  .object({
    peerId: z.string(),
    label,
    standing: z
      .enum(['alive', 'behind', 'arriving', 'checking', 'stalled', 'refused', 'unproven', 'lost'])
      .describe(
        'alive: reached lately, has the newest version and showed blocks of it; behind: an older one; unproven: could not ' +
          'show what it says it has; the last four do not count, another computer is asked',
      ),
    sentence: z.string(),
    sequence: count.describe('Version that is there; 0: none'),
    blocks: count.describe('Blocks of it that are there'),
    placedMs: timeMs.describe('When it was asked for'),
    provenMs: timeMs.nullable().describe('When it last showed random blocks'),
  })
  .meta({ id: 'Copy' })

export const shareCopiesSchema = z
  .object({
    shareId: z.string(),
    copies: count.describe('How many are wanted beside the one here'),
    alive: count,
    sentence: z.string(),
    where: z.array(copySchema).describe('Those that are alive come first'),
  })
  .meta({ id: 'ShareCopies' })

export const copyKeeperSchema = z
  .object({
    peerId: z.string(),
    label,
    state: z.enum(['here', 'away', 'lost']).describe('lost: not reached for so long that its copies do not count'),
    bytesFree: count.nullable().describe('What it would still take; null: not known yet'),
    copies: count,
    seenMs: timeMs.nullable(),
  })
  .meta({ id: 'CopyKeeper', description: 'A computer that agreed to keep copies for this person' })

export const agreementSchema = z
  .object({
    person,
    words,
    name: z.string().describe('What their link calls them, proven by nothing; may be empty'),
    bytesMax: count,
    bytes: count.describe('Of what is held for them, or on its way'),
    copies: count,
    sinceMs: timeMs,
    askedMs: timeMs.nullable().describe('When a computer of theirs asked last; null: not yet'),
  })
  .meta({ id: 'Agreement', description: 'This computer keeps copies of what a person asks it to' })

export const copiesSchema = z
  .object({
    shares: z.array(shareCopiesSchema).describe('Own shares that are to have copies, or still have some'),
    keepers: z.array(copyKeeperSchema),
    agreements: z.array(agreementSchema),
  })
  .meta({ id: 'Copies' })

export const copiesRequestSchema = z
  .strictObject({ copies: z.int().min(0).max(16).describe('Beside the one here; 0: no longer any') })
  .meta({ id: 'CopiesRequest' })

export const agreementRequestSchema = z
  .strictObject({
    for: z.string().min(1).max(8192).describe('A contact link, or did:key:… of somebody in a community in common'),
    bytesMax: z.int().min(1).describe('For all copies of this person together'),
  })
  .meta({ id: 'AgreementRequest' })

export type Copy = z.infer<typeof copySchema>
export type ShareCopies = z.infer<typeof shareCopiesSchema>
/** A computer that agreed to keep copies for this person. */
export type CopyKeeper = z.infer<typeof copyKeeperSchema>
/** This computer keeps copies of what a person asks it to. */
export type Agreement = z.infer<typeof agreementSchema>
export type Copies = z.infer<typeof copiesSchema>
export type AgreementRequest = z.input<typeof agreementRequestSchema>
