// What goes from the computer that lets somebody in to the one that comes, and between two devices of one person:
// canonical DAG-CBOR lists, strict. Pure. docs/protocol/meet.md, "What is handed over".
//
//   ticket    [1, community, access, name, peers]                     sealed by meet/, or in answer to a request
//   handover  [1, entropy, peers]                                     sealed by meet/
//   hello     [1, certificate, deviceName]                            new device to old one, on a stream of its own
//   welcome   [1, [[community, access, name, memberName], …], missed] and back
//
// Whatever the bytes, a decoder throws `admission_malformed` and nothing else, without a word of what it read.

import { encode } from '@ipld/dag-cbor'
import { isPeerhoodError } from '../base/errors.ts'
import { isDeviceName } from '../identity/device-name.ts'
import { entropyBytes } from '../identity/limits.ts'
import type { DeviceCertificate } from '../identity/types.ts'
import { readCertificate } from '../identity/wire.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import { canonicalValue } from './canonical.ts'
import { communityErrors } from './errors.ts'
import * as field from './fields-wire.ts'
import {
  communitiesMax,
  helloBytesMax,
  keeperAddressCharactersMax,
  keeperAddressesMax,
  ticketBytesMax,
  ticketPeersMax,
  welcomeBytesMax,
} from './limits.ts'
import type { CommunityAccess } from './types.ts'

/** Lets a device that a member has let in ask for the community's entries. Holds a secret: `access`. */
export interface Ticket {
  readonly community: CommunityId
  readonly access: CommunityAccess
  /** What the community is called; a hint, as everything in it but id and access. */
  readonly name: string
  /** Where to start. */
  readonly peers: readonly PeerAddress[]
}

/** What a device that has the code gets: whoever has the entropy is the person. */
export interface Handover {
  readonly entropy: Uint8Array
  readonly peers: readonly PeerAddress[]
}

/** A community that a new device of a person takes part in. */
export interface DeviceTicket extends Ticket {
  readonly memberName: string
}

export interface Welcome {
  /** Without peers: the old device is the place to start. */
  readonly communities: readonly Omit<DeviceTicket, 'peers'>[]
  /** Communities of the person that the device could not be added to. */
  readonly missed: number
}

export interface Hello {
  readonly certificate: DeviceCertificate
  readonly deviceName: string
}

const version = 1
const community = field.hex<CommunityId>(32)
const access = field.bytes(32) as field.Codec<CommunityAccess>
const entropy = field.bytes(entropyBytes)
const { name } = field

const address: field.Codec<string> = {
  read(value) {
    const isAddress = typeof value === 'string' && value.length <= keeperAddressCharactersMax
    if (!isAddress || !/^\/[\x21-\x7e]+$/.test(value)) throw malformed()
    return value
  },
  write: (value) => value,
}

const addresses = field.list(address, keeperAddressesMax)

const peer: field.Codec<PeerAddress> = {
  read(value) {
    const [peerId, at] = listOf(value, 2)
    return { peerId: field.peer.read(peerId), addresses: addresses.read(at) }
  },
  write: ({ peerId, addresses: at }) => [field.peer.write(peerId), addresses.write(at)],
}

/** Where to start, as tickets and requests name it. */
export const peers = field.list(peer, ticketPeersMax)

const deviceTicket: field.Codec<Welcome['communities'][number]> = {
  read(value) {
    const [id, secret, called, memberName] = listOf(value, 4)
    return {
      community: community.read(id),
      access: access.read(secret),
      name: name.read(called),
      memberName: name.read(memberName),
    }
  },
  write: (ticket) => [community.write(ticket.community), ticket.access, ticket.name, ticket.memberName],
}

const deviceTickets = field.list(deviceTicket, communitiesMax)
const missed = field.integer(0, communitiesMax)

export function encodeTicket(ticket: Ticket): Uint8Array {
  return encoded([community.write(ticket.community), ticket.access, ticket.name, peers.write(ticket.peers)])
}

/** Throws `admission_malformed`. */
export const decodeTicket = strictly(ticketBytesMax, 4, ([id, secret, called, at]): Ticket => {
  return { community: community.read(id), access: access.read(secret), name: name.read(called), peers: peers.read(at) }
})

export function encodeHandover(handover: Handover): Uint8Array {
  return encoded([handover.entropy, peers.write(handover.peers)])
}

/** Throws `admission_malformed`. */
export const decodeHandover = strictly(ticketBytesMax, 2, ([secret, at]): Handover => {
  return { entropy: entropy.read(secret), peers: peers.read(at) }
})

export function encodeHello({ certificate, deviceName }: Hello): Uint8Array {
  return encoded([certificate.bytes, deviceName])
}

/** Checks the certificate's signatures; whose it is, is the caller's question. Throws `admission_malformed`. */
export const decodeHello = strictly(helloBytesMax, 2, ([certificate, deviceName]): Hello => {
  if (!(certificate instanceof Uint8Array)) throw malformed()
  if (typeof deviceName !== 'string' || !isDeviceName(deviceName)) throw malformed()
  return { certificate: readCertificate(certificate), deviceName }
})

export function encodeWelcome(welcome: Welcome): Uint8Array {
  return encoded([deviceTickets.write(welcome.communities), welcome.missed])
}

/** Throws `admission_malformed`. */
export const decodeWelcome = strictly(welcomeBytesMax, 2, ([tickets, lacking]): Welcome => {
  return { communities: deviceTickets.read(tickets), missed: missed.read(lacking) }
})

function encoded(fields: readonly unknown[]): Uint8Array {
  return Uint8Array.from(encode([version, ...fields]))
}

/** A decoder of one list: what is not the encoding of what it decodes to is refused, before any field is looked at. */
function strictly<Value>(bytesMax: number, fields: number, read: (values: readonly unknown[]) => Value) {
  return (bytes: Uint8Array): Value => {
    if (bytes.length > bytesMax) throw malformed()
    const [first, ...values] = listOf(canonicalValue(bytes), fields + 1)
    if (first !== version) throw malformed()
    try {
      return read(values)
    } catch (error) {
      // Not as a cause: the codecs of fields and certificates have codes of their own.
      if (isPeerhoodError(error)) throw malformed()
      throw error
    }
  }
}

function listOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed()
  return value
}

function malformed() {
  return communityErrors.admission_malformed('The other computer sent something else than what it has to hand over.')
}
