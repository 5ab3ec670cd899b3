// What is inside the seal of every entry: canonical DAG-CBOR of [app, kind, body]. The body is each app's own to read.

import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '../base/bytes.ts'
import { readCanonical } from '../base/canonical.ts'
import { communityErrors } from './errors.ts'
import { isWord } from './fields-wire.ts'
import { contentBytesMax } from './limits.ts'

export interface Payload {
  readonly app: string
  readonly kind: string
  readonly body: unknown
}

/** Throws `content_unusable` for what DAG-CBOR can't say, `content_too_long`. */
export function encodePayload({ app, kind, body }: Payload): Uint8Array {
  if (!isWord(app) || !isWord(kind)) throw communityErrors.content_unusable('This is no name of an app or of a kind.')
  const content = encodeWhole([app, kind, body])
  if (content.length > contentBytesMax) {
    throw communityErrors.content_too_long(`This has ${content.length} bytes; an entry holds ${contentBytesMax}.`)
  }
  return content
}

function encodeWhole(value: unknown): Uint8Array {
  try {
    const content = encode(value)
    // What has no form of its own (an undefined field, a float that is whole) would be refused by everybody.
    if (equalBytes(encode(decode(content)), content)) return content
  } catch (cause) {
    throw communityErrors.content_unusable('This can’t be written as DAG-CBOR.', { cause })
  }
  throw communityErrors.content_unusable('This can’t be written as DAG-CBOR.')
}

/** Strict inverse of {@link encodePayload}. Throws `payload_malformed`. */
export function decodePayload(content: Uint8Array): Payload {
  const value = decodeStrictly(content)
  if (!Array.isArray(value) || value.length !== 3) throw malformed('is not a list of three')
  const [app, kind, body] = value
  if (!isWord(app) || !isWord(kind)) throw malformed('has an app or a kind that is no word')
  return { app, kind, body }
}

function decodeStrictly(content: Uint8Array): unknown {
  if (content.length > contentBytesMax) throw malformed('is too long')
  const read = readCanonical(content)
  if (read !== undefined) return read.value
  let value: unknown
  let again: Uint8Array
  try {
    value = decode(content)
    again = encode(value)
  } catch (cause) {
    throw malformed('is not DAG-CBOR', cause)
  }
  if (!equalBytes(again, content)) throw malformed('is not in canonical form')
  return value
}

function malformed(what: string, cause?: unknown) {
  return communityErrors.payload_malformed(`What the entry says ${what}.`, { cause })
}
