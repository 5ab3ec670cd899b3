// Messages of `/peerhood/ledger/1` (docs/protocol/ledger-sync.md). Pure: bytes in, messages out, and back.
//
//   message = kind (u8) ‖ body            on a stream, frames are ../stream-wire.ts's
//
// Strict: every accepted message has one meaning and one encoding, all else its own error. What consensus/ and chain/ wrote
// (votes, certificates, blocks, headers, parts of snapshots) is opaque here; length limits hold before anything is kept.

import { concatBytes } from '../../base/bytes.ts'
import {
  blockBytesMax,
  blockTransactionsMax,
  codeBytesMax,
  headerBytesMax,
  transactionBytesMax,
  validatorsMax,
} from '../chain/limits.ts'
import { messageBytesMax as consensusBytesMax } from '../consensus/limits.ts'
import type { Address, Hash } from '../types.ts'
import { Cursor, hexBytes, listBytes, optionalBytes, sized, u8, u16, u32, u64 } from './cursor.ts'
import { fault } from './errors.ts'
import {
  answerBytesMax,
  certificateBytesMax,
  chunkBytesMax,
  evidenceBytesMax,
  gossipBytesMax,
  itemsPerAnswerMax,
  manifestBytesMax,
  proofBytesMax,
  proofKeysMax,
  receiptBytesMax,
  transactionsPerGossipMax,
} from './limits.ts'

/** Why something was not answered; the number is what is sent. */
const refusals = {
  /** It is not here: too old, too new, or never was. */
  not_here: 1,
  /** Too much is asked at the moment. */
  busy: 2,
  /** Only validators are answered, or only they can. */
  not_for_you: 3,
} as const
export type Refusal = keyof typeof refusals
const refusalNames = new Map<number, Refusal>(Object.entries(refusals).map(([name, code]) => [code, name as Refusal]))

/** How far somebody is. */
export interface Progress {
  readonly height: number
  readonly head: Hash
  readonly epoch: number
  readonly view: number
  /** The oldest block that it can give. */
  readonly oldest: number
  /** Height of the snapshot that it offers; 0: none. */
  readonly snapshot: number
}

export interface FinalBlock {
  readonly block: Uint8Array
  readonly certificate: Uint8Array
}

export interface FinalHeader {
  readonly header: Uint8Array
  readonly certificate: Uint8Array
}

export interface EpochEndParts {
  readonly header: Uint8Array
  readonly certificate: Uint8Array
  /** Of the epoch that begins. */
  readonly validators: readonly Address[]
}

export type Request =
  /** Final blocks from this height on, at most so many, with certificates. */
  | { readonly kind: 'blocks'; readonly from: number; readonly count: number }
  /** A block that is not final, or just became so. */
  | { readonly kind: 'block'; readonly hash: Hash }
  /** How epochs ended, from this one on. */
  | { readonly kind: 'epochs'; readonly from: number; readonly count: number }
  | { readonly kind: 'headers'; readonly from: number; readonly count: number }
  /** What snapshot there is. */
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'chunk'; readonly height: number; readonly index: number }
  /** An account and some of its storage, with proofs to the state root of the block. */
  | { readonly kind: 'account'; readonly height: number; readonly address: Address; readonly keys: readonly Hash[] }
  /** A transaction and its receipt, with proofs to the roots of its block. */
  | { readonly kind: 'receipt'; readonly transaction: Hash }
  /** What runs at an account after the block; the account's branch says its hash. */
  | { readonly kind: 'code'; readonly height: number; readonly address: Address }
  /** Those of a final block; the root in its header binds them. */
  | { readonly kind: 'receipts'; readonly block: Hash }

export type Answer =
  | { readonly kind: 'blocks'; readonly blocks: readonly FinalBlock[] }
  | { readonly kind: 'block'; readonly block: Uint8Array }
  | { readonly kind: 'epochs'; readonly ends: readonly EpochEndParts[] }
  | { readonly kind: 'headers'; readonly headers: readonly FinalHeader[] }
  | { readonly kind: 'snapshot'; readonly manifest: Uint8Array }
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'account'; readonly proof: Uint8Array }
  | { readonly kind: 'receipt'; readonly height: number; readonly proof: Uint8Array }
  | { readonly kind: 'code'; readonly code: Uint8Array }
  | { readonly kind: 'receipts'; readonly receipts: readonly Uint8Array[] }
  | { readonly kind: 'refuse'; readonly reason: Refusal }

export type Message =
  /**
   * First, both ways: which ledger, how far, and, of a validator, its signature over the name of its peer
   * (`announcementDigest`), r ‖ s ‖ v, and whether it votes.
   */
  | {
      readonly kind: 'hello'
      readonly genesis: Hash
      readonly announcement: Uint8Array | undefined
      readonly isVoting: boolean
      readonly progress: Progress
    }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'consensus'; readonly bytes: Uint8Array }
  | { readonly kind: 'evidence'; readonly bytes: Uint8Array }
  | { readonly kind: 'request'; readonly id: number; readonly request: Request }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
export type MessageKind = Message['kind']

const messageCodes: Readonly<Record<MessageKind, number>> = {
  hello: 1,
  progress: 2,
  consensus: 3,
  evidence: 4,
  request: 5,
  answer: 6,
}
const messageKinds = new Map(Object.entries(messageCodes).map(([kind, code]) => [code, kind as MessageKind]))

const progressBytes = 8 + 32 + 8 + 8 + 8 + 8
/** Shortest and longest message of each kind, its kind included; before a body is kept, a reader holds its length to it. */
export const messageBytes: Readonly<Record<MessageKind, readonly [min: number, max: number]>> = {
  hello: [1 + 32 + 1 + 1 + progressBytes, 1 + 32 + 1 + 65 + 1 + progressBytes],
  progress: [1 + progressBytes, 1 + progressBytes],
  consensus: [2, 1 + consensusBytesMax],
  evidence: [2, 1 + evidenceBytesMax],
  request: [6, 128 + 32 * proofKeysMax],
  answer: [7, answerBytesMax],
}

/** The kind with this number and length; throws `ledger_message_kind_unknown`, `ledger_message_too_long` or `…_malformed`. */
function checkMessage(code: number, length: number): MessageKind {
  const kind = messageKinds.get(code)
  if (kind === undefined) throw fault('ledger_message_kind_unknown')
  const [min, max] = messageBytes[kind]
  if (length > max) throw fault('ledger_message_too_long')
  if (length < min) throw fault('ledger_message_malformed')
  return kind
}

const malformed = () => fault('ledger_message_malformed')

// ---- encoding

export function encodeMessage(message: Message): Uint8Array {
  const head = u8(messageCodes[message.kind])
  switch (message.kind) {
    case 'hello':
      return concatBytes(
        head,
        hexBytes(message.genesis),
        optionalBytes(message.announcement, (bytes) => bytes),
        u8(message.isVoting ? 1 : 0),
        writeProgress(message.progress),
      )
    case 'progress':
      return concatBytes(head, writeProgress(message.progress))
    case 'consensus':
    case 'evidence':
      return concatBytes(head, message.bytes)
    case 'request':
      return concatBytes(head, u32(message.id), writeRequest(message.request))
    case 'answer':
      return concatBytes(head, u32(message.id), writeAnswer(message.answer))
  }
}

function writeProgress(progress: Progress): Uint8Array {
  const { height, head, epoch, view, oldest, snapshot } = progress
  return concatBytes(u64(height), hexBytes(head), u64(epoch), u64(view), u64(oldest), u64(snapshot))
}

const requestCodes: Readonly<Record<Request['kind'], number>> = {
  blocks: 1,
  block: 2,
  epochs: 3,
  headers: 4,
  snapshot: 5,
  chunk: 6,
  account: 7,
  receipt: 8,
  code: 9,
  receipts: 10,
}
const refuseCode = 255

function writeRequest(request: Request): Uint8Array {
  const head = u8(requestCodes[request.kind])
  switch (request.kind) {
    case 'blocks':
    case 'epochs':
    case 'headers':
      return concatBytes(head, u64(request.from), u16(request.count))
    case 'block':
      return concatBytes(head, hexBytes(request.hash))
    case 'snapshot':
      return head
    case 'chunk':
      return concatBytes(head, u64(request.height), u32(request.index))
    case 'account':
      return concatBytes(head, u64(request.height), hexBytes(request.address), listBytes(request.keys, hexBytes))
    case 'receipt':
      return concatBytes(head, hexBytes(request.transaction))
    case 'code':
      return concatBytes(head, u64(request.height), hexBytes(request.address))
    case 'receipts':
      return concatBytes(head, hexBytes(request.block))
  }
}

function writeAnswer(answer: Answer): Uint8Array {
  const head = u8(answer.kind === 'refuse' ? refuseCode : requestCodes[answer.kind])
  switch (answer.kind) {
    case 'blocks':
      return concatBytes(
        head,
        listBytes(answer.blocks, ({ block, certificate }) => concatBytes(sized(block), sized(certificate))),
      )
    case 'headers':
      return concatBytes(
        head,
        listBytes(answer.headers, ({ header, certificate }) => concatBytes(sized(header), sized(certificate))),
      )
    case 'epochs':
      return concatBytes(head, listBytes(answer.ends, writeEpochEnd))
    case 'block':
      return concatBytes(head, sized(answer.block))
    case 'snapshot':
      return concatBytes(head, sized(answer.manifest))
    case 'chunk':
      return concatBytes(head, sized(answer.chunk))
    case 'account':
      return concatBytes(head, sized(answer.proof))
    case 'receipt':
      return concatBytes(head, u64(answer.height), sized(answer.proof))
    case 'code':
      return concatBytes(head, sized(answer.code))
    case 'receipts':
      return concatBytes(head, listBytes(answer.receipts, sized))
    case 'refuse':
      return concatBytes(head, u8(refusals[answer.reason]))
  }
}

function writeEpochEnd({ header, certificate, validators }: EpochEndParts): Uint8Array {
  return concatBytes(sized(header), sized(certificate), listBytes(validators, hexBytes))
}

// ---- decoding

/** Throws one of the codes of `ledgerPeerErrors`. */
export function decodeMessage(bytes: Uint8Array): Message {
  const code = bytes[0]
  if (code === undefined) throw fault('ledger_message_empty')
  const kind = checkMessage(code, bytes.length)
  const cursor = new Cursor(bytes.subarray(1), malformed)
  const message = decodeBody(kind, cursor)
  cursor.end()
  return message
}

function decodeBody(kind: MessageKind, cursor: Cursor): Message {
  switch (kind) {
    case 'hello':
      return {
        kind,
        genesis: cursor.hash(),
        announcement: cursor.optional(() => cursor.raw(65)),
        isVoting: cursor.flag(),
        progress: decodeProgress(cursor),
      }
    case 'progress':
      return { kind, progress: decodeProgress(cursor) }
    case 'consensus':
    case 'evidence':
      return { kind, bytes: cursor.raw(cursor.left) }
    case 'request':
      return { kind, id: cursor.u32(), request: decodeRequest(cursor) }
    case 'answer':
      return { kind, id: cursor.u32(), answer: decodeAnswer(cursor) }
  }
}

function decodeProgress(cursor: Cursor): Progress {
  return {
    height: cursor.u64(),
    head: cursor.hash(),
    epoch: cursor.u64(),
    view: cursor.u64(),
    oldest: cursor.u64(),
    snapshot: cursor.u64(),
  }
}

function decodeRequest(cursor: Cursor): Request {
  switch (cursor.u8()) {
    case requestCodes.blocks:
      return { kind: 'blocks', ...decodeRange(cursor) }
    case requestCodes.epochs:
      return { kind: 'epochs', ...decodeRange(cursor) }
    case requestCodes.headers:
      return { kind: 'headers', ...decodeRange(cursor) }
    case requestCodes.block:
      return { kind: 'block', hash: cursor.hash() }
    case requestCodes.snapshot:
      return { kind: 'snapshot' }
    case requestCodes.chunk:
      return { kind: 'chunk', height: cursor.u64(), index: cursor.u32() }
    case requestCodes.account:
      return {
        kind: 'account',
        height: cursor.u64(),
        address: cursor.address(),
        keys: cursor.list(proofKeysMax, () => cursor.hash()),
      }
    case requestCodes.receipt:
      return { kind: 'receipt', transaction: cursor.hash() }
    case requestCodes.code:
      return { kind: 'code', height: cursor.u64(), address: cursor.address() }
    case requestCodes.receipts:
      return { kind: 'receipts', block: cursor.hash() }
    default:
      throw malformed()
  }
}

function decodeRange(cursor: Cursor): { from: number; count: number } {
  const from = cursor.u64()
  const count = cursor.u16(itemsPerAnswerMax)
  if (count === 0) throw malformed()
  return { from, count }
}

function decodeAnswer(cursor: Cursor): Answer {
  switch (cursor.u8()) {
    case requestCodes.blocks:
      return {
        kind: 'blocks',
        blocks: cursor.list(itemsPerAnswerMax, () => ({
          block: cursor.bytes(blockBytesMax, 1),
          certificate: cursor.bytes(certificateBytesMax),
        })),
      }
    case requestCodes.headers:
      return {
        kind: 'headers',
        headers: cursor.list(itemsPerAnswerMax, () => ({
          header: cursor.bytes(headerBytesMax, 1),
          certificate: cursor.bytes(certificateBytesMax),
        })),
      }
    case requestCodes.epochs:
      return { kind: 'epochs', ends: cursor.list(itemsPerAnswerMax, () => readEpochEnd(cursor)) }
    case requestCodes.block:
      return { kind: 'block', block: cursor.bytes(blockBytesMax, 1) }
    case requestCodes.snapshot:
      return { kind: 'snapshot', manifest: cursor.bytes(manifestBytesMax, 1) }
    case requestCodes.chunk:
      return { kind: 'chunk', chunk: cursor.bytes(chunkBytesMax) }
    case requestCodes.account:
      return { kind: 'account', proof: cursor.bytes(proofBytesMax, 1) }
    case requestCodes.receipt:
      return { kind: 'receipt', height: cursor.u64(), proof: cursor.bytes(proofBytesMax, 1) }
    case requestCodes.code:
      return { kind: 'code', code: cursor.bytes(codeBytesMax) }
    case requestCodes.receipts:
      return { kind: 'receipts', receipts: cursor.list(blockTransactionsMax, () => cursor.bytes(receiptBytesMax, 1)) }
    case refuseCode: {
      const reason = refusalNames.get(cursor.u8())
      if (reason === undefined) throw malformed()
      return { kind: 'refuse', reason }
    }
    default:
      throw malformed()
  }
}

function readEpochEnd(cursor: Cursor): EpochEndParts {
  return {
    header: cursor.bytes(headerBytesMax, 1),
    // Empty: block 0, which is final by itself and may end its epoch by a recovery.
    certificate: cursor.bytes(certificateBytesMax),
    validators: cursor.list(validatorsMax, () => cursor.address()),
  }
}

// ---- gossip

/** Raw transactions that are told to everyone. */
export function encodeGossip(transactions: readonly Uint8Array[]): Uint8Array {
  return listBytes(transactions, sized)
}

/** Throws `ledger_gossip_malformed`. */
export function decodeGossip(bytes: Uint8Array): readonly Uint8Array[] {
  const wrong = () => fault('ledger_gossip_malformed')
  if (bytes.length > gossipBytesMax) throw wrong()
  const cursor = new Cursor(bytes, wrong)
  const transactions = cursor.list(transactionsPerGossipMax, () => cursor.bytes(transactionBytesMax, 1))
  cursor.end()
  if (transactions.length === 0) throw wrong()
  return transactions
}
