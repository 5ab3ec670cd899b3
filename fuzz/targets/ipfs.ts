// Decoders of src/ipfs: bitswap messages, CIDs, nodes as any tool makes them, CAR files, requests to the gateway.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWriter } from '@ipld/car/buffer-writer'
import type { CID } from 'multiformats/cid'
import { concatBytes, equalBytes, utf8 } from '../../src/base/bytes.ts'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { cidOf } from '../../src/content/format/cid.ts'
import { digestOf } from '../../src/content/format/keys.ts'
import { createSealer } from '../../src/content/format/seal.ts'
import {
  type BitswapMessage,
  createMessageReader,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  isSha256Prefix,
  prefixOf,
} from '../../src/ipfs/bitswap-wire.ts'
import { openCarFile } from '../../src/ipfs/car.ts'
import { checkBlock, decodeCid, parseCid } from '../../src/ipfs/cid.ts'
import { listFolder, readFile } from '../../src/ipfs/dag.ts'
import { ipfsErrors } from '../../src/ipfs/errors.ts'
import { parseRequest } from '../../src/ipfs/gateway/request-core.ts'
import { decodeNode } from '../../src/ipfs/unixfs-wire.ts'
import { makeVersion, publicKeys } from '../../test/support/shares.ts'
import { readFrames } from '../frames.ts'
import { filled, texts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const tree = { 'a.txt': utf8('one'), sub: { 'b.bin': filled(90), c: utf8('two') } }
const version = makeVersion(tree, createSealer(publicKeys), { chunkBytes: 16 })
const large = makeVersion(
  Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${'n'.repeat(240)}${at}`, utf8('x')])),
  createSealer(publicKeys),
)
const nodes = [...version.blocks.slice(0, version.meta.nodes), ...large.blocks.slice(0, large.meta.nodes)]
const raw = cidOf(0x55, digestOf(utf8('one')))
const node = cidOf(0x70, digestOf(nodes[0] ?? filled(0)))
/** CIDv0, and content in the CID itself. */
const otherCids = [
  'QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n',
  'bafkqac3imvwgy3zao5xxe3de',
  'bafyreigh2akiscaildc',
] as const

const messages: readonly BitswapMessage[] = [
  {
    ...emptyMessage,
    full: true,
    wants: [
      { cid: raw, type: 'block', priority: 1, cancel: false, sendDontHave: true },
      { cid: node, type: 'have', priority: 2_147_483_647, cancel: true, sendDontHave: false },
    ],
  },
  {
    ...emptyMessage,
    blocks: [{ prefix: prefixOf(raw), data: utf8('one') }],
    presences: [{ cid: node, has: false }],
    pendingBytes: 9,
  },
  emptyMessage,
]
const whole = (message: BitswapMessage) => concatBytes(...encodeMessage(message))
/** Without its length: that is one byte, or two. */
const body = (message: BitswapMessage) => {
  const bytes = whole(message)
  return bytes.slice((bytes[0] ?? 0) < 128 ? 1 : 2)
}

// What a message says, in a form that can be compared.
const plain = ({ wants, full, blocks, presences, pendingBytes }: BitswapMessage) => ({
  ...{ full, pendingBytes, blocks },
  wants: wants.map(({ cid, ...rest }) => ({ ...rest, cid: cid.toString() })),
  presences: presences.map(({ cid, has }) => ({ has, cid: cid.toString() })),
})

const ending = new AbortController().signal
const missing = async (): Promise<Uint8Array> => {
  throw ipfsErrors.ipfs_block_not_found('')
}

function car(roots: CID[], blocks: readonly { cid: CID; bytes: Uint8Array }[]): Uint8Array {
  const writer = createWriter(new ArrayBuffer(4_096), { roots })
  for (const block of blocks) writer.write(block)
  return writer.close({ resize: true })
}

const carFolder = mkdtempSync(join(tmpdir(), 'peerhood-fuzz-'))
process.on('exit', () => rmSync(carFolder, { recursive: true, force: true }))

const urls = [
  `/ipfs/${node}/sub/b.bin?format=car&dag-scope=entity&entity-bytes=0:*&car-dups=y`,
  `/ipfs/${raw}?format=raw&filename=a.txt&download=true`,
  `/ipfs/${otherCids[0]}/%C3%A9/`,
]

export const ipfsTargets: readonly Target[] = [
  target({
    name: 'bitswap-message',
    covers: [
      'src/ipfs/bitswap-wire.ts decodeMessage',
      'src/ipfs/protobuf-wire.ts readFields',
      'src/ipfs/protobuf-wire.ts readVarint',
    ],
    codes: ['bitswap_malformed', 'bitswap_wants_too_many', 'bitswap_block_too_large'],
    seeds: () => messages.map(body),
    decode(input) {
      const message = decodeMessage(input)
      for (const { prefix } of message.blocks) {
        try {
          isSha256Prefix(prefix)
        } catch (error) {
          if (!isPeerhoodError(error) || error.code !== 'bitswap_malformed') throw error
        }
      }
      const again = decodeMessage(whole(message).slice(whole(message).findIndex((byte) => byte < 128) + 1))
      if (JSON.stringify(plain(again)) !== JSON.stringify(plain(message)))
        throw new Error('encoded, it says something else')
      return plain(message)
    },
  }),
  target({
    name: 'bitswap-stream',
    covers: ['src/ipfs/bitswap-wire.ts createMessageReader'],
    codes: ['bitswap_malformed', 'bitswap_too_long', 'bitswap_cut'],
    seeds: () => [...messages.map(whole), concatBytes(...messages.map(whole)), Uint8Array.of(0, 0, 0)],
    decode: (input) =>
      readFrames<Uint8Array>((accept) => createMessageReader((message) => accept(message.slice())), input),
  }),
  target({
    name: 'cid',
    covers: ['src/ipfs/cid.ts parseCid', 'src/ipfs/cid.ts decodeCid'],
    shape: 'text',
    codes: ['cid_malformed', 'cid_unsupported'],
    seeds: () => [...texts(raw.toString(), node.toString(), ...otherCids), raw.bytes, node.bytes],
    words: ['bafy', 'Qm', 'k', 'f', 'B', 'z'],
    inputBytesMax: 400,
    decode(input) {
      const cid = input[0] === 1 ? decodeCid(input) : parseCid(textOf(input))
      return cid.toString()
    },
    encode: (text) => (text.startsWith('b') ? utf8(text) : undefined),
    canonical: false,
  }),
  target({
    name: 'ipfs-node',
    covers: ['decodeNode']
      .map((name) => `src/ipfs/unixfs-wire.ts ${name}`)
      .concat(
        ['readNode', 'readFile', 'checkPart'].map((name) => `src/ipfs/dag.ts ${name}`),
        ['src/ipfs/cid.ts checkBlock'],
      ),
    codes: ['ipfs_node_malformed', 'cid_unsupported', 'ipfs_block_not_found', 'ipfs_dag_too_large', 'ipfs_block_wrong'],
    seeds: () => nodes,
    async decode(input) {
      const read = decodeNode(node, input)
      // Read on, where nothing else is to be had: what stands in the node itself must still hold.
      if (read.type === 'file')
        for await (const _ of readFile(missing, read, { start: 0, end: 1_000 }, { signal: ending }));
      if (read.type === 'folder' || read.type === 'shard')
        for await (const _ of listFolder(missing, read, { signal: ending }));
      if (input.length % 8 === 0) await checkBlock(raw, input)
      return read.type
    },
  }),
  target({
    name: 'car',
    covers: ['src/ipfs/car.ts openCarFile', 'src/ipfs/car.ts readCar'],
    codes: [
      ...['car_malformed', 'car_version_unknown', 'car_roots_many', 'car_too_large', 'car_incomplete'],
      ...['ipfs_block_too_large', 'ipfs_block_wrong'],
    ],
    seeds: () => [
      car([raw], [{ cid: raw, bytes: utf8('one') }]),
      car([node, raw], [{ cid: raw, bytes: utf8('one') }]),
      car([node], [{ cid: node, bytes: nodes[0] ?? filled(0) }]),
    ],
    // A file is written and read for each.
    runs: 2_000,
    async decode(input) {
      const path = join(carFolder, 'fuzz.car')
      writeFileSync(path, input)
      const file = await openCarFile(path, ending)
      try {
        return equalBytes(await file.get(raw), utf8('one')) ? file.blocks : -1
      } finally {
        await file.close()
      }
    },
  }),
  target({
    name: 'gateway-request',
    covers: ['src/ipfs/gateway/request-core.ts parseRequest'],
    shape: 'text',
    codes: ['gateway_not_here', 'gateway_request_wrong', 'gateway_format_unknown', 'cid_malformed', 'cid_unsupported'],
    seeds: () => texts(...urls),
    words: [
      '/ipfs/',
      '?',
      '&',
      '=',
      'format=',
      'dag-scope=',
      'entity-bytes=',
      '-1:',
      '*',
      '%00',
      '%2F',
      '..',
      ';',
      ',',
      'order=',
    ],
    inputBytesMax: 1_500,
    decode(input) {
      const url = textOf(input)
      const { root, ...rest } = parseRequest({ url, accept: url.slice(-60), cacheControl: url.slice(-20) })
      if (rest.path.some((name) => name === '' || name.includes('/') || name.includes('\0')))
        throw new Error('a name that is none')
      return [root.toString(), rest]
    },
  }),
]
