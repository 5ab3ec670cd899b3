// What this computer holds for others because it has agreed to: which conversations, for whom, and how much of them.
//
// Must stay true: what is here for another reason is left as it is; nobody has more held than was agreed.

import type { Database } from '../../base/database.ts'
import { toPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { didOf } from '../../identity/core.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { formatCommunityLink } from '../invite-link.ts'
import type { Communities } from '../types.ts'
import { conversationBytesMax, conversationsKeptMax, keptUnaskedMs } from './limits.ts'
import { createKeepingStore } from './store.ts'
import type { KeepAnswer, KeepAsk } from './wire.ts'

export interface ShelfParts {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly communities: Pick<Communities, 'list' | 'keep' | 'forget'>
  readonly agreed: (person: PersonDid) => number | undefined
}

export function createShelf({ clock, log, database, communities, agreed }: ShelfParts) {
  const store = createKeepingStore(database)

  async function drop(community: CommunityId): Promise<void> {
    store.remove(community)
    // Whoever takes part in it by now keeps it.
    if (communities.list().some(({ id, phase }) => id === community && phase === 'keeping')) {
      await communities.forget(community)
    }
  }

  /** Whether there is room for one more: else what was not asked for in a long time goes. */
  async function makeRoom(person: PersonDid, most: number): Promise<boolean> {
    const rows = store.all().filter((row) => row.person === person)
    if (rows.length < most) return true
    const [oldest] = rows
    if (oldest === undefined || clock.nowMs() - oldest.askedMs < keptUnaskedMs) return false
    await drop(oldest.community)
    return true
  }

  return {
    /** Those of an ask that are held now. */
    async take({ certificate, conversations }: KeepAsk, peer: PeerId): Promise<KeepAnswer['held']> {
      const person = didOf(certificate.person)
      const room = agreed(person) ?? 0
      const bytesMax = Math.min(conversationBytesMax, room)
      if (bytesMax === 0) return []
      const most = Math.min(conversationsKeptMax, Math.floor(room / bytesMax))
      const kept = new Map(store.all().map((row) => [row.community, row]))
      const held: KeepAnswer['held'][number][] = []
      for (const { id, access } of conversations) {
        const known = communities.list().find((facts) => facts.id === id)
        const isOurs = kept.get(id)?.person === person && known?.phase === 'keeping'
        // What is here for other reasons is left as it is.
        if (!isOurs && known !== undefined) continue
        if (!isOurs && !(await makeRoom(person, most))) continue
        try {
          const link = formatCommunityLink({
            kind: 'keep',
            community: id,
            access,
            peers: [{ peerId: peer, addresses: [] }],
          })
          if (!isOurs) await communities.keep(link, { bytesMax })
          store.put({ community: id, person, askedMs: clock.nowMs() })
          held.push({ id, bytesMax: known?.bytesMax ?? bytesMax })
        } catch (error) {
          log.warn('conversation_not_kept', { community: id, peerId: peer, code: toPeerhoodError(error).code })
        }
      }
      return held
    },
    forgotten: (community: CommunityId) => store.remove(community),
    /** Lets go of what is held for people with whom nothing is agreed any more. */
    async clear(): Promise<void> {
      for (const { person, community } of store.all()) if (agreed(person) === undefined) await drop(community)
    },
  }
}
