// Taking an invitation: the community's entries come first, from whoever has them; when the invitation's lockbox has given
// a key and nobody has more to send, this device writes the entry that joins.
//
//   link ──► log, room with the invitation's secret ──► catch up ──► invitation open? ──► `join` ──► member
//
// Must stay true: nothing is written before the invitation is known to be open; a restart goes on where it was.

import type { Identity } from '../identity/types.ts'
import type { DeviceId } from '../log/types.ts'
import { communityErrors } from './errors.ts'
import { certificate } from './fields-wire.ts'
import { inviteIdOf } from './invite-link.ts'
import { joinProof } from './proofs.ts'
import type { Room } from './room.ts'
import { sentenceOfVoid } from './sentences.ts'
import type { CommunityRow } from './store.ts'
import type { CommunityState, Invite, KeyFacts } from './types.ts'

/** What became of a look: `waiting` for entries or a key; `joined`. */
export type JoinStep = 'waiting' | 'joined'

/**
 * Joins when everything for it is here. `caughtUp`: a peer that is there has nothing more for us. Throws `invite_used`,
 * `invite_revoked`, `invite_expired`, `invite_unknown`, `conversation_other` when it can't come about any more.
 */
export async function tryJoin(
  room: Room,
  row: CommunityRow,
  parts: { readonly identity: Identity; readonly device: DeviceId; readonly nowMs: number; readonly caughtUp: boolean },
): Promise<JoinStep> {
  const { identity, device } = parts
  if (!room.isReadable) return 'waiting'
  const { state } = room
  checkDirect(state, row.direct)
  const self = state.members.get(identity.did)
  if (self?.state === 'active' && self.devices.some((one) => one.device === device && one.state === 'active'))
    return 'joined'
  const key = keyToJoinWith(room)
  // Without an invitation a member has written that we are let in, and it is only to arrive.
  if (row.inviteSeed === undefined || !parts.caughtUp || key === undefined) return 'waiting'
  const id = inviteIdOf(row.inviteSeed)
  checkInvite(state.invites.get(id), self?.state === 'active', parts.nowMs)
  const joiner = { community: room.log.community, device, person: identity.did }
  const entry = await room.writeAct(
    {
      kind: 'join',
      invite: id,
      proof: joinProof(row.inviteSeed, joiner),
      certificate: certificate.read(identity.deviceCertificate.bytes),
      memberName: row.memberName,
      deviceName: identity.deviceName,
    },
    key,
  )
  const code = room.state.voided.get(entry.id)
  if (code === undefined) return 'joined'
  throw communityErrors.not_a_member(sentenceOfVoid(code), { details: { code } })
}

/** Whoever asks for a conversation of two could hand over an invitation into anything else. */
function checkDirect({ purpose, members }: CommunityState, direct: CommunityRow['direct']): void {
  if (direct === undefined || (purpose === 'direct' && members.has(direct.with))) return
  throw communityErrors.conversation_other(
    'The invitation does not lead into a conversation with whoever asked for it.',
  )
}

/** The newest key that is here: who is no member yet can't make one, and the invitation's box brought the newest. */
function keyToJoinWith({ state, keyring }: Room): KeyFacts | undefined {
  const [newest] = state.keys.slice(-1)
  const usable = state.keys.filter((key) => key.epoch === newest?.epoch && keyring.get(key.key) !== undefined)
  return state.writingKey !== undefined && usable.includes(state.writingKey) ? state.writingKey : usable[0]
}

function checkInvite(invite: Invite | undefined, isMember: boolean, nowMs: number): void {
  if (invite === undefined) throw communityErrors.invite_unknown('This community does not know this invitation.')
  if (invite.uses >= invite.usesMax && !isMember) {
    throw communityErrors.invite_used('This invitation was used already.')
  }
  if (invite.state === 'revoked') throw communityErrors.invite_revoked('This invitation was taken back.')
  if (invite.expiresMs !== undefined && nowMs > invite.expiresMs) {
    throw communityErrors.invite_expired('This invitation has ended.')
  }
}
