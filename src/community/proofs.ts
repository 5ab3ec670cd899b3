// What acts prove by signatures of their own: that a device is a person's (its certificate), and that whoever joins held
// an invitation (a signature by its key over who joins). Checked once, when an act is opened: `OpenedAct.proven` goes with
// it from then on, since a certificate takes some 3 ms.

import { sign } from 'node:crypto'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { assert } from '../base/errors.ts'
import { signingKeyOf } from '../content/format/keys.ts'
import type { PersonDid } from '../identity/types.ts'
import { readCertificate } from '../identity/wire.ts'
import { idBytes } from '../log/ids.ts'
import { createSignatureChecker } from '../log/signature.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { Act } from './acts-wire.ts'
import { type Certified, personKeyOf } from './fields-wire.ts'
import type { InviteId } from './types.ts'

const joinLabel = utf8('peerhood/community/join/1')

const checkSignature = createSignatureChecker()

/** Who joins what: an overheard proof lets nobody else in. */
export interface Joiner {
  readonly community: CommunityId
  readonly device: DeviceId
  readonly person: PersonDid
}

function joinBytes({ community, device, person }: Joiner): Uint8Array {
  return concatBytes(joinLabel, idBytes(community), idBytes(device), personKeyOf(person))
}

/** 64 bytes by the invitation's seed (32 bytes). */
export function joinProof(inviteSeed: Uint8Array, joiner: Joiner): Uint8Array {
  assert(inviteSeed.length === 32, 'an invitation has a seed of 32 bytes')
  return new Uint8Array(sign(null, joinBytes(joiner), signingKeyOf(inviteSeed)))
}

export function checkJoinProof(invite: InviteId, joiner: Joiner, proof: Uint8Array): boolean {
  const key = new Uint8Array(Buffer.from(invite, 'hex'))
  return proof.length === 64 && checkSignature({ key, message: joinBytes(joiner), signature: proof })
}

/** Whether all that an act proves is proven; true for acts that prove nothing. `community`: whose log it stands in. */
export function isProven(community: CommunityId, act: Act): boolean {
  if (act.kind === 'found' || act.kind === 'admit' || act.kind === 'device') return isCertified(act.certificate)
  if (act.kind !== 'join') return true
  const { device, person } = act.certificate
  return checkJoinProof(act.invite, { community, device, person }, act.proof) && isCertified(act.certificate)
}

function isCertified(certificate: Certified): boolean {
  try {
    readCertificate(certificate.bytes)
    return true
  } catch {
    return false
  }
}
