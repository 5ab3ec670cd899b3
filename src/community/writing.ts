// How acts are written: with which key, and with which lockboxes beside them. What an act then comes to is core.ts's
// business; what surely would come to nothing is refused here before it is written.

import { isPeerhoodError } from '../base/errors.ts'
import type { PersonDid } from '../identity/types.ts'
import type { Entry } from '../log/types.ts'
import type { KnownAct } from './acts-wire.ts'
import { communityErrors } from './errors.ts'
import { owedInvites, owedKeys, predecessorsOf, type Recipients, recipientsOf, unreadOf } from './keyring-core.ts'
import { writeAttemptsMax } from './limits.ts'
import { hasCapability, noRole } from './roles-core.ts'
import type { Room } from './room.ts'
import { sentenceOfVoid } from './sentences.ts'
import type { CommunityState, KeyFacts, Member } from './types.ts'

export interface WritingParts {
  readonly self: () => PersonDid
  readonly nowMs: () => number
}

/** This person as a member. Throws `not_a_member`. */
export function selfIn(state: CommunityState, self: PersonDid): Member {
  const member = state.members.get(self)
  if (member?.state === 'active') return member
  throw communityErrors.not_a_member('You are not a member of this community.')
}

/** Throws `not_a_member`, `act_not_allowed`. */
export function mustHave(state: CommunityState, self: PersonDid, capability: string): void {
  const role = state.roles.get(selfIn(state, self).role) ?? noRole
  if (hasCapability(role, capability)) return
  throw communityErrors.act_not_allowed(`Your role here, ${role.name}, does not allow it.`)
}

/** The key to write with; a new one is made where one is due. Throws `key_missing`. Runs exclusively. */
async function writingKey(room: Room, parts: WritingParts): Promise<KeyFacts> {
  const present = room.keyToWrite()
  if (present === undefined) return makeKey(room, parts)
  if (room.keyring.get(present.key) !== undefined) return present
  throw communityErrors.key_missing('The key of this community has not reached this computer yet.')
}

/** Why the log does not write what is overtaken by what arrived since it was made. */
const overtaken: ReadonlySet<string> = new Set(['entry_epoch_backwards', 'draft_outdated'])

/** Reads and writes by it, again when something arrived in between that it would have to know. */
async function untilWritten<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const isOvertaken = isPeerhoodError(error) && overtaken.has(error.code)
      if (!isOvertaken || attempt === writeAttemptsMax) throw error
    }
  }
}

/** Does what a key is needed for. */
export function withKey<Result>(
  room: Room,
  parts: WritingParts,
  work: (key: KeyFacts) => Promise<Result>,
): Promise<Result> {
  return untilWritten(async () => work(await room.exclusively(() => writingKey(room, parts))))
}

/** Writes an act with the present key. Throws what says in words why it does not count, if it does not. */
export async function write(
  room: Room,
  act: KnownAct,
  parts: WritingParts,
  recipients: Partial<Recipients> = {},
): Promise<Entry> {
  const entry = await withKey(room, parts, async (key) => {
    const whole = room.keyring.get(key.key)
    const [boxes] = whole === undefined ? [] : room.keyring.boxesFor(whole, recipients)
    return room.writeAct(act, key, boxes)
  })
  const code = room.state.voided.get(entry.id)
  if (code === undefined) return entry
  const create = code === 'outranked' ? communityErrors.act_outranked : communityErrors.act_not_allowed
  throw create(sentenceOfVoid(code), { details: { code } })
}

/** Makes a new key, sealed to every device and every open invitation; entries with the key carry what one can't hold. */
export function rotate(room: Room, parts: WritingParts): Promise<KeyFacts> {
  return untilWritten(() => room.exclusively(() => makeKey(room, parts)))
}

/** Whoever comes gets the present key: where newcomers may not read the past, that has to be a fresh one. */
export async function startAnew(room: Room, parts: WritingParts): Promise<void> {
  if (room.state.settings.history === 'since-joining') await rotate(room, parts)
}

/**
 * A key that was made in the knowledge of another of its epoch is nobody's; and whom its maker knew, it is taken to be
 * sealed to, or not to be when they were removed. So the act that brings it is written by what was read, or not at all.
 */
async function makeKey(room: Room, parts: WritingParts): Promise<KeyFacts> {
  const { state, keyring } = room
  selfIn(state, parts.self())
  const predecessors = predecessorsOf(room.resolution, (key) => keyring.holds(key))
  const { keyId, acts, boxes } = keyring.rotation({
    recipients: recipientsOf(state, parts.nowMs()),
    predecessors,
    unread: unreadOf(state, room.sealedActs()),
  })
  room.keepKeys()
  const key = { key: keyId, epoch: room.epochMax() + 1 }
  const [first, ...more] = acts
  if (first === undefined) throw new Error('assertion failed: a rotation has an act')
  const introducedBy = await room.writeKnowing(first, key, boxes[0])
  for (const [place, act] of more.entries()) await room.writeAct(act, key, boxes[place + 1])
  return { ...key, introducedBy: introducedBy.id }
}

/**
 * Takes back what this person's invitations no longer are for: whoever finds the link of one that was used up or has ended
 * could else write a join that seems older than the one that used it, and push out who came by it.
 */
export async function closeSpentInvites(room: Room, parts: WritingParts): Promise<void> {
  const spent = [...room.state.invites.values()].filter(
    ({ createdBy, state, expiresMs }) =>
      createdBy === parts.self() &&
      (state === 'used' || (state === 'open' && expiresMs !== undefined && expiresMs < parts.nowMs())),
  )
  for (const { id } of spent) await write(room, { kind: 'revoke', invite: id }, parts)
}

/**
 * Hands keys on to whoever is entitled to them and was not given them: devices, open invitations, and all who have the
 * present key and not those that were made at the same time.
 */
export async function handOnOwed(room: Room, parts: WritingParts): Promise<void> {
  for (const [device, keys] of owedKeys(room.resolution)) {
    const act = room.keyring.grantFor(device, keys)
    if (act !== undefined) await write(room, act, parts)
  }
  await untilWritten(() => room.exclusively(() => handOnToPresent(room)))
}

async function handOnToPresent(room: Room): Promise<void> {
  const present = room.keyToWrite()
  const whole = present === undefined ? undefined : room.keyring.get(present.key)
  if (present === undefined || whole === undefined) return
  const { first } = predecessorsOf(room.resolution, (key) => room.keyring.holds(key), present.key)
  const [boxes] = room.keyring.boxesFor(whole, { invites: owedInvites(room.resolution) })
  if (first.length === 0 && boxes === undefined) return
  const previous = room.keyring.handOn(first, whole)
  await room.writeKnowing({ kind: 'rotate', previous, unread: unreadOf(room.state, room.sealedActs()) }, present, boxes)
}
