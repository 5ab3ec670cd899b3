// What stands sealed beside a channel's key (`channel`, `channel-keys`), and the padding of everything that is sealed
// with one. Pure; throws `body_malformed`, `body_too_long`, nothing else.

import { concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { bytes, fieldsOf, isAscending, isLabel, list, malformed, optional, text } from './fields-core.ts'
import {
  channelDevicesMax,
  channelNameBytesMax,
  previousKeysMax,
  sealedClassBytesMin,
  topicBytesMax,
} from './limits.ts'
import { decodeBody, encodeBody } from './wire.ts'

const coverBytes = 8
const keyBytes = 32

export interface StepSecret {
  /** The first 8 bytes, in hex, of each device that got the key in this entry, ascending. */
  readonly covers: readonly string[]
  /** Keys before this one, 32 bytes each. */
  readonly previous: readonly Uint8Array[]
  /** What a private channel is called; undefined in `channel-keys`, and where persons name the channel. */
  readonly name: string | undefined
  readonly topic: string | undefined
}

export function encodeStep({ covers, previous, name, topic }: StepSecret): Uint8Array {
  const joined = concatBytes(
    ...covers.map((cover) => {
      const found = fromHex(cover)
      assert(found?.length === coverBytes, 'a device is named by 8 bytes')
      return found
    }),
  )
  return encodeBody({
    covers: joined,
    previous,
    ...(name === undefined ? {} : { name }),
    ...(topic === undefined ? {} : { topic }),
  })
}

export function decodeStep(content: Uint8Array): StepSecret {
  const fields = fieldsOf(decodeBody(content))
  const joined = bytes(fields, 'covers', { min: 0, max: coverBytes * channelDevicesMax })
  if (joined.length % coverBytes !== 0) throw malformed('has half a device')
  const covers = Array.from({ length: joined.length / coverBytes }, (_, i) =>
    joined.subarray(i * coverBytes, (i + 1) * coverBytes),
  )
  if (!isAscending(covers)) throw malformed('does not have its devices in order')
  return {
    covers: covers.map(toHex),
    previous: list(fields, 'previous', previousKeysMax, (item) => {
      if (item instanceof Uint8Array && item.length === keyBytes) return item
      throw malformed('has a key that is not 32 bytes long')
    }),
    name: optional(fields, 'name', (_, at) => {
      const value = text(fields, at, channelNameBytesMax)
      if (isLabel(value, channelNameBytesMax)) return value
      throw malformed('has a name that is none')
    }),
    topic: optional(fields, 'topic', (_, at) => text(fields, at, topicBytesMax)),
  }
}

/** content ‖ 0x80 ‖ zeros, up to a power of two: the length tells little of what is said. */
export function pad(content: Uint8Array): Uint8Array {
  let length = sealedClassBytesMin
  while (length < content.length + 1) length *= 2
  const padded = new Uint8Array(length)
  padded.set(content)
  padded[content.length] = 0x80
  return padded
}

/** Throws `body_malformed` for what {@link pad} can't have made. */
export function unpad(padded: Uint8Array): Uint8Array {
  const end = padded.findLastIndex((byte) => byte !== 0)
  const content = padded.subarray(0, Math.max(0, end))
  if (padded[end] !== 0x80 || pad(content).length !== padded.length) throw malformed('is not padded as it must be')
  return content
}
