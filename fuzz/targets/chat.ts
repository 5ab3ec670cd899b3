// Decoders of src/apps/chat: bodies of entries, what is sealed in them, presence, Markdown, marks of pages.

import { markdownDepthMax, markdownNodesMax } from '../../src/apps/chat/limits.ts'
import { safeLink } from '../../src/apps/chat/links-core.ts'
import { type Block, mentionsOf, parseMarkdown, plainText } from '../../src/apps/chat/markdown-core.ts'
import { type Inline, parseInline } from '../../src/apps/chat/markdown-inline-core.ts'
import { decodePresence, encodePresence } from '../../src/apps/chat/presence-wire.ts'
import { formatMark, parseMark } from '../../src/apps/chat/read.ts'
import { openText, sealText } from '../../src/apps/chat/seal.ts'
import { decodeStep, encodeStep, pad, unpad } from '../../src/apps/chat/step-wire.ts'
import type { ChannelId } from '../../src/apps/chat/types.ts'
import {
  type Act,
  decodeBody,
  decodeInner,
  decodeReport,
  encodeBody,
  encodeInner,
  encodeReport,
  type InnerAct,
  readAct,
  writeBody,
} from '../../src/apps/chat/wire.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/identity/testing.ts'
import type { EntryId } from '../../src/log/types.ts'
import { didNamed } from '../../test/support/chat.ts'
import { cbor, filled, texts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

const id = 'ab'.repeat(32) as EntryId
const channel = 'cd'.repeat(16) as ChannelId
const key = 'ef'.repeat(16)
const nonce = '01'.repeat(16)
const noNonce = '00'.repeat(16)
const persons = [didNamed('ada'), didNamed('bob')]
const person = didNamed('ada')
const envelope = { key, boxes: Uint8Array.of(1), sealed: Uint8Array.of(2) }
const file = { name: 'a.pdf', mediaType: 'application/pdf', bytes: 3, link: 'peerhood:abc' }

const inner: readonly InnerAct[] = [
  { kind: 'channel-edit', channel, name: 'yard', topic: 'grass', archived: true },
  { kind: 'message', channel, text: 'hi', reply: id, thread: id, mentions: persons, files: [file] },
  { kind: 'edit', target: id, text: 'ho', mentions: persons },
  { kind: 'delete', target: id },
  { kind: 'react', target: id, emoji: '👍🏽', on: true },
  { kind: 'hide', target: id, reason: 'rude' },
  { kind: 'unhide', target: id },
  { kind: 'read', marks: [{ channel, ms: 1, count: 2, id }] },
]
const acts: readonly Act[] = [
  ...inner,
  { kind: 'channel', channel: 'open', nonce, guests: true, name: 'garden', topic: 'plants' },
  { kind: 'channel', channel: 'private', nonce, persons, ...envelope },
  { kind: 'channel', channel: 'direct', nonce: noNonce, persons, ...envelope },
  { kind: 'channel', channel: 'own', nonce: noNonce, persons: [person], ...envelope },
  { kind: 'channel-keys', channel, persons, ...envelope },
  { kind: 'sealed', channel, key, sealed: Uint8Array.of(1) },
  { kind: 'mute', person, untilMs: 5, reason: '' },
  { kind: 'unmute', person },
  { kind: 'report', ...envelope },
]
const malformed = ['body_malformed', 'body_too_long']
const step = { covers: ['01'.repeat(8), '02'.repeat(8)], previous: [filled(32)], name: 'garden', topic: 'plants' }

const markdown = [
  '# no\n> quote\n> > deeper\n\n- one\n  - two\n1. three\n\n```ts\ncode\n```\n~~~\n',
  '**bold** *em* __x__ ~~gone~~ `code` ``a`b`` [label](https://a.example/(x)) @[Ann B] @ann @did:key:z6Mkx',
  'https://a.example/x). mailto:a@b.example peerhood:abc <b>html</b> \\* [x](javascript:alert(1))',
]
const marks = [
  '*',
  '**',
  '_',
  '__',
  '~~',
  '`',
  '``',
  '[',
  ']',
  '(',
  ')',
  '](',
  '> ',
  '- ',
  '1. ',
  '\n',
  '    ',
  '```',
  '@',
  '@[',
  '@did:key:z6Mk',
  'https://',
  'peerhood:',
  'mailto:',
  '\\',
]

/** How deep a tree is, and how many parts it has. */
function measure(parts: readonly (Block | Inline)[], depth = 1): { depth: number; nodes: number } {
  let [deepest, nodes] = [depth, 0]
  for (const part of parts) {
    const below = 'children' in part ? [part.children] : 'items' in part ? part.items : []
    nodes++
    if (part.type === 'link' && safeLink(part.url) === undefined) throw new Error('a link that is not safe')
    for (const children of below) {
      const inside = measure(children, depth + 1)
      deepest = Math.max(deepest, inside.depth)
      nodes += inside.nodes
    }
  }
  return { depth: deepest, nodes }
}

export const chatTargets: readonly Target[] = [
  target({
    name: 'chat-body',
    covers: ['src/apps/chat/wire.ts readAct', 'src/apps/chat/wire.ts decodeBody'],
    shape: 'cbor',
    codes: malformed,
    seeds: () => acts.map((act) => encodeBody([act.kind, writeBody(act)])),
    decode(input) {
      const pair = decodeBody(input)
      if (!Array.isArray(pair) || typeof pair[0] !== 'string') return undefined
      return readAct(pair[0], pair[1])
    },
    // Fields that a later version has are left out.
    encode: (act) => (act === undefined ? undefined : encodeBody([act.kind, writeBody(act)])),
    canonical: false,
  }),
  target({
    name: 'chat-inner',
    covers: ['src/apps/chat/wire.ts decodeInner'],
    shape: 'cbor',
    codes: malformed,
    seeds: () => inner.map(encodeInner),
    decode: decodeInner,
    encode: (act) => (act === undefined ? undefined : encodeInner(act)),
    canonical: false,
  }),
  target({
    name: 'chat-report',
    covers: ['src/apps/chat/wire.ts decodeReport'],
    shape: 'cbor',
    codes: malformed,
    seeds: () => [encodeReport({ target: id, reason: 'rude' })],
    decode: decodeReport,
    encode: encodeReport,
    canonical: false,
  }),
  target({
    name: 'chat-step',
    covers: ['src/apps/chat/step-wire.ts decodeStep'],
    shape: 'cbor',
    codes: malformed,
    seeds: () => [encodeStep(step), encodeStep({ ...step, name: undefined, topic: undefined })],
    decode: decodeStep,
    encode: encodeStep,
    canonical: false,
  }),
  target({
    name: 'chat-padding',
    covers: ['src/apps/chat/step-wire.ts unpad'],
    codes: malformed,
    seeds: () => [pad(filled(0)), pad(filled(63)), pad(filled(64)), pad(filled(300))],
    decode: unpad,
    encode: pad,
  }),
  target({
    name: 'chat-sealed',
    covers: ['src/apps/chat/seal.ts openText'],
    seeds: () => [sealText(seededRandom('fuzz'), filled(32), filled(4), filled(20))],
    decode: (input) => openText(filled(32), filled(4), input),
  }),
  target({
    name: 'presence',
    covers: ['src/apps/chat/presence-wire.ts decodePresence'],
    shape: 'cbor',
    codes: ['presence_malformed'],
    seeds: () => [
      ...(['here', 'away', 'gone'] as const).map((state) => encodePresence({ kind: 'here', state })),
      encodePresence({ kind: 'typing', place: '07'.repeat(16), on: true }),
      ...cbor([2, 'here', 1], [1, 'later', {}]),
    ],
    decode: decodePresence,
    encode: (message) => (message === undefined ? undefined : encodePresence(message)),
  }),
  target({
    name: 'markdown',
    covers: [
      'src/apps/chat/markdown-core.ts parseMarkdown',
      'src/apps/chat/markdown-inline-core.ts parseInline',
      'src/apps/chat/links-core.ts safeLink',
    ],
    shape: 'text',
    seeds: () => texts(...markdown),
    words: marks,
    inputBytesMax: 4_096,
    decode(input) {
      const text = textOf(input)
      const blocks = parseMarkdown(text)
      parseInline(text, { nodes: 50 })
      const { depth, nodes } = measure(blocks)
      // Blocks nest, and within a paragraph its parts do.
      if (depth > 2 * markdownDepthMax + 4) throw new Error(`${depth} deep`)
      if (nodes > 2 * markdownNodesMax) throw new Error(`${nodes} parts`)
      return [plainText(blocks).length, mentionsOf(blocks).length]
    },
  }),
  target({
    name: 'page-mark',
    covers: ['src/apps/chat/read.ts parseMark'],
    shape: 'text',
    codes: ['page_mark_wrong'],
    seeds: () => texts(formatMark({ ms: 1_700_000_000_000, count: 0, id }), formatMark({ ms: 0, count: 9, id })),
    inputBytesMax: 200,
    decode: (input) => parseMark(textOf(input)),
    encode: (mark) => utf8(formatMark(mark)),
  }),
]
