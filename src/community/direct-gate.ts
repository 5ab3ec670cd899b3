// How a conversation of two comes to be on this computer: founded here for somebody who is asked, or taken by the
// invitation that a request brought. direct/ decides when; what is written is the community's own.
//
// Must stay true: nothing is written into what somebody else founded before its acts say that it is a conversation with
// whoever asked (joining.ts).

import type { PersonDid } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import { found } from './calls.ts'
import { communityErrors } from './errors.ts'
import { parseCommunityLink } from './invite-link.ts'
import type { Hall } from './service.ts'
import type { CommunityRow } from './store.ts'
import type { Communities, CommunityAccess, CommunityFacts } from './types.ts'

/** Lets one person into a conversation; holds a secret. */
export interface DirectInvitation {
  readonly community: CommunityId
  /** 32 bytes: the invitation's Ed25519 secret. */
  readonly seed: Uint8Array
  readonly access: CommunityAccess
  readonly peers: readonly PeerAddress[]
}

/** Whom a conversation is with, as far as that is known before they are in it. */
export interface Other {
  readonly person: PersonDid
  readonly name: string
}

/** Throws `communityErrors` and those of log/ only. */
export interface DirectGate {
  /** Founds a conversation with somebody who is yet to be asked. */
  found(other: Other, memberName: string): Promise<CommunityFacts>
  /** An invitation into it for the other alone, until `expiresMs`. */
  invite(id: CommunityId, expiresMs: number): Promise<DirectInvitation>
  /** Takes an invitation; resolves at once, while it is `joining`. */
  take(invitation: DirectInvitation, other: Other, memberName: string): Promise<CommunityFacts>
  /** Who is blocked has changed. */
  blocksChanged(): void
}

/** What the founding act says; programs call a conversation after the other. */
const directName = 'Direct'

export function createDirectGate(hall: Hall, calls: Pick<Communities, 'invite'>): DirectGate {
  return {
    found: ({ person, name }, memberName) =>
      found(hall, { name: directName, memberName }, 'direct', { with: person, name }),
    async invite(id, expiresMs) {
      const { link } = await calls.invite(id, { usesMax: 1, expiresMs })
      const parsed = parseCommunityLink(link)
      if (parsed.kind !== 'invite') throw new Error('assertion failed: an invitation has a link that invites')
      const { community, seed, access, peers } = parsed
      return { community, seed, access, peers }
    },
    take: (invitation, other, memberName) => take(hall, invitation, other, memberName),
    blocksChanged: () => hall.reconsider(),
  }
}

async function take(
  hall: Hall,
  { community: id, seed, access, peers }: DirectInvitation,
  { person, name }: Other,
  memberName: string,
): Promise<CommunityFacts> {
  const known = hall.opened.get(id)
  if (known !== undefined && known.row.phase !== 'joining' && known.row.phase !== 'keeping') {
    throw communityErrors.already_member('This conversation is on this computer already.')
  }
  if (known !== undefined) await hall.forget(known)
  const row: CommunityRow = {
    ...{ id, phase: 'joining', access, inviteSeed: seed, memberName, peers, bytesMax: undefined },
    ...{ person: hall.identity.did, addedMs: hall.clock.nowMs(), direct: { with: person, name } },
  }
  hall.store.put(row)
  const open = await hall.open(row)
  hall.sync.nudge(id)
  hall.changed(id)
  return hall.facts(open)
}
