// The words of chat: channels with messages, in one community. Everything is entries of the app `chat`; core.ts says
// what each changes, view.ts keeps the result in SQLite, the same whatever order entries arrive in.
// docs/protocol/chat.md is the normative page.

import type { Brand } from '../../base/brand.ts'
import type { Cancel } from '../../base/ports.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId, EntryId } from '../../log/types.ts'

/** Lower-case hex of 16 bytes that commit to who made it (core.ts). `general`, which every community has, is 32 zeros. */
export type ChannelId = Brand<string, 'ChannelId'>
/** A message is named by the entry that wrote it. */
export type MessageId = EntryId

export interface Channel {
  readonly community: CommunityId
  readonly id: ChannelId
  readonly name: string
  readonly topic: string
  /** `open`: all members; `announce`: all read, those who may `chat.announce` write; `private`, `direct`: `persons` only. */
  readonly kind: 'open' | 'announce' | 'private' | 'direct'
  /** Undefined for open and announce channels. */
  readonly persons: readonly PersonDid[] | undefined
  /** Whether those may write in it whose role has no `post`. */
  readonly guests: boolean
  readonly archived: boolean
  /** Of the main flow, and those in threads that mention this person; counted up to `unreadCountMax`. */
  readonly unread: number
  /** Unread ones that mention this person, or are direct; counted up to `unreadCountMax`. */
  readonly mentions: number
  readonly lastMessageMs: number | undefined
}

/** Seals channel keys to devices; community/boxes.ts does it in production. */
export interface ChannelKeys {
  /** Lockboxes for each active device of these members, at most `channelDevicesMax` devices in all. */
  sealTo(community: CommunityId, persons: readonly PersonDid[], key: Uint8Array): Uint8Array
  /** The 32 bytes that are in them for this device; undefined: nothing is. Never throws, whatever it is given. */
  open(community: CommunityId, boxes: Uint8Array): Uint8Array | undefined
}

/** A file offered with a message: a share of content/, fetched like any other. */
export interface Attachment {
  readonly name: string
  readonly mediaType: string
  readonly bytes: number
  /** `peerhood:…` read link of a private share. */
  readonly link: string
}

export interface Reaction {
  readonly emoji: string
  readonly persons: readonly PersonDid[]
}

export interface Message {
  readonly community: CommunityId
  readonly channel: ChannelId
  readonly id: MessageId
  readonly person: PersonDid
  /** ms since 1970 by the author's clock, made consistent with what they had read. */
  readonly sentMs: number
  /** Markdown; empty when deleted. */
  readonly text: string
  readonly replyTo: MessageId | undefined
  /** The message that its thread hangs from. */
  readonly thread: MessageId | undefined
  readonly replies: number
  readonly mentions: readonly PersonDid[]
  readonly attachments: readonly Attachment[]
  readonly reactions: readonly Reaction[]
  readonly editedMs: number | undefined
  /** By its author: others were asked to delete it; nobody can be forced. */
  readonly deleted: boolean
  /** By a moderator: shown as hidden, with who did it and why. */
  readonly hidden: { readonly by: PersonDid; readonly reason: string } | undefined
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[]
  /** Pass as `before` for the page before; undefined at the beginning. */
  readonly before: string | undefined
  /** Pass as `after` for the page after; undefined at the end. */
  readonly after: string | undefined
}

/** Where a page lies: before or after a mark, around a message; at the end when nothing is said. */
export interface PageAt {
  readonly before?: string
  readonly after?: string
  readonly around?: MessageId
}

export interface Found {
  readonly message: Message
  /** Parts of the text; `match` marks what was searched for. */
  readonly snippet: readonly { readonly text: string; readonly match: boolean }[]
}

export interface Mute {
  readonly person: PersonDid
  readonly by: PersonDid
  readonly reason: string
  readonly sinceMs: number
  /** Undefined: until somebody lifts it. */
  readonly untilMs: number | undefined
}

export interface Report {
  readonly message: Message
  readonly by: PersonDid
  readonly reason: string
  readonly atMs: number
}

export type ChatEvent =
  /** New or changed. */
  | { readonly type: 'message'; readonly message: Message; readonly isNew: boolean }
  | { readonly type: 'channel'; readonly channel: Channel }
  /** The view was rebuilt, much changed at once, or something is not shown any more: read everything anew. */
  | { readonly type: 'rebuilt'; readonly community: CommunityId }

export interface SendRequest {
  readonly channel: ChannelId
  readonly text: string
  readonly replyTo?: MessageId
  readonly thread?: MessageId
  readonly attachments?: readonly Attachment[]
}

/** Rejects with `chatErrors` and those of community/ only. */
export interface Chat {
  channels(community: CommunityId): readonly Channel[]
  channel(community: CommunityId, channel: ChannelId): Channel
  /** The key of a private channel that is here, for what is said of it without being written (presence.ts). */
  channelKey(community: CommunityId, channel: ChannelId): Uint8Array | undefined
  /** `limit` messages of a channel, or of a thread, at one place. */
  messages(
    community: CommunityId,
    channel: ChannelId,
    options: PageAt & { readonly limit: number; readonly thread?: MessageId },
  ): MessagePage
  message(community: CommunityId, id: MessageId): Message
  search(
    community: CommunityId,
    query: string,
    options: { readonly limit: number; readonly channel?: ChannelId },
  ): readonly Found[]
  /** What was reported to this person as a moderator, newest first. */
  reports(community: CommunityId): readonly Report[]
  /** Who is muted now. */
  mutes(community: CommunityId): readonly Mute[]

  createChannel(
    community: CommunityId,
    request: {
      readonly name: string
      readonly topic?: string
      readonly kind: 'open' | 'announce' | 'private'
      /** Besides oneself; of a private channel only. */
      readonly persons?: readonly PersonDid[]
      readonly guests?: boolean
    },
  ): Promise<Channel>
  changeChannel(
    community: CommunityId,
    channel: ChannelId,
    patch: {
      readonly name?: string
      readonly topic?: string
      readonly archived?: boolean
      /** All who are in it from now on; of a private channel only. Who is left out gets a new key's messages no more. */
      readonly persons?: readonly PersonDid[]
    },
  ): Promise<Channel>
  /** The direct channel with one other member; made when there is none. */
  direct(community: CommunityId, person: PersonDid): Promise<Channel>
  send(community: CommunityId, request: SendRequest): Promise<Message>
  edit(community: CommunityId, message: MessageId, text: string): Promise<Message>
  delete(community: CommunityId, message: MessageId): Promise<Message>
  react(community: CommunityId, message: MessageId, emoji: string, on: boolean): Promise<Message>
  hide(community: CommunityId, message: MessageId, reason: string): Promise<Message>
  unhide(community: CommunityId, message: MessageId): Promise<Message>
  mute(community: CommunityId, person: PersonDid, untilMs: number | undefined, reason?: string): Promise<void>
  unmute(community: CommunityId, person: PersonDid): Promise<void>
  report(community: CommunityId, message: MessageId, reason: string): Promise<void>
  /** Everything up to this message has been read here (and on the person's other devices). */
  markRead(community: CommunityId, channel: ChannelId, message: MessageId): Promise<void>

  on(listener: (event: ChatEvent) => void): Cancel
  /** Ends timers; read markers that were not written yet are when it is started again. */
  stop(): void
}
