// The raw datagrams beside the streams of a socket (docs/protocol/udx.md). Greetings have one length and all others another,
// with big-endian numbers, and zeros in the place of what a kind has not. udx's own packets begin with 0xFF, so the two
// never meet.
//
//   0  'PHU'  3   3  version  1   4  kind  1   5  token  16   21  stream  4   25  seen or cookie  18   43  zeros

import { networkErrors } from '../errors.ts'
import { datagramBytes, helloBytes } from './limits.ts'

export const tokenBytes = 16
export const cookieBytes = 16
/** An IPv6 address (IPv4 as ::ffff:a.b.c.d) and a port. */
export const seenBytes = 18

export type Datagram =
  /** Asks for a stream; `stream` is the sender's own number. A cookie of zeros is none. */
  | { readonly kind: 'hello'; readonly token: Uint8Array; readonly stream: number; readonly cookie: Uint8Array }
  /** Answers a greeting: the answerer's stream, and where the greeting came from. */
  | { readonly kind: 'welcome'; readonly token: Uint8Array; readonly stream: number; readonly seen: Uint8Array }
  /** Greet again with this cookie. */
  | { readonly kind: 'retry'; readonly token: Uint8Array; readonly cookie: Uint8Array }
  /** No stream now. */
  | { readonly kind: 'refuse'; readonly token: Uint8Array }
  /** Opens the way for a greeting that is expected. */
  | { readonly kind: 'probe'; readonly token: Uint8Array }
  /** Where do I come from? */
  | { readonly kind: 'ask'; readonly token: Uint8Array }
  | { readonly kind: 'seen'; readonly token: Uint8Array; readonly seen: Uint8Array }
  /** Answer to this other port of mine, and not to the one that asks: from your port, or from another one. */
  | { readonly kind: 'reach' | 'reach-apart'; readonly token: Uint8Array; readonly seen: Uint8Array }

const magic = [0x50, 0x48, 0x55]
const version = 1
const kinds = ['hello', 'welcome', 'retry', 'refuse', 'probe', 'ask', 'seen', 'reach', 'reach-apart'] as const
const hasStream: readonly string[] = ['hello', 'welcome']
const tailBytes: Readonly<Record<(typeof kinds)[number], number>> = {
  hello: cookieBytes,
  welcome: seenBytes,
  retry: cookieBytes,
  refuse: 0,
  probe: 0,
  ask: 0,
  seen: seenBytes,
  reach: seenBytes,
  'reach-apart': seenBytes,
}

const kindAt = magic.length + 1
const tokenAt = kindAt + 1
const streamAt = tokenAt + tokenBytes
const tailAt = streamAt + 4

export function encodeDatagram(datagram: Datagram): Uint8Array {
  const bytes = new Uint8Array(lengthOf(datagram.kind))
  bytes.set(magic)
  bytes[magic.length] = version
  bytes[kindAt] = kinds.indexOf(datagram.kind)
  bytes.set(datagram.token, tokenAt)
  if ('stream' in datagram) new DataView(bytes.buffer).setUint32(streamAt, datagram.stream)
  if ('cookie' in datagram) bytes.set(datagram.cookie, tailAt)
  if ('seen' in datagram) bytes.set(datagram.seen, tailAt)
  return bytes
}

/** Throws `datagram_malformed` for anything that `encodeDatagram` does not make. */
export function decodeDatagram(bytes: Uint8Array): Datagram {
  const kind = kinds[bytes[kindAt] ?? kinds.length]
  const isOurs = magic.every((byte, at) => bytes[at] === byte) && bytes[magic.length] === version
  if (kind === undefined || !isOurs || bytes.length !== lengthOf(kind)) throw malformed()
  const stream = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(streamAt)
  if (!hasStream.includes(kind) && stream !== 0) throw malformed()
  if (hasStream.includes(kind) && stream === 0) throw malformed()
  const length = tailBytes[kind]
  if (bytes.subarray(tailAt + length).some((byte) => byte !== 0)) throw malformed()
  const token = bytes.slice(tokenAt, streamAt)
  const tail = bytes.slice(tailAt, tailAt + length)
  if (length === seenBytes && decodeSeen(tail).port === 0) throw malformed()
  switch (kind) {
    case 'hello':
      return { kind, token, stream, cookie: tail }
    case 'welcome':
      return { kind, token, stream, seen: tail }
    case 'retry':
      return { kind, token, cookie: tail }
    case 'seen':
    case 'reach':
    case 'reach-apart':
      return { kind, token, seen: tail }
    default:
      return { kind, token }
  }
}

function lengthOf(kind: Datagram['kind']): number {
  return kind === 'hello' ? helloBytes : datagramBytes
}

function malformed() {
  return networkErrors.datagram_malformed('This is no datagram of Peerhood.')
}

const v4Prefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** An IP address as text and a port, to the 18 bytes of the wire. IPv4 may come as ::ffff:a.b.c.d. */
export function encodeSeen({ host, port }: { readonly host: string; readonly port: number }): Uint8Array {
  const bytes = new Uint8Array(seenBytes)
  if (host.includes(':')) bytes.set(groupsOf(host).flatMap((group) => [group >> 8, group & 0xff]))
  else bytes.set([...v4Prefix, ...host.split('.').map(Number)])
  new DataView(bytes.buffer).setUint16(16, port)
  return bytes
}

function groupsOf(ip: string): number[] {
  const [head = '', tail] = (ip.split('%', 1)[0] ?? '').split('::')
  const numbers = (text: string) => (text === '' ? [] : text.split(':').flatMap(groupOf))
  const [before, after] = [numbers(head), numbers(tail ?? '')]
  if (tail === undefined) return before
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

/** IPv4 at the end of IPv6 makes two. */
function groupOf(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

/** Back to text; IPv6 in full length, as whoever parses it shortens it. */
export function decodeSeen(bytes: Uint8Array): { readonly host: string; readonly port: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const port = view.getUint16(16)
  if (v4Prefix.every((byte, at) => bytes[at] === byte)) return { host: bytes.subarray(12, 16).join('.'), port }
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(2 * at).toString(16))
  return { host: groups.join(':'), port }
}
