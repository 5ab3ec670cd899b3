// Copies, with what they need to know of persons: their links, who shares a community, which computers are whose.

import { timingSafeEqual } from 'node:crypto'
import { isPeerhoodError } from '../base/errors.ts'
import { contactKeyOf, parseContactLink } from '../community/direct/contact-link.ts'
import { createDirectStore } from '../community/direct/store.ts'
import { personKeyOf } from '../community/fields-wire.ts'
import type { Communities } from '../community/types.ts'
import type { LibraryService } from '../content/library/library.ts'
import type { ShareService } from '../content/library/shares.ts'
import { copiesErrors } from '../copies/errors.ts'
import type { Named } from '../copies/keeper.ts'
import { createCopies } from '../copies/service.ts'
import { createCopiesStore } from '../copies/store.ts'
import type { Copies } from '../copies/types.ts'
import { didOf } from '../identity/core.ts'
import type { PersonDid } from '../identity/types.ts'
import type { Network, PeerId } from '../network/types.ts'
import type { TransferService } from '../transfer/types.ts'
import type { Foundation } from './foundation.ts'

export interface CopiesFeatureParts {
  readonly foundation: Foundation
  readonly network: Network
  readonly library: LibraryService
  readonly shares: ShareService
  readonly transfers: TransferService
  readonly communities: Communities
}

export function createCopiesFeature(parts: CopiesFeatureParts): Copies {
  const { foundation, network, communities } = parts
  const { identity } = foundation
  const contacts = createDirectStore(foundation.database)
  return createCopies({
    ...foundation,
    ...parts,
    store: createCopiesStore(foundation.database),
    certificate: () => identity.deviceCertificate.bytes,
    self: () => identity.did,
    label: () => identity.deviceName,
    selfAddress: () => ({ peerId: network.self, addresses: network.addresses() }),
    readPerson: (text) => readPerson(text, communities),
    isOwnToken(token) {
      const own = contacts.contact(identity.did)?.token
      return own !== undefined && own.length === token.length && timingSafeEqual(own, token)
    },
    isAcquainted: (peer) => devices(communities).some(({ peerId }) => peerId === peer),
    devicesOf: (person) => devices(communities).flatMap((device) => (device.person === person ? [device.peerId] : [])),
    locate: (token, signal) => network.findProviders(contactKeyOf(token), { signal }),
  })
}

/** Computers of members of all communities in which this person takes part, their own among them. */
function devices(communities: Communities): readonly { readonly person: PersonDid; readonly peerId: PeerId }[] {
  return communities.list().flatMap(({ phase, state }) => {
    if (phase !== 'open' || state === undefined) return []
    return [...state.members.values()].flatMap(({ person, state: standing, devices: own }) => {
      if (standing !== 'active') return []
      return own.flatMap((device) => (device.state === 'active' ? [{ person, peerId: device.peerId }] : []))
    })
  })
}

/** By a contact link or a did. Throws what reading a link throws, and `copies_person_unusable`. */
function readPerson(text: string, communities: Communities): Named {
  const typed = text.trim()
  if (!typed.startsWith('did:')) {
    const { person, name = '', token, peers } = parseContactLink(text)
    return { person, name, token, peers }
  }
  const person = readDid(typed)
  const names = communities.list().flatMap(({ state }) => state?.members.get(person)?.name ?? [])
  return { person, name: names[0] ?? '', token: undefined, peers: [] }
}

function readDid(text: string): PersonDid {
  try {
    const did = text as PersonDid
    const key = personKeyOf(did)
    if (key.length === 32 && didOf(key) === did) return did
  } catch (error) {
    if (isPeerhoodError(error)) throw error
  }
  throw copiesErrors.copies_person_unusable('This names no person.')
}
