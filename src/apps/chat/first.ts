// The message with which a conversation of two begins: it goes with the request, and stands in the conversation as its
// author's like any other. Written once, however often a start is interrupted.

import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { generalChannel } from './core.ts'
import { pageMessagesMax } from './limits.ts'
import type { Chat } from './types.ts'

export async function writeFirst(
  chat: Pick<Chat, 'messages' | 'send'>,
  self: PersonDid,
  community: CommunityId,
  text: string,
): Promise<void> {
  const { messages } = chat.messages(community, generalChannel, { limit: pageMessagesMax })
  if (messages.some((message) => message.person === self && message.text === text)) return
  await chat.send(community, { channel: generalChannel, text })
}
