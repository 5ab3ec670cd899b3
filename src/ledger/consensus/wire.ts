// Messages between validators and records of the write-ahead log as bytes. Votes and certificates: vote-wire.ts.
//
//   message = kind (u8) ‖ body
//   1 proposal      vote ‖ block ‖ count (u16) ‖ certificates
//   2 vote          vote
//   3 certificates  count (u16) ‖ certificates
//   4 blocks        count (u8) ‖ blocks
//   5 ask           epoch (u64) ‖ count (u16) ‖ views (u64, ascending) ‖ count (u8) ‖ block hashes (32)
//   6 status        epoch ‖ view ‖ height ‖ final view (u64 each) ‖ is an answer (u8, 0 or 1) ‖ heard view (u64)
//   block   = length (u32) ‖ bytes of chain/
//   record  = kind (u8: 1 vote, 2 block, 3 certificate) ‖ vote, block or certificate
//
// A block's fields are not sent: whoever decodes gives the function that reads them from its bytes (chain/), and so its hash is of
// these bytes. Signatures are looked at by the core.

import { concatBytes } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import type { Block } from '../types.ts'
import { type Cursor, hexBytes, u8, u16, u32, u64 } from './cursor.ts'
import { consensusErrors } from './errors.ts'
import { blockBytesMax, blocksPerAskMax, certificatesPerMessageMax, messageBytesMax, viewsPerAskMax } from './limits.ts'
import type { Certificate, Message, WalRecord } from './types.ts'
import { malformed, readCertificate, readVote, whole, writeCertificate, writeVote } from './vote-wire.ts'

/** Undefined for what is no block; throws nothing. */
export type DecodeBlock = (bytes: Uint8Array) => Block | undefined

const messageCodes: Readonly<Record<Message['kind'], number>> = {
  proposal: 1,
  vote: 2,
  certificates: 3,
  blocks: 4,
  ask: 5,
  status: 6,
}
const messageKinds = new Map(Object.entries(messageCodes).map(([kind, code]) => [code, kind as Message['kind']]))
const recordCodes: Readonly<Record<WalRecord['kind'], number>> = { vote: 1, block: 2, certificate: 3 }

export function encodeMessage(message: Message): Uint8Array {
  return concatBytes(u8(messageCodes[message.kind]), ...bodyOf(message))
}

function bodyOf(message: Message): readonly Uint8Array[] {
  switch (message.kind) {
    case 'proposal':
      return [writeVote(message.vote), writeBlock(message.block), ...writeCertificates(message.certificates)]
    case 'vote':
      return [writeVote(message.vote)]
    case 'certificates':
      return writeCertificates(message.certificates)
    case 'blocks':
      return [u8(message.blocks.length), ...message.blocks.map(writeBlock)]
    case 'ask':
      return [
        u64(message.epoch),
        u16(message.views.length),
        ...message.views.map(u64),
        u8(message.blocks.length),
        ...message.blocks.map(hexBytes),
      ]
    case 'status':
      return [
        ...[message.epoch, message.view, message.height, message.finalView].map(u64),
        u8(message.isAnswer ? 1 : 0),
        u64(message.heardView),
      ]
  }
}

/** Throws `consensus_message_malformed`. */
export function decodeMessage(bytes: Uint8Array, decodeBlock: DecodeBlock): Message {
  if (bytes.length > messageBytesMax) throw malformed('A consensus message is too long.')
  return whole(bytes, (from) => {
    const kind = messageKinds.get(from.u8())
    if (kind === undefined) throw malformed('A consensus message is of an unknown kind.')
    return readBody(kind, from, decodeBlock)
  })
}

function readBody(kind: Message['kind'], from: Cursor, decodeBlock: DecodeBlock): Message {
  switch (kind) {
    case 'proposal':
      return {
        kind,
        vote: readVote(from),
        block: readBlock(from, decodeBlock),
        certificates: readCertificates(from, 0),
      }
    case 'vote':
      return { kind, vote: readVote(from) }
    case 'certificates':
      return { kind, certificates: readCertificates(from, 1) }
    case 'blocks':
      return { kind, blocks: readList(from.u8(), 1, blocksPerAskMax, () => readBlock(from, decodeBlock)) }
    case 'ask':
      return readAsk(from)
    case 'status': {
      const [epoch, view, height, finalView] = [from.u64(), from.u64(), from.u64(), from.u64()]
      const isAnswer = from.u8()
      if (isAnswer > 1) throw malformed()
      return { kind, epoch, view, height, finalView, isAnswer: isAnswer === 1, heardView: from.u64() }
    }
  }
}

function readAsk(from: Cursor): Message {
  const epoch = from.u64()
  const views = readList(from.u16(), 0, viewsPerAskMax, () => from.u64())
  if (views.some((view, at) => view <= (views[at - 1] ?? 0))) throw malformed()
  const blocks = readList(from.u8(), 0, blocksPerAskMax, () => from.hash())
  if (views.length + blocks.length === 0) throw malformed()
  return { kind: 'ask', epoch, views, blocks }
}

function readList<Item>(count: number, min: number, max: number, read: () => Item): Item[] {
  if (count < min || count > max) throw malformed()
  return Array.from({ length: count }, read)
}

function writeCertificates(certificates: readonly Certificate[]): readonly Uint8Array[] {
  assert(certificates.length <= certificatesPerMessageMax, 'certificates of one message are bounded')
  return [u16(certificates.length), ...certificates.map(writeCertificate)]
}

function readCertificates(from: Cursor, min: number): Certificate[] {
  return readList(from.u16(), min, certificatesPerMessageMax, () => readCertificate(from))
}

function writeBlock({ bytes }: Block): Uint8Array {
  assert(bytes.length <= blockBytesMax, 'a block has a bounded length')
  return concatBytes(u32(bytes.length), bytes)
}

function readBlock(from: Cursor, decodeBlock: DecodeBlock): Block {
  const length = from.u32()
  if (length > blockBytesMax) throw malformed('A block in a consensus message is too long.')
  const block = decodeBlock(from.take(length))
  if (block === undefined) throw malformed('A block in a consensus message is none.')
  return block
}

export function encodeRecord(record: WalRecord): Uint8Array {
  const head = u8(recordCodes[record.kind])
  if (record.kind === 'vote') return concatBytes(head, writeVote(record.vote))
  if (record.kind === 'block') return concatBytes(head, writeBlock(record.block))
  return concatBytes(head, writeCertificate(record.certificate))
}

/** Throws `consensus_record_malformed`. */
export function decodeRecord(bytes: Uint8Array, decodeBlock: DecodeBlock): WalRecord {
  try {
    return whole(bytes, (from) => readRecord(from, decodeBlock))
  } catch (cause) {
    throw consensusErrors.consensus_record_malformed(
      'A record of the vote log does not have the form that it must have.',
      {
        cause,
      },
    )
  }
}

function readRecord(from: Cursor, decodeBlock: DecodeBlock): WalRecord {
  switch (from.u8()) {
    case recordCodes.vote:
      return { kind: 'vote', vote: readVote(from) }
    case recordCodes.block:
      return { kind: 'block', block: readBlock(from, decodeBlock) }
    case recordCodes.certificate:
      return { kind: 'certificate', certificate: readCertificate(from) }
    default:
      throw malformed()
  }
}
