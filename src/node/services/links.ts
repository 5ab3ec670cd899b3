// What a link says, of whatever kind it is, without reaching anybody.

import type { Link } from '../../api/schemas.ts'
import { parseContactLink, wordsOf } from '../../community/direct/contact-link.ts'
import { parseCommunityLink, parseRequestLink } from '../../community/invite-link.ts'
import { shareIdOf } from '../../content/format/keys.ts'
import { parseLink } from '../../content/format/link.ts'
import { linkKinds, parseEnvelope } from '../../content/format/link-envelope.ts'
import type { PeerAddress } from '../../network/types.ts'
import { linkToApi } from '../views.ts'

/** Throws `link_newer` for a kind that this version does not know, and what the readers of each kind throw. */
export function inspectLink(text: string): Link {
  switch (parseEnvelope(text).kind) {
    case linkKinds.contact: {
      const { person, name = null, peers } = parseContactLink(text)
      return { kind: 'contact', person, words: wordsOf(person), name, peers: idsOf(peers) }
    }
    case linkKinds.communityRequest: {
      const { community, name = null, peers } = parseRequestLink(text)
      return { kind: 'community-request', communityId: community, name, peers: idsOf(peers) }
    }
    case linkKinds.communityInvite:
    case linkKinds.communityKeep:
      return communityLink(text)
    default: {
      const link = parseLink(text)
      return linkToApi(link, shareIdOf(link.share))
    }
  }
}

function communityLink(text: string): Link {
  const link = parseCommunityLink(text)
  const peers = idsOf(link.peers)
  if (link.kind === 'keep') return { kind: 'community-keep', communityId: link.community, peers }
  return { kind: 'invite', communityId: link.community, inviteId: link.invite, name: link.name ?? null, peers }
}

function idsOf(peers: readonly PeerAddress[]): string[] {
  return peers.map(({ peerId }) => peerId)
}
