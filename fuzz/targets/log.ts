// Decoders of src/log: entries, ids, and the frames by which logs are exchanged.

import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes, utf8 } from '../../src/base/bytes.ts'
import { readCanonical } from '../../src/base/canonical.ts'
import { defineErrors } from '../../src/base/errors.ts'
import { createFrameReader } from '../../src/base/frame-reader.ts'
import { entryIdOf, parseCommunityId, parseDeviceId, parseEntryId, parseKeyId } from '../../src/log/ids.ts'
import { createDecoder } from '../../src/log/sync/decoder.ts'
import { peekPlace } from '../../src/log/sync/place-core.ts'
import { encodeFrame, type Frame } from '../../src/log/sync/wire.ts'
import type { DeviceId, EntryId } from '../../src/log/types.ts'
import { decodeEntry, encodeEntry, encodeHeader, partsOf } from '../../src/log/wire.ts'
import { joinFrames, readFrames, streams } from '../frames.ts'
import { cbor, filled, texts, vectorBytes } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const entries = () =>
  [...vectorBytes('log/entries.json', 'bytes'), ...vectorBytes('log/refused.json', 'bytes')].filter(
    ({ length }) => length < 4_000,
  )

const device = (digit: string) => digit.repeat(64) as DeviceId
const ids = ['1', 'a'].map((digit) => digit.repeat(64)) as unknown as readonly [EntryId, EntryId]
const places = [
  { device: device('2'), seq: 1 },
  { device: device('b'), seq: Number.MAX_SAFE_INTEGER },
]
const syncFrames: readonly Frame[] = [
  { kind: 'hello', role: 'member', discovery: filled(32), proof: filled(32) },
  { kind: 'hello', role: 'keeper', discovery: filled(32), proof: filled(32) },
  { kind: 'vector', last: true, places },
  { kind: 'forks', forks: [{ device: device('2'), seq: 3, entries: ids }] },
  { kind: 'have', places },
  { kind: 'flow', on: true },
  { kind: 'entries', entries: [filled(9), filled(200)] },
  { kind: 'level' },
  { kind: 'want', ids },
  { kind: 'answer', entries: [filled(3)] },
  { kind: 'absent', ids },
  { kind: 'challenge', nonce: filled(32), places },
  { kind: 'holding', nonce: filled(32), digest: filled(32) },
  { kind: 'holding', nonce: filled(32), digest: undefined },
  { kind: 'skip', devices: [device('2')] },
  { kind: 'keepalive' },
  { kind: 'refuse', reason: 'busy' },
]

const frameErrors = defineErrors({
  empty: { kind: 'refused', hint: '' },
  cut: { kind: 'refused', hint: '' },
  unknown: { kind: 'refused', hint: '' },
})

export const logTargets: readonly Target[] = [
  target({
    name: 'log-entry',
    covers: ['src/log/wire.ts decodeEntry', 'src/log/wire.ts partsOf', 'src/log/sync/place-core.ts peekPlace'],
    shape: 'cbor',
    codes: ['entry_too_long', 'entry_malformed', 'entry_version_unknown'],
    seeds: entries,
    decode(input) {
      // It is asked about anything, before any check.
      const peeked = peekPlace(input)
      const entry = decodeEntry(input, entryIdOf(input))
      if (
        peeked !== undefined &&
        (peeked.seq !== entry.seq || peeked.device !== entry.device || peeked.prev !== entry.prev)
      ) {
        throw new Error('another place was read off its first bytes')
      }
      return entry
    },
    encode: (entry) => encodeEntry(encodeHeader(entry), partsOf(entry.bytes).signature),
  }),
  target({
    name: 'log-ids',
    covers: ['parseEntryId', 'parseCommunityId', 'parseDeviceId', 'parseKeyId'].map((name) => `src/log/ids.ts ${name}`),
    shape: 'text',
    codes: ['entry_id_malformed', 'community_id_malformed', 'device_id_malformed', 'key_id_malformed'],
    seeds: () => texts(ids[0], ids[1], 'f'.repeat(32)),
    inputBytesMax: 300,
    decode(input) {
      const text = textOf(input)
      if (text.length <= 32) return parseKeyId(text)
      return [parseEntryId, parseCommunityId, parseDeviceId].map((parse) => parse(text) as string)[0] ?? ''
    },
    encode: (id) => utf8(id),
  }),
  target({
    name: 'log-frames',
    covers: ['src/log/sync/wire.ts decodeBody', 'src/log/sync/wire.ts kindOf', 'src/log/sync/decoder.ts createDecoder'],
    codes: ['empty', 'cut', 'malformed', 'too_long', 'kind_unknown'].map((what) => `sync_frame_${what}`),
    seeds: () => streams(syncFrames.map(encodeFrame)),
    decode: (input) => readFrames<Frame>((accept) => createDecoder({ admit: () => {}, accept }), input),
    encode: joinFrames(encodeFrame),
  }),
  target({
    name: 'frame-reader',
    covers: ['src/base/frame-reader.ts createFrameReader'],
    codes: ['empty', 'cut', 'unknown'],
    seeds: () => streams([Uint8Array.of(0, 0, 0, 1, 0), Uint8Array.of(0, 0, 0, 4, 2, 7, 7, 7)]),
    decode: (input) =>
      readFrames<Uint8Array>(
        (accept) =>
          createFrameReader<number>({
            begin(kind, length) {
              if (length > 16) throw frameErrors.unknown('')
              return kind
            },
            accept: (kind, body) => accept(Uint8Array.of(0, 0, 0, 1 + body.length, kind, ...body)),
            empty: () => frameErrors.empty(''),
            cut: () => frameErrors.cut(''),
          }),
        input,
      ),
    encode: joinFrames((frame: Uint8Array) => frame),
  }),
  target({
    name: 'canonical-cbor',
    covers: ['src/base/canonical.ts readCanonical'],
    shape: 'cbor',
    seeds: () =>
      cbor({ a: 1, bb: [true, false, null], c: 'é', d: filled(40) }, ['x', -1, -24, -257, 2 ** 40], [[[[1]]]], 'text', {
        kind: 'message',
        body: { text: '\ufeff', n: 1.5 },
      }),
    // What it reads is what the whole decoder reads, and canonical; what it does not read it says nothing about.
    decode(input) {
      const read = readCanonical(input)
      if (read === undefined) return undefined
      const value = decode(input)
      if (!isDeepStrictEqual(read.value, value)) throw new Error('the library reads something else')
      if (!equalBytes(encode(value), input)) throw new Error('it is not canonical')
      return read
    },
    encode: (read) => (read === undefined ? undefined : Uint8Array.from(encode(read.value))),
  }),
]
