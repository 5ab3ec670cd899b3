// yamux with two checks that its package lacks: a frame may not announce more than the window (it would be gathered in
// memory before anyone looked at it), and streams may not be opened faster than `streamsPerSecondMax`. Both throw into
// the muxer's own error path, which closes the connection.

import type { Connection, StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { TokenBucket } from '../base/bounded.ts'
import { assert } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import {
  frameMaxBytes,
  keepAliveIntervalMs,
  readBufferMaxBytes,
  streamsBurstMax,
  streamsPerConnectionMax,
  streamsPerSecondMax,
  windowInitialBytes,
  windowMaxBytes,
  writeBufferMaxBytes,
} from './limits.ts'

// https://github.com/hashicorp/yamux/blob/master/spec.md#framing
const headerBytes = 12
const typeData = 0
const flagSyn = 1

interface ByteList {
  readonly byteLength: number
  get(index: number): number
}

interface Decoder {
  buffer: ByteList
  readFrame(): { readonly header: { readonly flag: number } } | undefined
}

class FrameRefusedError extends Error {
  override readonly name = 'FrameRefusedError'
}

function lengthOf(buffer: ByteList): number {
  return ((buffer.get(8) << 24) | (buffer.get(9) << 16) | (buffer.get(10) << 8) | buffer.get(11)) >>> 0
}

function guardDecoder(decoder: Decoder, clock: Clock): void {
  const opened = new TokenBucket({
    perSecond: streamsPerSecondMax,
    burst: streamsBurstMax,
    nowMs: clock.monotonicMs(),
  })
  const readFrame = decoder.readFrame.bind(decoder)
  decoder.readFrame = () => {
    const { buffer } = decoder
    if (buffer.byteLength >= headerBytes && buffer.get(1) === typeData && lengthOf(buffer) > frameMaxBytes) {
      throw new FrameRefusedError('frame longer than any window')
    }
    const frame = readFrame()
    if (frame !== undefined && (frame.header.flag & flagSyn) !== 0 && !opened.take(clock.monotonicMs())) {
      throw new FrameRefusedError('streams opened too fast')
    }
    return frame
  }
}

/** The muxer of every connection. */
export function boundedYamux(clock: Clock): () => StreamMuxerFactory {
  const create = yamux({
    keepAliveInterval: keepAliveIntervalMs,
    maxInboundStreams: streamsPerConnectionMax,
    maxOutboundStreams: streamsPerConnectionMax,
    streamOptions: {
      initialStreamWindowSize: windowInitialBytes,
      maxStreamWindowSize: windowMaxBytes,
      maxReadBufferLength: readBufferMaxBytes,
      maxWriteBufferLength: writeBufferMaxBytes,
    },
  })
  return () => {
    const factory = create()
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection) {
        const muxer = factory.createStreamMuxer(connection)
        const { decoder } = muxer as unknown as { decoder?: Decoder }
        assert(typeof decoder?.readFrame === 'function', 'yamux keeps its decoder where we guard it')
        guardDecoder(decoder, clock)
        return muxer
      },
    }
  }
}

interface PingingMuxer {
  ping(): Promise<number>
}

/**
 * Round trip in ms by yamux's own ping, which needs no stream. It has no timeout on purpose: yamux takes an answer to a
 * ping that was given up for a violation of the protocol and closes the connection.
 */
export function pingConnection(connection: Connection): Promise<number> {
  const { muxer } = connection as unknown as { muxer?: PingingMuxer }
  assert(typeof muxer?.ping === 'function', 'a connection keeps its muxer where we ping it')
  return muxer.ping()
}
