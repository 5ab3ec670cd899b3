// Decoders of src/network: what peers say of lanes and punches, datagrams, addresses, certificates, routers' XML.

import { X509Certificate } from 'node:crypto'
import { concatBytes, equalBytes, utf8 } from '../../src/base/bytes.ts'
import { defineErrors } from '../../src/base/errors.ts'
import {
  cleanAddresses,
  parsePeerAddress,
  parsePeerId,
  rankAddresses,
  tryMultiaddr,
  withPeer,
} from '../../src/network/addresses.ts'
import { checkCertificate } from '../../src/network/certificate.ts'
import { DerError, DerReader, tags } from '../../src/network/der.ts'
import { controlOf, locationOf, refusalOf, searchTargets, textOf as xmlTextOf } from '../../src/network/gateway-wire.ts'
import * as lane from '../../src/network/lane-wire.ts'
import { trimPeerRecord } from '../../src/network/peer-record.ts'
import * as punch from '../../src/network/punch/wire.ts'
import type { PeerId } from '../../src/network/types.ts'
import { isPeersPlace, udxPlace } from '../../src/network/udx/address.ts'
import { decodeDatagram, decodeSeen, encodeDatagram, encodeSeen } from '../../src/network/udx/datagram-wire.ts'
import { filled, texts, vectorBytes } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const peerId = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5' as PeerId
const addressTexts = [
  `/ip4/1.2.3.4/tcp/4001/p2p/${peerId}`,
  `/ip6/2001:db8::1/udp/1/udx/p2p/${peerId}`,
  `/dns4/a.example/tcp/443/tls/ws/p2p/${peerId}`,
  `/ip4/1.2.3.4/tcp/1/p2p/${peerId}/p2p-circuit/p2p/${peerId}`,
  '/ip6zone/eth0/ip6/fe80::1/tcp/1',
  '/unix/%2Ftmp%2Fx',
]
const addressWords = [
  '/',
  '/ip4/',
  '/ip6/',
  '/tcp/',
  '/udp/',
  '/udx',
  '/p2p/',
  '/ws',
  '/dns/',
  '/p2p-circuit',
  '::',
  '/quic-v1',
  '/certhash/u',
  '/tls/sni/',
]
const seen = encodeSeen({ host: '1.2.3.4', port: 5 })

const derErrors = defineErrors({ refused: { kind: 'refused', hint: '' } })

const service = 'urn:schemas-upnp-org:service:WANIPConnection:1'
const router = [
  `<root xmlns="x"><device><service><serviceType>${service}</serviceType><controlURL>/ctl?a=1&amp;b</controlURL></service></device></root>`,
  '<s:Envelope><s:Fault><u:errorCode x="1">718</u:errorCode></s:Fault><NewExternalIPAddress>1.2.3.4</NewExternalIPAddress></s:Envelope>',
  `HTTP/1.1 200 OK\r\nST: ${searchTargets[0]}\r\nLOCATION: http://192.168.1.1:5000/d.xml\r\n\r\n`,
]

/** Records of libp2p's peer store: fields 1 (addresses) with field 2 in it, and others. */
const peerRecord = concatBytes(
  ...[0, 1, 1, 0].map((certified) => Uint8Array.of(0x0a, 6, 0x0a, 2, 4, 1, 0x10, certified)),
  Uint8Array.of(0x12, 1, 7, 0x18, 0x80, 1, 0x25, 1, 2, 3, 4),
)

export const networkTargets: readonly Target[] = [
  target({
    name: 'lane',
    covers: ['decodeOffer', 'decodeAnswer', 'decodePlace'].map((name) => `src/network/lane-wire.ts ${name}`),
    codes: ['lane_wrong'],
    seeds: () => [lane.encodeOffer({ streamId: 7, token: filled(16) }), lane.encodePlace(2 ** 40), lane.yes, lane.no],
    inputBytesMax: 64,
    decode(input) {
      if (input.length === lane.placeBytes) return lane.encodePlace(lane.decodePlace(input))
      if (input.length === lane.answerBytes) return lane.decodeAnswer(input) ? lane.yes : lane.no
      return lane.encodeOffer(lane.decodeOffer(input))
    },
    encode: (again) => again,
  }),
  target({
    name: 'lane-pieces',
    covers: ['src/network/lane-wire.ts createUnframer'],
    codes: ['lane_wrong'],
    seeds: () => [concatBytes(lane.encodeLength(3), filled(3), lane.encodeLength(1), filled(1), lane.endOfLane)],
    decode(input) {
      const whole = lane.createUnframer()
      const bytes = concatBytes(...whole.push(input))
      const cut = lane.createUnframer()
      const pieces = [...input].flatMap((byte) => cut.push(Uint8Array.of(byte)))
      if (!equalBytes(concatBytes(...pieces), bytes) || whole.isEnded !== cut.isEnded)
        throw new Error('cut, it says something else')
      return bytes
    },
  }),
  target({
    name: 'punch',
    covers: ['src/network/punch/wire.ts decodeOffer', 'src/network/punch/wire.ts checkStart'],
    codes: ['punch_malformed'],
    seeds: () => [
      punch.encodeOffer({
        token: filled(16),
        mapping: 'dependent',
        seen: [{ host: '1.2.3.4', port: 9 }],
        own: [{ host: '2001:db8::1', port: 9 }],
      }),
      punch.encodeOffer({ token: filled(16), mapping: 'unknown', seen: [], own: [] }),
      punch.start,
    ],
    inputBytesMax: 1_024,
    decode(input) {
      if (input.length !== 1) return punch.decodeOffer(input)
      punch.checkStart(input)
      return undefined
    },
    encode: (offer) => (offer === undefined ? punch.start : punch.encodeOffer(offer)),
  }),
  target({
    name: 'datagram',
    covers: ['src/network/udx/datagram-wire.ts decodeDatagram', 'src/network/udx/datagram-wire.ts decodeSeen'],
    codes: ['datagram_malformed'],
    seeds: () =>
      [
        { kind: 'hello', token: filled(16), stream: 1, cookie: filled(16) } as const,
        { kind: 'welcome', token: filled(16), stream: 1, seen } as const,
        { kind: 'retry', token: filled(16), cookie: filled(16) } as const,
        ...(['refuse', 'probe', 'ask'] as const).map((kind) => ({ kind, token: filled(16) })),
        { kind: 'seen', token: filled(16), seen } as const,
      ].map(encodeDatagram),
    inputBytesMax: 2_048,
    decode(input) {
      const datagram = decodeDatagram(input)
      if ('seen' in datagram && !equalBytes(encodeSeen(decodeSeen(datagram.seen)), datagram.seen))
        throw new Error('a place is written otherwise')
      return datagram
    },
    encode: encodeDatagram,
  }),
  target({
    name: 'peer-address',
    covers: ['parsePeerId', 'parsePeerAddress', 'tryMultiaddr', 'cleanAddresses'].map(
      (name) => `src/network/addresses.ts ${name}`,
    ),
    shape: 'text',
    codes: ['address_malformed', 'peer_id_malformed'],
    seeds: () => texts(...addressTexts),
    words: [...addressWords, peerId],
    inputBytesMax: 1_024,
    decode(input) {
      const text = textOf(input)
      const address = tryMultiaddr(text)
      if (address !== undefined) {
        rankAddresses([address, address])
        const place = udxPlace(address)
        if (place !== undefined) isPeersPlace(place)
      }
      cleanAddresses(peerId, [text, text])
      if (text.length === 52) parsePeerId(text)
      return parsePeerAddress(text)
    },
    encode: ({ peerId: id, addresses }) => utf8(withPeer(addresses[0] ?? '', id)),
    canonical: false,
  }),
  target({
    name: 'peer-record',
    covers: ['src/network/peer-record.ts trimPeerRecord'],
    seeds: () => [peerRecord, concatBytes(peerRecord, peerRecord)],
    decode(input) {
      const trimmed = trimPeerRecord(input, 2)
      if (trimmed.length > input.length || !equalBytes(trimPeerRecord(trimmed, 2), trimmed))
        throw new Error('it is trimmed twice')
      return trimmed
    },
  }),
  target({
    name: 'router-text',
    covers: ['locationOf', 'controlOf', 'textOf', 'refusalOf'].map((name) => `src/network/gateway-wire.ts ${name}`),
    shape: 'text',
    seeds: () => texts(...router),
    words: [
      '<service>',
      '<serviceType>',
      service,
      '<controlURL>',
      'http://192.168.1.1/',
      '//',
      '<',
      '>',
      '&amp;',
      '\r\n',
      ':',
      ' ',
    ],
    decode(input) {
      const text = textOf(input)
      const location = locationOf(text, '192.168.1.1')
      const control = controlOf(text, new URL('http://192.168.1.1/d.xml'))
      for (const url of [location, control?.url]) {
        if (url !== undefined && (url.hostname !== '192.168.1.1' || url.protocol !== 'http:'))
          throw new Error('leads elsewhere')
      }
      return [location?.href, control?.url.href, refusalOf(text), xmlTextOf(text, 'NewExternalIPAddress')]
    },
  }),
  target({
    name: 'der',
    covers: ['src/network/der.ts DerReader'],
    codes: ['refused'],
    seeds: () => vectorBytes('tls/certificates.json', 'hex').map((bytes) => bytes.slice()),
    decode(input) {
      try {
        let depth = 0
        for (let reader = new DerReader(input); reader.tag !== undefined; depth++) reader = reader.into(reader.tag)
        const body = new DerReader(input).into(tags.sequence)
        while (body.tag !== undefined) body.take(body.tag)
        return depth
      } catch (error) {
        if (error instanceof DerError) throw derErrors.refused(error.message)
        throw error
      }
    },
  }),
  target({
    name: 'peer-certificate',
    covers: ['src/network/certificate.ts checkCertificate'],
    codes: ['refused'],
    seeds: () => vectorBytes('tls/certificates.json', 'hex').map((bytes) => bytes.slice()),
    async decode(input) {
      let certificate: X509Certificate
      try {
        certificate = new X509Certificate(input)
      } catch {
        throw derErrors.refused('OpenSSL takes it for none')
      }
      try {
        return (await checkCertificate(certificate)).toString()
      } catch (error) {
        // The errors that libp2p expects, whatever the bytes are.
        if (error instanceof Error && error.name === 'InvalidCryptoExchangeError')
          throw derErrors.refused(error.message)
        throw error
      }
    },
  }),
]
