// The SDK's words for communities and chat; see docs/sdk.md.

import type {
  Applicant,
  Ask,
  AskRequest,
  Code,
  CodeRequest,
  DecisionRequest,
  DeviceCodeRequest,
  DeviceJoined,
  DeviceJoinRequest,
  EnterRequest,
  OwnDevice,
} from '../api/admission-schemas.ts'
import type {
  Channel,
  ChannelPatch,
  ChannelRequest,
  FoundMessage,
  Message,
  MessageRequest,
  Messages,
  Mute,
  MuteRequest,
  Report,
} from '../api/chat-schemas.ts'
import type {
  Activity,
  Community,
  CommunityPatch,
  ExportLine,
  FoundRequest,
  Invitation,
  Invite,
  InviteRequest,
  JoinRequest,
  Keeper,
  KeeperRequest,
  KeepRequest,
  Member,
  Presence,
  Role,
  RoleRequest,
  SelfPatch,
  Sync,
  Verification,
} from '../api/community-schemas.ts'
import type {
  AcceptRequest,
  Blocked,
  Contact,
  ContactPatch,
  Conversation,
  DirectAsk,
  DirectAskRequest,
  DirectRequest,
} from '../api/direct-schemas.ts'
import type { CallOptions, WatchOptions } from './types.ts'

export type {
  Applicant,
  Ask,
  AskRequest,
  Code,
  CodeEnded,
  CodeRequest,
  DecisionRequest,
  DeviceAdded,
  DeviceCodeRequest,
  DeviceJoined,
  DeviceJoinRequest,
  EnterRequest,
  OwnDevice,
} from '../api/admission-schemas.ts'
export type {
  Attachment,
  Channel,
  ChannelPatch,
  ChannelRequest,
  FoundMessage,
  Message,
  MessageRequest,
  Messages,
  Mute,
  MuteRequest,
  Report,
} from '../api/chat-schemas.ts'
export type {
  Activity,
  ActivityEntry,
  Community,
  CommunityPatch,
  Device,
  ExportLine,
  FoundRequest,
  Invitation,
  Invite,
  InviteRequest,
  JoinRequest,
  Keeper,
  KeeperRequest,
  KeepRequest,
  Member,
  Presence,
  Role,
  RoleRequest,
  SelfPatch,
  Sync,
  Verification,
} from '../api/community-schemas.ts'
export type {
  AcceptRequest,
  Blocked,
  Contact,
  ContactPatch,
  Conversation,
  DirectAsk,
  DirectAskRequest,
  DirectRequest,
} from '../api/direct-schemas.ts'

export interface PageOptions extends CallOptions {
  /** `before` of the last page; without it the newest come. */
  readonly before?: string
  /** How many to give at most, up to 200; default 50. */
  readonly limit?: number
}

export interface MessagesOptions extends PageOptions {
  /** `after` of a page: what comes after it. Instead of `before`, as is `around`. */
  readonly after?: string
  /** The page that has this message in its middle. Throws `message_unknown`. */
  readonly around?: string
  /** Only those of the thread that hangs from this message. */
  readonly thread?: string
}

export interface SearchOptions extends CallOptions {
  readonly channel?: string
  /** How many to give at most, up to 100; default 50. */
  readonly limit?: number
}

export interface FollowOptions extends WatchOptions {
  /** How many messages that are there already come first, up to 200; default 0. */
  readonly history?: number
  /** Only the thread that hangs from this message; left out: the channel, without what hangs from its messages. */
  readonly thread?: string
}

export interface FollowedMessage {
  readonly message: Message
  /** `history`: it was there before. `new`: it was written, or came, since. `changed`: edited, deleted, hidden, reacted to, replied to. */
  readonly how: 'history' | 'new' | 'changed'
}

/** `id` is a community's. Members are named by person (`did:key:…`). */
export interface CommunityCalls {
  list(options?: CallOptions): Promise<Community[]>
  get(id: string, options?: CallOptions): Promise<Community>
  found(request: FoundRequest, options?: CallOptions): Promise<Community>
  /** Joins with an invite link; waits up to three minutes until somebody who has the community is reached. */
  join(request: JoinRequest, options?: CallOptions): Promise<Community>
  /** Holds a community for others, without being able to read it. */
  keep(request: KeepRequest, options?: CallOptions): Promise<Community>
  /** Name, description, whether newcomers can read the past. */
  change(id: string, patch: CommunityPatch, options?: CallOptions): Promise<Community>
  /** What this person is called in it; whether others see that they are online. */
  changeSelf(id: string, patch: SelfPatch, options?: CallOptions): Promise<Community>
  leave(id: string, options?: CallOptions): Promise<Community>
  /** Deletes it from this computer; the others keep it. */
  forget(id: string, options?: CallOptions): Promise<void>
  /** The community now, then after each change of it or of its members, until it is forgotten. Ends quietly on abort. */
  watch(id: string, options?: WatchOptions): AsyncIterable<Community>

  members(id: string, options?: CallOptions): Promise<Member[]>
  setRole(id: string, person: string, role: string, options?: CallOptions): Promise<Member>
  removeMember(id: string, person: string, options?: CallOptions): Promise<void>
  removeDevice(id: string, device: string, options?: CallOptions): Promise<void>
  roles(id: string, options?: CallOptions): Promise<Role[]>
  /** Makes a role of the community's own, or changes it. */
  defineRole(id: string, role: RoleRequest, options?: CallOptions): Promise<Role[]>
  /** Who is online or typing, as far as is known here. */
  presence(id: string, options?: CallOptions): Promise<Presence[]>

  invites(id: string, options?: CallOptions): Promise<Invite[]>
  /** Makes an invite; its link is told this once. */
  invite(id: string, request?: InviteRequest, options?: CallOptions): Promise<Invitation>
  revokeInvite(id: string, invite: string, options?: CallOptions): Promise<void>
  /** The link that lets others hold the community without reading it. */
  keepLink(id: string, options?: CallOptions): Promise<string>
  keepers(id: string, options?: CallOptions): Promise<Keeper[]>
  addKeeper(id: string, keeper: KeeperRequest, options?: CallOptions): Promise<Keeper>
  removeKeeper(id: string, peerId: string, options?: CallOptions): Promise<void>

  /** Codes that are open, with their words. */
  codes(id: string, options?: CallOptions): Promise<Code[]>
  /** Makes a code to say aloud: it lets one person in within ten minutes. An event `code-ended` tells what came of it. */
  openCode(id: string, request?: CodeRequest, options?: CallOptions): Promise<Code>
  cancelCode(id: string, nameplate: number, options?: CallOptions): Promise<void>
  /** Comes in by a code that somebody nearby says; waits until the community's log is here. */
  enter(request: EnterRequest, options?: CallOptions): Promise<Community>
  /** The link with which others ask to be let in; it holds no secret. */
  requestLink(id: string, options?: CallOptions): Promise<string>
  /** Who asks to be let in, and who is blocked. */
  requests(id: string, options?: CallOptions): Promise<Applicant[]>
  /** Lets somebody in who asks, refuses or blocks them. */
  decide(id: string, device: string, decision: DecisionRequest, options?: CallOptions): Promise<void>
  /** Asks to be let in; the daemon goes on asking until a member has decided, and tells of it by events `ask`. */
  ask(request: AskRequest, options?: CallOptions): Promise<Ask>
  /** What this computer asks for, and answers that were not taken off the list. */
  asks(options?: CallOptions): Promise<Ask[]>
  cancelAsk(id: string, options?: CallOptions): Promise<void>

  /** Who did what, with proof, newest first. */
  activity(id: string, options?: PageOptions): Promise<Activity>
  sync(id: string, options?: CallOptions): Promise<Sync>
  /** Checks every signature and hash; takes a while for a large log. */
  verify(id: string, options?: CallOptions): Promise<Verification>
  /** Everything that this person may read, line by line; throws when it breaks off before its end. */
  export(id: string, options?: CallOptions): AsyncIterable<ExportLine>
}

/** The devices of this person. */
export interface DeviceCalls {
  list(options?: CallOptions): Promise<OwnDevice[]>
  /** Codes that are open, with their words. */
  codes(options?: CallOptions): Promise<Code[]>
  /**
   * Makes a code to enter on another computer, which then becomes one of this person's, with everything they may read.
   * Events `code-ended` and `device-added` tell what came of it.
   */
  openCode(request?: DeviceCodeRequest, options?: CallOptions): Promise<Code>
  cancelCode(nameplate: number, options?: CallOptions): Promise<void>
  /** Makes this computer a device of the person who shows the code; the person until now is put aside. */
  join(request: DeviceJoinRequest, options?: CallOptions): Promise<DeviceJoined>
}

/** Conversations with persons of whom one need not share a community. What is said in one goes by {@link ChatCalls}. */
export interface DirectCalls {
  /** Those there are, the last used first; `community` and `channel` name where to read and write. */
  list(options?: CallOptions): Promise<Conversation[]>
  /** The link with which others ask this person, and who may. */
  contact(options?: CallOptions): Promise<Contact>
  changeContact(patch: ContactPatch, options?: CallOptions): Promise<Contact>
  /** Makes a new link; those that were handed out before are good for nothing. */
  renewContact(options?: CallOptions): Promise<Contact>

  /** Who asks this person; events `direct-request` tell of new ones. */
  requests(options?: CallOptions): Promise<DirectRequest[]>
  /** The conversation, which opens as soon as the computers reach each other. */
  accept(id: string, request: AcceptRequest, options?: CallOptions): Promise<Community>
  refuse(id: string, options?: CallOptions): Promise<void>

  /** Whom this person asks, and answers that were not taken off the list; events `direct-ask` tell how it goes on. */
  asks(options?: CallOptions): Promise<DirectAsk[]>
  /** Asks somebody to talk; the daemon goes on until they have answered. */
  ask(request: DirectAskRequest, options?: CallOptions): Promise<DirectAsk>
  cancel(id: string, options?: CallOptions): Promise<void>

  blocked(options?: CallOptions): Promise<Blocked[]>
  /** By person (`did:key:…`): what they ask is refused without a word, and conversations with them rest. */
  block(person: string, options?: CallOptions): Promise<Blocked>
  unblock(person: string, options?: CallOptions): Promise<void>
}

/** `community` and `channel` are ids; so is `message`. */
export interface ChatCalls {
  channels(community: string, options?: CallOptions): Promise<Channel[]>
  createChannel(community: string, request: ChannelRequest, options?: CallOptions): Promise<Channel>
  changeChannel(community: string, channel: string, patch: ChannelPatch, options?: CallOptions): Promise<Channel>
  /** The direct channel with one other member; made when there is none. */
  direct(community: string, person: string, options?: CallOptions): Promise<Channel>

  /** A page of messages, oldest first: before or after a mark, around a message; else the newest. */
  messages(community: string, channel: string, options?: MessagesOptions): Promise<Messages>
  message(community: string, message: string, options?: CallOptions): Promise<Message>
  send(community: string, channel: string, request: MessageRequest, options?: CallOptions): Promise<Message>
  edit(community: string, message: string, text: string, options?: CallOptions): Promise<Message>
  /** Asks everybody to delete an own message; nobody can be forced. */
  delete(community: string, message: string, options?: CallOptions): Promise<Message>
  react(community: string, message: string, emoji: string, options?: CallOptions): Promise<Message>
  unreact(community: string, message: string, emoji: string, options?: CallOptions): Promise<Message>
  search(community: string, query: string, options?: SearchOptions): Promise<FoundMessage[]>
  /**
   * Messages of a channel as they come and change, over lost connections and restarts of the daemon: what was missed is
   * made up for, and nothing new is told twice. Ends quietly when the signal aborts or the community is forgotten.
   */
  follow(community: string, channel: string, options?: FollowOptions): AsyncIterable<FollowedMessage>

  hide(community: string, message: string, reason: string, options?: CallOptions): Promise<Message>
  /** Shows it again. */
  unhide(community: string, message: string, options?: CallOptions): Promise<Message>
  report(community: string, message: string, reason: string, options?: CallOptions): Promise<void>
  reports(community: string, options?: CallOptions): Promise<Report[]>
  /** Who is muted now. */
  mutes(community: string, options?: CallOptions): Promise<Mute[]>
  /** `untilMs` left out or null: until somebody ends it. */
  mute(community: string, person: string, request?: MuteRequest, options?: CallOptions): Promise<void>
  unmute(community: string, person: string, options?: CallOptions): Promise<void>
  /** Everything up to this message has been read. */
  markRead(community: string, channel: string, message: string, options?: CallOptions): Promise<void>
  /** Call it every few seconds while the person types. */
  typing(community: string, channel: string, options?: CallOptions): Promise<void>
}
