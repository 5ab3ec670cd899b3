// The frames of `/peerhood/ledger/1`. Whoever opens a stream says which ledger; then both send messages, in order. What messages
// say is validator/'s business.
//
//   hello (1): 32 bytes, the opener's first and once   message (2): for the node   told (3): gossip that is too long for gossip

import { createFrameReader, type FrameReader } from '../base/frame-reader.ts'
import { ledgerPeerErrors } from './errors.ts'
import { gossipBytesMax, messageBytesMax } from './validator/limits.ts'

export const ledgerProtocol = '/peerhood/ledger/1'

export type Frame =
  | { readonly kind: 'hello'; readonly ledger: Uint8Array }
  | { readonly kind: 'message' | 'told'; readonly bytes: Uint8Array }
type Kind = Frame['kind']

const helloBytes = 32
const kindBytes: Readonly<Record<Kind, number>> = { hello: 1, message: 2, told: 3 }
const bytesMax: Readonly<Record<Kind, number>> = { hello: helloBytes, message: messageBytesMax, told: gossipBytesMax }

/** What goes before the body. */
export function frameHead(kind: Kind, bodyBytes: number): Uint8Array {
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, bodyBytes + 1)
  head[4] = kindBytes[kind]
  return head
}

/** `opened`: by us, so nobody greets on it. Throws `ledger_frame_…` and what `accept` throws. */
export function createFrames({ opened }: { readonly opened: boolean }, accept: (frame: Frame) => void): FrameReader {
  let isGreeted = opened
  return createFrameReader<Kind>({
    begin(kindByte, bodyBytes) {
      const kind = kindOf(kindByte)
      if (bodyBytes > bytesMax[kind])
        throw ledgerPeerErrors.ledger_frame_too_long('A peer sent a frame that is too long.')
      if ((kind === 'hello') === isGreeted) {
        throw ledgerPeerErrors.ledger_frame_out_of_order('A peer did not begin with its greeting, or greeted again.')
      }
      isGreeted = true
      return kind
    },
    accept(kind, body) {
      if (kind !== 'hello') accept({ kind, bytes: body })
      else if (body.length === helloBytes) accept({ kind, ledger: body })
      else throw malformed('greets without naming a ledger')
    },
    empty: () => malformed('has no kind'),
    cut: () => malformed('is cut off'),
  })
}

function kindOf(byte: number): Kind {
  if (byte === kindBytes.hello) return 'hello'
  if (byte === kindBytes.message) return 'message'
  if (byte === kindBytes.told) return 'told'
  throw malformed('is of an unknown kind')
}

function malformed(what: string) {
  return ledgerPeerErrors.ledger_frame_malformed(`A frame of a peer ${what}.`)
}
