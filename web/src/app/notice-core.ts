// What a notification says. Pure.

import type { Community, Message } from '../../../src/sdk/types.ts'
import { excerptOf } from '../views/chat/core.ts'
import { communityName, unknownName } from '../views/community/core.ts'

export interface Notice {
  readonly title: string
  readonly body: string
  readonly message: Message
}

export function noticeOf(message: Message, community: Community | undefined, author: string | undefined): Notice {
  const name = author === undefined || author.trim() === '' ? unknownName(message.person) : author
  const where = community === undefined || community.direct !== null ? '' : ` in ${communityName(community)}`
  return { title: `${name}${where}`, body: excerptOf(message), message }
}
