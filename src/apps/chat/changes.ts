// What the reducer has changed and nobody was told of yet, by community (its local number). It is told after the
// transaction, from the tables as they are then, so a transaction that was rolled back costs an event too many at most.

import { eventsAtOnceMax } from './limits.ts'
import type { ChannelId, MessageId } from './types.ts'

interface Changed {
  /** The value: whether it is new. */
  readonly messages: Map<MessageId, boolean>
  readonly channels: Set<ChannelId>
  vanished: boolean
}

export interface ChangesTaken {
  /** More than fits, or something is not there any more: whoever listens reads everything anew. */
  readonly all: boolean
  readonly messages: ReadonlyMap<MessageId, boolean>
  readonly channels: ReadonlySet<ChannelId>
}

export function createChanges() {
  const communities = new Map<number, Changed>()

  function of(community: number): Changed {
    let changed = communities.get(community)
    if (changed === undefined) {
      changed = { messages: new Map(), channels: new Set(), vanished: false }
      communities.set(community, changed)
    }
    return changed
  }

  return {
    message(community: number, id: MessageId, isNew: boolean): void {
      const { messages } = of(community)
      // One past the limit is enough to know that there are too many.
      if (messages.size <= eventsAtOnceMax) messages.set(id, isNew || messages.get(id) === true)
    },
    channel(community: number, id: ChannelId): void {
      const { channels } = of(community)
      if (channels.size <= eventsAtOnceMax) channels.add(id)
    },
    /** Something that was shown is not any more: a message whose author turns out to be muted, a channel one was taken out of. */
    vanished(community: number): void {
      of(community).vanished = true
    },
    /** Forgets what there is to tell of all communities: nobody listens where much is read at once. */
    forget(): void {
      communities.clear()
    },
    /** Forgets what there is to tell of a community, and returns it. */
    take(community: number): ChangesTaken {
      const { messages, channels, vanished } = of(community)
      communities.delete(community)
      const tooMany = messages.size > eventsAtOnceMax || channels.size > eventsAtOnceMax
      return { all: tooMany || vanished, messages, channels }
    },
  }
}
