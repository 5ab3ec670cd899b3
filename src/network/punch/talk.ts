// Messages on a libp2p stream, each after its length as a varint. libp2p's own `lpStream` reads lengths without end.

import type { Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { connectionLost, networkErrors } from '../errors.ts'
import { offerBytesMax } from './wire.ts'

export interface Talk {
  /** Throws `punch_malformed` for what is too long, what libp2p throws where the stream ends, or the signal's reason. */
  read(signal: AbortSignal): Promise<Uint8Array>
  write(message: Uint8Array, signal: AbortSignal): Promise<void>
}

const more = 0x80

export function talkOn(stream: Stream): Talk {
  const bytes = byteStream(stream)
  const take = async (count: number, signal: AbortSignal): Promise<Uint8Array> => {
    const taken = await bytes.read({ bytes: count, signal })
    if (taken?.byteLength !== count) throw connectionLost()
    return taken.subarray()
  }
  return {
    async read(signal) {
      const [first = 0] = await take(1, signal)
      const [second = 0] = first >= more ? await take(1, signal) : []
      const length = (first % more) + more * second
      if (second >= more || length === 0 || length > offerBytesMax) {
        throw networkErrors.punch_malformed('A message about a direct way is too long.')
      }
      return take(length, signal)
    },
    async write(message, signal) {
      const { length } = message
      const head = length < more ? [length] : [more + (length % more), Math.floor(length / more)]
      await bytes.write(Uint8Array.of(...head, ...message), { signal })
    },
  }
}
