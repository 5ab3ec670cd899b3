// The shapes of how two persons who share no community come to talk: contact, requests, who is blocked. Conventions as in
// schemas.ts. A conversation itself is a community (community-schemas.ts) with `purpose` direct.

import { z } from 'zod'
import { count, nameOf, timeMs } from './schema-parts.ts'

const memberName = nameOf(64).describe('How this person is called in the conversation')
const words = z.array(z.string()).describe('Six words that tell this person from all others, to compare by voice')
const person = z.string().describe('did:key:…')
const text = z.string().min(1).max(1000)
const who = z
  .enum(['link', 'community', 'nobody'])
  .describe('Who may ask: everybody with the link (and members of a community in common), only the latter, nobody')

export const contactSchema = z
  .object({
    person,
    words,
    name: z.string().nullable().describe('What the link calls this person; null: nothing'),
    who,
    link: z.string().describe('To hand on: whoever has it may ask'),
  })
  .meta({ id: 'Contact' })
export const contactPatchSchema = z
  .strictObject({ name: nameOf(64).optional(), who: who.optional() })
  .refine((patch) => Object.keys(patch).length > 0, 'it changes nothing')
  .meta({ id: 'ContactPatch' })

export const directRequestSchema = z
  .object({
    id: z.string(),
    person: person.describe('did:key:…; proven by a certificate'),
    words,
    peerId: z.string(),
    name: z.string().describe('By their own word'),
    text: z.string().describe('The message with which they ask'),
    community: z.string().describe('The conversation that begins when it is accepted'),
    state: z.enum(['pending', 'accepted', 'refused', 'withdrawn']),
    askedMs: timeMs.describe('By the asker’s clock'),
    receivedMs: timeMs,
  })
  .meta({ id: 'DirectAsker' })
export const directRequestsSchema = z.object({ requests: z.array(directRequestSchema) }).meta({ id: 'DirectAskers' })
export const acceptRequestSchema = z.strictObject({ memberName }).meta({ id: 'AcceptRequest' })

export const directAskRequestSchema = z
  .strictObject({
    to: z.string().min(1).max(8192).describe('A contact link, or the peer id of a member of a community in common'),
    memberName,
    text: text.describe('The first message: who one is and what one wants'),
  })
  .meta({ id: 'DirectAskRequest' })
export const directAskSchema = z
  .object({
    id: z.string(),
    person,
    words,
    name: z.string().describe('What the link calls them; proven by nothing'),
    memberName: z.string(),
    text: z.string(),
    community: z.string().describe('The conversation that waits for them'),
    state: z.enum(['waiting', 'delivered', 'accepted', 'crossed', 'refused', 'expired', 'failed', 'done', 'cancelled']),
    reason: z
      .enum(['declined', 'closed', 'link_needed', 'later', 'not_here', 'clock', 'other_person'])
      .nullable()
      .describe('Why it was refused or failed'),
    sentence: z.string(),
    askedMs: timeMs,
    reachedMs: timeMs.nullable().describe('When their computer was reached last; null: not yet'),
    againMs: timeMs.nullable().describe('When one may ask again, after a refusal'),
    conversation: z.string().nullable().describe('The conversation that came of it, with `done`'),
  })
  .meta({ id: 'DirectAsk' })
export const directAsksSchema = z.object({ asks: z.array(directAskSchema) }).meta({ id: 'DirectAsks' })

export const conversationSchema = z
  .object({
    community: z.string().describe('Its id; messages are those of this community'),
    channel: z.string().describe('The one channel that it has'),
    person: person.nullable().describe('The other; null: nobody has come'),
    words,
    name: z.string().describe('What the other calls themself'),
    state: z
      .enum(['joining', 'open', 'alone', 'left', 'blocked'])
      .describe('joining: their computer is not reached yet; alone: the other has left; left: this person has'),
    sentence: z.string(),
    unread: count,
    lastMessageMs: timeMs.nullable(),
  })
  .meta({ id: 'Conversation' })
export const conversationsSchema = z
  .object({ conversations: z.array(conversationSchema) })
  .meta({ id: 'Conversations' })

export const blockedSchema = z.object({ person, words, name: z.string(), sinceMs: timeMs }).meta({ id: 'Blocked' })
export const blockedListSchema = z.object({ blocked: z.array(blockedSchema) }).meta({ id: 'BlockedList' })

export type Contact = z.infer<typeof contactSchema>
export type ContactPatch = z.input<typeof contactPatchSchema>
/** Somebody asks this person. */
export type DirectRequest = z.infer<typeof directRequestSchema>
export type AcceptRequest = z.input<typeof acceptRequestSchema>
/** What this person asks. */
export type DirectAsk = z.infer<typeof directAskSchema>
export type DirectAskRequest = z.input<typeof directAskRequestSchema>
export type Conversation = z.infer<typeof conversationSchema>
export type Blocked = z.infer<typeof blockedSchema>
