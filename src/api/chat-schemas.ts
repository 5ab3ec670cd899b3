// The shapes of chat: channels and messages of one community. Conventions as in schemas.ts.

import { z } from 'zod'
import { count, nameOf, timeMs } from './schema-parts.ts'

const person = z.string().min(1).max(256).describe('did:key:…')
const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'this is not an id')
const reason = z.string().max(1000)
/** Characters; the daemon bounds the bytes, so that a message always fits into an entry. */
const text = z.string().max(10_000)

export const channelSchema = z
  .object({
    community: z.string(),
    id: z.string(),
    name: z.string().describe('Empty for direct ones: name them after `persons`'),
    topic: z.string(),
    kind: z
      .enum(['open', 'announce', 'private', 'direct'])
      .describe('announce: all read, those who may `chat.announce` write; private, direct: `persons` only'),
    persons: z.array(z.string()).nullable().describe('null for open and announce channels'),
    guests: z.boolean().describe('Whether those may write in it whose role has no `post`'),
    archived: z.boolean(),
    unread: count.describe(
      'Of the channel itself, and in threads those that mention this person; counted up to a bound',
    ),
    mentions: count.describe('Of those, the ones that mention this person or are direct'),
    lastMessageMs: timeMs.nullable(),
  })
  .meta({ id: 'Channel' })
export const channelsSchema = z.object({ channels: z.array(channelSchema) }).meta({ id: 'Channels' })
export const channelRequestSchema = z
  .strictObject({
    name: nameOf(100),
    topic: z.string().max(1000).default(''),
    kind: z.enum(['open', 'announce', 'private']).default('open'),
    persons: z.array(person).max(100).optional().describe('Who sees a private one, besides its maker'),
    guests: z.boolean().default(false).describe('Whether those may write in it whose role has no `post`'),
  })
  .meta({ id: 'ChannelRequest' })
export const channelPatchSchema = z
  .strictObject({
    name: nameOf(100).optional(),
    topic: z.string().max(1000).optional(),
    archived: z.boolean().optional(),
    persons: z
      .array(person)
      .max(100)
      .optional()
      .describe('All who are in a private one from now on; who is left out can’t read what comes after'),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'it changes nothing')
  .meta({ id: 'ChannelPatch' })
export const directRequestSchema = z.strictObject({ person }).meta({ id: 'DirectRequest' })

const attachment = {
  name: nameOf(255),
  mediaType: z.string().max(127),
  bytes: count,
  link: z.string().max(2048).describe('Link of a share: fetched like any other'),
}
export const messageSchema = z
  .object({
    community: z.string(),
    channel: z.string(),
    id: z.string().describe('Of the entry that wrote it'),
    person: z.string(),
    sentMs: timeMs.describe('By the author’s clock, made consistent with what they had read'),
    text: z.string().describe('Markdown; empty when deleted'),
    replyTo: z.string().nullable(),
    thread: z.string().nullable().describe('The message that its thread hangs from'),
    replies: count.describe('Messages in the thread that hangs from it'),
    mentions: z.array(z.string()).describe('Persons'),
    attachments: z.array(z.object(attachment)),
    reactions: z.array(z.object({ emoji: z.string(), persons: z.array(z.string()) })),
    editedMs: timeMs.nullable(),
    deleted: z.boolean().describe('By its author: others were asked to delete it; nobody can be forced'),
    hidden: z.object({ by: z.string(), reason: z.string() }).nullable().describe('By a moderator'),
  })
  .meta({ id: 'Message' })
const pageMark = z.string().min(1).max(256).optional()
export const messagesQuerySchema = z
  .strictObject({
    before: pageMark.describe('`before` of a page: what comes before it'),
    after: pageMark.describe('`after` of a page: what comes after it'),
    around: id.optional().describe('The page that has this message in its middle'),
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many messages to give at most'),
    thread: id.optional().describe('Only those of the thread that hangs from this message'),
  })
  .refine(({ before, after, around }) => [before, after, around].filter((one) => one !== undefined).length < 2, {
    message: 'give one of before, after and around; without them the newest come',
  })
export const messagesSchema = z
  .object({
    messages: z.array(messageSchema).describe('Oldest first'),
    before: z.string().nullable().describe('Pass it for the page before; null at the beginning'),
    after: z.string().nullable().describe('Pass it for the page after; null at the end'),
  })
  .meta({ id: 'Messages' })
export const messageRequestSchema = z
  .strictObject({
    text: text.default(''),
    replyTo: id.optional(),
    thread: id.optional().describe('The message that the thread hangs from'),
    attachments: z.array(z.strictObject(attachment)).max(10).default([]),
  })
  .refine((request) => request.text.trim() !== '' || request.attachments.length > 0, {
    message: 'give text or an attachment',
    path: ['text'],
  })
  .meta({ id: 'MessageRequest', description: 'Text, attachments or both' })
export const messagePatchSchema = z
  .strictObject({ text: text.refine((value) => value.trim() !== '', 'it is empty') })
  .meta({ id: 'MessagePatch' })
export const hideRequestSchema = z.strictObject({ reason }).meta({ id: 'HideRequest' })
export const reportRequestSchema = z.strictObject({ reason }).meta({ id: 'ReportRequest' })
export const muteRequestSchema = z
  .strictObject({
    untilMs: timeMs.nullable().default(null).describe('null: until somebody ends it'),
    reason: reason.default(''),
  })
  .meta({ id: 'MuteRequest' })
export const mutesSchema = z
  .object({
    mutes: z.array(
      z.object({
        person: z.string(),
        by: z.string(),
        reason: z.string(),
        sinceMs: timeMs,
        untilMs: timeMs.nullable().describe('null: until somebody ends it'),
      }),
    ),
  })
  .meta({ id: 'Mutes' })
export const reportsSchema = z
  .object({
    reports: z.array(z.object({ message: messageSchema, by: z.string(), reason: z.string(), atMs: timeMs })),
  })
  .meta({ id: 'Reports' })
export const readRequestSchema = z
  .strictObject({ message: id.describe('Everything up to this one has been read') })
  .meta({ id: 'ReadRequest' })

export const searchQuerySchema = z.strictObject({
  q: nameOf(256).describe('Words that a message must have'),
  channel: id.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})
export const foundSchema = z
  .object({
    found: z.array(
      z.object({
        message: messageSchema,
        snippet: z.array(z.object({ text: z.string(), match: z.boolean() })).describe('Parts of the text, in order'),
      }),
    ),
  })
  .meta({ id: 'Found' })

export type Channel = z.infer<typeof channelSchema>
export type ChannelRequest = z.input<typeof channelRequestSchema>
export type ChannelPatch = z.infer<typeof channelPatchSchema>
export type Attachment = Message['attachments'][number]
export type Message = z.infer<typeof messageSchema>
export type MessageRequest = z.input<typeof messageRequestSchema>
/** A page of a channel's or a thread's messages. */
export type Messages = z.infer<typeof messagesSchema>
export type Mute = z.infer<typeof mutesSchema>['mutes'][number]
export type MuteRequest = z.input<typeof muteRequestSchema>
export type Report = z.infer<typeof reportsSchema>['reports'][number]
/** A message that a search found, with the part of its text that matches. */
export type FoundMessage = z.infer<typeof foundSchema>['found'][number]
