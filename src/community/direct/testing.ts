// What the tests of community/direct/ share: devices whose secrets they know, and requests that these sign.

import { ed25519 } from '@noble/curves/ed25519.js'
import type { Random } from '../../base/ports.ts'
import { didOf, peerIdOf } from '../../identity/core.ts'
import type { DeviceCertificate, PersonDid } from '../../identity/types.ts'
import { issueCertificate } from '../../identity/wire.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import type { CommunityAccess } from '../types.ts'
import { type DirectRequest, encodeRequest } from './request-wire.ts'

export interface TestDevice {
  readonly id: PeerId
  readonly person: PersonDid
  readonly certificate: DeviceCertificate
  readonly seed: Uint8Array
}

export function deviceFrom(random: Random, personSecret: Uint8Array = random.bytes(32)): TestDevice {
  const seed = random.bytes(32)
  const certificate = issueCertificate({ personSecret, deviceSeed: seed, issuedMs: 1_767_225_600_000 })
  const { person, device } = certificate
  return { id: peerIdOf(device) as PeerId, person: didOf(person), certificate, seed }
}

export function signedBy({ seed }: TestDevice): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => ed25519.sign(bytes, seed)
}

/** A request with all that no test looks at filled in; another one for each `community`. */
export function requestOf(
  from: TestDevice,
  to: PersonDid,
  more: Partial<Omit<DirectRequest, 'id' | 'from'>> & { readonly community?: string } = {},
) {
  const { community = 'c0'.repeat(32), ...rest } = more
  const filler = new Uint8Array(32).fill(7)
  return encodeRequest(
    {
      certificate: from.certificate,
      to,
      name: 'Ada',
      text: 'Is the boat still for sale?',
      invitation: { community: community as CommunityId, seed: filler, access: filler as CommunityAccess, peers: [] },
      token: undefined,
      ms: 0,
      ...rest,
    },
    signedBy(from),
  )
}
