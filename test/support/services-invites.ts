// Invites and keepers of the in-memory communities.

import { randomBytes } from 'node:crypto'
import type { Invite, Keeper } from '../../src/api/community-schemas.ts'
import type { CommunityServices } from '../../src/api/community-services.ts'
import type { Clock } from '../../src/base/ports.ts'
import { communityMemoryErrors as errors, type MemoryAuthor, type MemoryCommunity } from './services-hub.ts'

type InviteCalls = 'invites' | 'invite' | 'revokeInvite' | 'keepLink' | 'keepers' | 'addKeeper' | 'removeKeeper'

export interface InviteParts {
  readonly clock: Clock
  readonly author: MemoryAuthor
  readonly take: (id: string) => MemoryCommunity
  /** To write in; throws unless the role of this person has the capability. */
  readonly takeOpen: (id: string, capability: string) => MemoryCommunity
  /** Throws when the role has a higher rank than this person's, or is none. */
  readonly checkRole: (community: MemoryCommunity, role: string) => void
  readonly act: (community: MemoryCommunity, kind: string, body: object, sentence: string) => void
}

export function createMemoryInvites(parts: InviteParts): Pick<CommunityServices, InviteCalls> {
  const { clock, author, take, takeOpen, checkRole, act } = parts
  return {
    invites: (id) => [...take(id).invites.values()].map(withoutSecret),
    async invite(id, { role = 'member', usesMax = 1, expiresMs = null, note = '' }) {
      const community = takeOpen(id, 'invite')
      checkRole(community, role)
      const secret = randomBytes(16).toString('hex')
      const made = { role, usesMax, expiresMs, note }
      const invite: Invite = {
        ...made,
        id: randomBytes(32).toString('hex'),
        uses: 0,
        state: 'open',
        createdBy: author.person,
        createdMs: clock.nowMs(),
      }
      community.invites.set(invite.id, { ...invite, secret })
      act(community, 'invite', { invite: invite.id, ...made }, `made an invite for a ${role}`)
      return { invite, link: `peerhood:invite.${id}.${secret}` }
    },
    async revokeInvite(id, which) {
      const community = takeOpen(id, 'invite')
      const invite = community.invites.get(which)
      if (invite === undefined) throw errors.invite_unknown('There is no such invite.')
      community.invites.set(which, { ...invite, state: 'revoked' })
      act(community, 'revoke', { invite: which }, 'revoked an invite')
    },

    keepLink: (id) => `peerhood:community-keep.${take(id).id}.${'0'.repeat(32)}`,
    keepers: (id) => [...take(id).keepers.values()],
    async addKeeper(id, { peerId, addresses = [], name, bytesMax }) {
      const community = takeOpen(id, 'keepers')
      const keeper: Keeper = { peerId, addresses, name, bytesMax, addedMs: clock.nowMs(), lastProofMs: null }
      community.keepers.set(peerId, keeper)
      act(community, 'keeper', { peerId, addresses, name, bytesMax }, `named ${name} a keeper`)
      return keeper
    },
    async removeKeeper(id, peerId) {
      const community = takeOpen(id, 'keepers')
      if (!community.keepers.delete(peerId)) throw errors.keeper_unknown('There is no such keeper.')
      act(community, 'keeper-remove', { peerId }, 'named a keeper no longer')
    },
  }
}

/** Counts a use. Throws `invite_unknown`, `invite_revoked`, `invite_used`, `invite_expired`. */
export function spendInvite(community: MemoryCommunity, secret: string, nowMs: number): Invite {
  const invite = [...community.invites.values()].find((one) => one.secret === secret)
  if (invite === undefined) throw errors.invite_unknown('This community knows no such invite.')
  if (invite.state === 'revoked') throw errors.invite_revoked('This invite was revoked.')
  if (invite.uses >= invite.usesMax) throw errors.invite_used('This invite was used up.')
  if (invite.expiresMs !== null && nowMs > invite.expiresMs) throw errors.invite_expired('This invite has expired.')
  const uses = invite.uses + 1
  community.invites.set(invite.id, { ...invite, uses, state: uses >= invite.usesMax ? 'used' : 'open' })
  return invite
}

function withoutSecret({ secret: _secret, ...invite }: Invite & { readonly secret: string }): Invite {
  return invite
}
