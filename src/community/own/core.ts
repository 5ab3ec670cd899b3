// Which computers are this person's, and what such a one is to be told. Pure.

import type { PeerId } from '../../network/types.ts'
import type { CommunityFacts, Device } from '../types.ts'

/** Whether this person takes part in it here, and others of their computers could, too. */
export function isOffered({ phase, otherPerson, direct, self }: CommunityFacts): boolean {
  // Before the other has come in, a conversation may yet be withdrawn.
  return phase === 'open' && otherPerson !== true && self?.state === 'active' && (direct === undefined || direct.joined)
}

/** How a community of this person knows one of their devices; undefined: not at all. */
export function deviceIn({ self }: CommunityFacts, peer: PeerId): Device | undefined {
  return self?.devices.find(({ peerId }) => peerId === peer)
}

/**
 * The other computers of this person. One takes part in some community as theirs; or it was added here, and no community
 * says that it was removed. In a conversation of two nobody but the person can have removed it: that ends it everywhere.
 */
export function companionsOf(
  all: readonly CommunityFacts[],
  remembered: ReadonlySet<PeerId>,
  self: PeerId,
): ReadonlySet<PeerId> {
  const active = new Set<PeerId>()
  const ended = new Set<PeerId>()
  const disowned = new Set<PeerId>()
  for (const facts of all) {
    if (facts.phase !== 'open' || facts.otherPerson === true) continue
    for (const { peerId, state } of facts.self?.devices ?? []) {
      if (state === 'active') active.add(peerId)
      else ended.add(peerId)
      if (state === 'removed' && facts.state?.purpose === 'direct') disowned.add(peerId)
    }
  }
  const kept = [...remembered].filter((peer) => !ended.has(peer))
  return new Set([...active, ...kept].filter((peer) => peer !== self && !disowned.has(peer)))
}
