// What the API needs of communities and of chat, in the API's own words; `node/` implements it. As in services.ts, every
// method rejects with a PeerhoodError only, and every change of what a method gives is told as an event.

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
} from './chat-schemas.ts'
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
} from './community-schemas.ts'

export interface PageRequest {
  readonly before?: string | undefined
  readonly limit: number
}

/** At most one of `before`, `after` and `around`. */
export interface MessagesRequest extends PageRequest {
  readonly after?: string | undefined
  readonly around?: string | undefined
  readonly thread?: string | undefined
}

interface Abortable {
  readonly signal: AbortSignal
}

export interface CommunityServices {
  list(): readonly Community[]
  get(id: string): Community
  found(request: FoundRequest): Promise<Community>
  /** Resolves when the entry that joins is written, which needs somebody to be reached first. */
  join(request: JoinRequest, options: Abortable): Promise<Community>
  keep(request: KeepRequest, options: Abortable): Promise<Community>
  change(id: string, patch: CommunityPatch): Promise<Community>
  /** What this person says of themselves, and this computer of itself. */
  changeSelf(id: string, patch: SelfPatch): Promise<Community>
  leave(id: string): Promise<Community>
  /** Deletes it from this computer. */
  forget(id: string): Promise<void>

  members(id: string): readonly Member[]
  setRole(id: string, person: string, role: string): Promise<Member>
  removeMember(id: string, person: string): Promise<void>
  removeDevice(id: string, device: string): Promise<void>
  roles(id: string): readonly Role[]
  defineRole(id: string, role: RoleRequest): Promise<readonly Role[]>

  invites(id: string): readonly Invite[]
  invite(id: string, request: InviteRequest): Promise<Invitation>
  revokeInvite(id: string, invite: string): Promise<void>

  keepLink(id: string): string
  keepers(id: string): readonly Keeper[]
  addKeeper(id: string, request: KeeperRequest): Promise<Keeper>
  removeKeeper(id: string, peerId: string): Promise<void>

  activity(id: string, page: PageRequest): Promise<Activity>
  sync(id: string): Sync
  /** Checks every signature and hash of the log; may take minutes. */
  verify(id: string, options: Abortable): Promise<Verification>
  /** Everything that this person may read, a line at a time, as fast as it is taken. */
  export(id: string, options: Abortable): AsyncIterable<ExportLine>
  presence(id: string): readonly Presence[]
}

export interface ChatServices {
  channels(community: string): readonly Channel[]
  createChannel(community: string, request: ChannelRequest): Promise<Channel>
  changeChannel(community: string, channel: string, patch: ChannelPatch): Promise<Channel>
  /** The direct channel with one other member; made when there is none. */
  direct(community: string, person: string): Promise<Channel>

  messages(community: string, channel: string, page: MessagesRequest): Messages
  message(community: string, message: string): Message
  send(community: string, channel: string, request: MessageRequest): Promise<Message>
  edit(community: string, message: string, text: string): Promise<Message>
  delete(community: string, message: string): Promise<Message>
  react(community: string, message: string, emoji: string, on: boolean): Promise<Message>
  search(
    community: string,
    query: string,
    options: { readonly channel?: string | undefined; readonly limit: number },
  ): readonly FoundMessage[]

  hide(community: string, message: string, reason: string): Promise<Message>
  report(community: string, message: string, reason: string): Promise<void>
  reports(community: string): readonly Report[]
  unhide(community: string, message: string): Promise<Message>
  mutes(community: string): readonly Mute[]
  mute(community: string, person: string, request: MuteRequest): Promise<void>
  unmute(community: string, person: string): Promise<void>

  /** Everything up to this message has been read. */
  markRead(community: string, channel: string, message: string): Promise<void>
  /** Tells those in reach that this person is typing; the others stop showing it by themselves after a few seconds. */
  typing(community: string, channel: string): Promise<void>
}
