// Reads what the page knows of every community's chat: channels with what is unread in them, and who is there.

import type { CallOptions, Community, Peerhood } from '../../../src/sdk/types.ts'
import type { Chat } from './core.ts'

export async function readChat(peerhood: Peerhood, community: string, options: CallOptions): Promise<Chat> {
  const [channels, presence] = await Promise.all([
    peerhood.chat.channels(community, options),
    peerhood.communities.presence(community, options),
  ])
  return {
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    presence: new Map(presence.map((one) => [one.person, one])),
  }
}

/** Of all that can be read here. One that can't (it is just being left, say) takes nothing from the others. */
export async function readChats(
  peerhood: Peerhood,
  communities: readonly Community[],
  options: CallOptions,
): Promise<ReadonlyMap<string, Chat>> {
  const readable = communities.filter(({ phase }) => phase === 'open' || phase === 'left' || phase === 'removed')
  const chats = await Promise.all(
    readable.map(async ({ id }) => [id, await readChat(peerhood, id, options).catch(() => undefined)] as const),
  )
  return new Map(chats.flatMap(([id, chat]) => (chat === undefined ? [] : [[id, chat]])))
}
