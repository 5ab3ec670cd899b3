// Decoders of src/content/format: links, records, inventories, nodes and layouts.

import { sign } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { checkAccessProof } from '../../src/content/format/access.ts'
import { decodeBase32, encodeBase32 } from '../../src/content/format/base32.ts'
import { Bitfield } from '../../src/content/format/bitfield.ts'
import { checkInventoryPage, createInventory } from '../../src/content/format/inventory.ts'
import { asDigest, parseShareId, shareIdOf, signedBytes, signingKeyOf } from '../../src/content/format/keys.ts'
import { readLayout } from '../../src/content/format/layout.ts'
import { formatLink, parseLink } from '../../src/content/format/link.ts'
import { formatEnvelope, parseEnvelope } from '../../src/content/format/link-envelope.ts'
import { decodePeers, encodePeers } from '../../src/content/format/link-peers.ts'
import { decodeMeta, encodeMeta, openMeta, sealMeta } from '../../src/content/format/meta.ts'
import { readFields } from '../../src/content/format/protobuf.ts'
import { openRecord, signRecord } from '../../src/content/format/record.ts'
import { createSealer } from '../../src/content/format/seal.ts'
import { readUnixfsNode } from '../../src/content/format/unixfs-node.ts'
import { safeFolder } from '../../src/content/library/safe-names.ts'
import type { AccessKey, VersionMeta } from '../../src/content/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import { makeVersion, privateKeys, publicKeys } from '../../test/support/shares.ts'
import { filled, texts, vectorBytes, vectorTexts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

export const linkCodes = ['unknown', 'cut_off', 'mistyped', 'newer', 'elsewhere', 'malformed'].map(
  (what) => `link_${what}`,
)

/** The link with a length and a checksum that fit what it says. */
export function withLinkChecksum(input: Uint8Array): Uint8Array {
  const text = textOf(input).replace(/\s+/g, '')
  const read = decodeBase32(text.slice('peerhood:'.length))
  if (!('bytes' in read) || read.bytes.length < 7) return input
  return utf8(formatEnvelope({ kind: read.bytes[0] ?? 0, body: read.bytes.subarray(3, -4) }))
}

const signingSeed = filled(32, 1)
const publicSealer = createSealer(publicKeys)
const privateSealer = createSealer(privateKeys)

/** The record signed anew, so that its form is looked at. */
function signedAgain(input: Uint8Array): Uint8Array {
  // A pair of byte strings: the payload begins after its head.
  const [list, head, high = 0, low = 0] = input
  if (list !== 0x82 || (head !== 0x58 && head !== 0x59)) return input
  const length = head === 0x58 ? high : high * 256 + low
  const payload = input.subarray(head === 0x58 ? 3 : 4).subarray(0, length)
  return Uint8Array.from(encode([payload, new Uint8Array(sign(null, signedBytes(payload), signingKeyOf(signingSeed)))]))
}

const record = signRecord(
  {
    bytes: 3,
    blocks: 1,
    createdMs: 1_700_000_000_000,
    meta: filled(40),
    pages: [asDigest(filled(32))],
    sequence: 2,
    share: publicKeys.share,
    visibility: 'public',
  },
  signingSeed,
)

const metas: readonly VersionMeta[] = [
  { name: 'photos', kind: 'folder', rootCodec: 0x70, nodes: 3, files: 2, bytes: 10 },
  { name: 'x.txt', kind: 'file', rootCodec: 0x55, nodes: 0, files: 1, bytes: 0 },
]

const tree = {
  'a.txt': utf8('one'),
  empty: {},
  sub: { 'b.bin': filled(90), deep: { c: utf8('two') }, again: utf8('one') },
}
const version = makeVersion(tree, publicSealer, { chunkBytes: 16 })
// Names that only a trie holds: 200 files with long names.
const large = makeVersion(
  Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`${'n'.repeat(20)}${at}`, utf8('x')])),
  publicSealer,
)
const nodes = version.blocks.slice(0, version.meta.nodes)
const peer = {
  peerId: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5' as PeerId,
  addresses: ['/ip4/1.2.3.4/tcp/4001'],
}

/** Which node is changed (first byte), and to what. */
const asChangedNode = (node: Uint8Array, at: number) => concatBytes(Uint8Array.of(at), node)

export const formatTargets: readonly Target[] = [
  target({
    name: 'share-link',
    covers: ['src/content/format/link.ts parseLink', 'src/content/format/link-envelope.ts parseEnvelope'],
    shape: 'text',
    codes: linkCodes,
    seeds: () => texts(...vectorTexts('share/link.json', 'text')),
    mend: withLinkChecksum,
    words: ['peerhood:', 'PEERHOOD:', 'a', '7', '='],
    inputBytesMax: 1_500,
    decode(input) {
      const link = parseLink(textOf(input))
      parseEnvelope(textOf(input))
      return link
    },
    encode: (link) => utf8(formatLink(link)),
    canonical: false,
  }),
  target({
    name: 'base32',
    covers: ['src/content/format/base32.ts decodeBase32'],
    shape: 'text',
    seeds: () => texts(encodeBase32(filled(33)), 'aaaa', 'ABC'),
    decode: (input) => decodeBase32(textOf(input)),
    encode: (read) => ('bytes' in read && read.exact ? utf8(encodeBase32(read.bytes)) : undefined),
    canonical: false,
  }),
  target({
    name: 'link-peers',
    covers: ['src/content/format/link-peers.ts decodePeers'],
    codes: ['link_malformed'],
    seeds: () => [
      encodePeers([peer, { ...peer, addresses: ['/ip6/::1/udp/1/quic-v1', '/dns4/a.example/tcp/443/tls/ws'] }]),
      encodePeers([]),
    ],
    decode: decodePeers,
    // Addresses of kinds that are not known are left out.
    encode: encodePeers,
    canonical: false,
  }),
  target({
    name: 'record',
    covers: ['src/content/format/record.ts openRecord'],
    shape: 'cbor',
    codes: ['record_malformed', 'record_newer', 'record_not_trusted'],
    seeds: () => [record, ...vectorBytes('share/record.json', 'recordBytes')],
    mend: signedAgain,
    decode: (input) => openRecord(input),
    encode: (record) =>
      record.share.every((byte, at) => byte === publicKeys.share[at]) ? signRecord(record, signingSeed) : undefined,
  }),
  target({
    name: 'meta',
    covers: ['src/content/format/meta.ts decodeMeta', 'src/content/format/meta.ts openMeta'],
    shape: 'cbor',
    codes: ['meta_malformed', 'record_newer'],
    seeds: () => [...metas.map(encodeMeta), ...vectorBytes('share/record.json', 'metaBytes')],
    decode(input) {
      openMeta(input, publicSealer)
      return decodeMeta(input)
    },
    encode: encodeMeta,
  }),
  target({
    name: 'sealed-meta',
    covers: ['src/content/format/meta.ts openMeta', 'src/content/format/seal.ts createSealer'],
    codes: ['meta_malformed', 'record_newer', 'block_seal_wrong'],
    // What is changed is what a holder of the key seals.
    seeds: () => metas.map((meta) => Uint8Array.from({ length: 256 }, (_, at) => encodeMeta(meta)[at] ?? 0)),
    inputBytesMax: 2_048,
    decode: (input) => openMeta(privateSealer.seal(input), privateSealer),
    encode: (meta) => privateSealer.open(sealMeta(meta, privateSealer)),
  }),
  target({
    name: 'sealed-block',
    covers: ['src/content/format/seal.ts createSealer'],
    codes: ['block_seal_wrong'],
    seeds: () => [privateSealer.seal(filled(90)), privateSealer.seal(filled(0))],
    decode: (input) => privateSealer.open(input),
    encode: (plain) => privateSealer.seal(plain),
  }),
  target({
    name: 'inventory',
    covers: ['src/content/format/inventory.ts createInventory', 'src/content/format/inventory.ts checkInventoryPage'],
    codes: ['inventory_malformed', 'block_hash_wrong'],
    seeds: () => [...vectorBytes('share/inventory.json', 'pages'), ...version.pages],
    decode(input) {
      const claim = { blocks: version.inventory.count, bytes: 0, visibility: 'public' as const, pages: version.digests }
      if (input.length % 5 === 0) checkInventoryPage(claim, 0, input)
      const { count, digest, find, length } = createInventory([input])
      for (let index = 0; index < count; index++)
        if (find(digest(index)) !== index) throw new Error('a block is not found')
      return { page: input, count, lengths: Array.from({ length: count }, (_, index) => length(index)) }
    },
    encode: ({ page }) => page,
  }),
  target({
    name: 'bitfield',
    covers: ['src/content/format/bitfield.ts fromBytes'],
    codes: ['bitfield_malformed'],
    seeds: () => [Uint8Array.of(0xff, 0xe0), Uint8Array.of(0, 0)],
    inputBytesMax: 64,
    decode(input) {
      const field = Bitfield.fromBytes(input, 11)
      if (field.ones + [...field.missing()].length !== 11) throw new Error('bits are counted wrongly')
      return field
    },
    encode: (field) => field.toBytes(),
  }),
  target({
    name: 'unixfs-node',
    covers: ['src/content/format/unixfs-node.ts readUnixfsNode', 'src/content/format/protobuf.ts readFields'],
    codes: ['layout_malformed'],
    seeds: () => [...nodes, ...large.blocks.slice(0, large.meta.nodes).filter(({ length }) => length < 4_000)],
    decode(input) {
      for (const _ of readFields(input));
      return readUnixfsNode(input)
    },
  }),
  target({
    name: 'layout',
    covers: ['src/content/format/layout.ts readLayout', 'src/content/format/hamt.ts hamtSlots'],
    codes: ['layout_malformed', 'layout_too_large'],
    seeds: () => nodes.map(asChangedNode),
    decode([at = 0, ...node]) {
      // Digests are those of before, so that what leads to the node still does.
      const changed = at % nodes.length
      const none = new Uint8Array(0)
      const { meta, inventory } = version
      const getNode = (index: number) => (index === changed ? Uint8Array.from(node) : (nodes[index] ?? none))
      return readLayout({ meta, inventory, overheadBytes: 0, getNode })
    },
  }),
  target({
    name: 'share-id',
    covers: ['src/content/format/keys.ts parseShareId'],
    shape: 'text',
    codes: ['share_id_malformed'],
    seeds: () => texts(shareIdOf(publicKeys.share), shareIdOf(privateKeys.share)),
    inputBytesMax: 200,
    decode: (input) => parseShareId(textOf(input)),
    encode: (share) => utf8(shareIdOf(share)),
  }),
  target({
    name: 'access-proof',
    covers: ['src/content/format/access.ts checkAccessProof'],
    seeds: () => vectorBytes('share/access-proof.json', 'proof'),
    inputBytesMax: 200,
    decode: (input) => checkAccessProof(filled(32) as AccessKey, peer.peerId, peer.peerId, input),
  }),
  target({
    name: 'safe-names',
    covers: ['src/content/library/safe-names.ts safeFolder'],
    shape: 'text',
    seeds: () => texts('a.txt\nA.TXT\nCON\nb', 'é\ne\u0301\n..\n.', 'aux.c\n \n\u202egpj.exe'),
    words: ['\n', 'con', '.peerhood-', '~1', ' (2)', '.gz'],
    inputBytesMax: 1_200,
    decode(input) {
      const safe = safeFolder([...new Set(textOf(input).split('\n'))])
      const folded = new Set(safe.map((name) => name.normalize('NFC').toLowerCase()))
      if (folded.size !== safe.length) throw new Error('two names are one')
      const isBad = (name: string) => name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)
      if (safe.some((name) => isBad(name) || utf8(name).length > 255)) throw new Error('a name that no disk bears')
      return safe
    },
  }),
]
