// Serving and opening streams: the one inbound boundary of this folder. What a handler throws ends its stream, is logged
// with its code and counted; nothing that a peer sends goes further up.

import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics } from '../base/ports.ts'
import { networkErrors, toConnectError } from './errors.ts'
import type { Lanes } from './lane.ts'
import { openStreamTimeoutMs } from './limits.ts'
import { bestConnection, type Peers } from './peers.ts'
import type { AdaptedStream } from './stream.ts'
import { copiesWhatIsSent } from './tls-stream.ts'
import type { Blame, PeerId, PeerStream, StreamHandler } from './types.ts'

export interface ServeParts {
  readonly host: Libp2p
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly peers: Peers
  readonly lanes: Lanes
  readonly blame: (peerId: PeerId, blame: Blame) => void
}

function runHandler(stream: AdaptedStream, handler: StreamHandler, protocol: string, parts: ServeParts): Promise<void> {
  const run = async () => {
    await handler(stream)
    await stream.settle()
  }
  return run().catch((thrown: unknown) => {
    const error = toPeerhoodError(thrown)
    parts.metrics.count('network_stream_failures', 1, { protocol, kind: error.kind })
    const fields = { protocol, peerId: stream.remotePeer, code: error.code, message: error.message }
    if (error.kind === 'internal') parts.log.warn('stream_handler_failed', fields)
    else parts.log.debug('stream_handler_failed', fields)
    stream.abort(error)
  })
}

function adapt(stream: Stream, connection: Connection, { lanes, peers }: Pick<ServeParts, 'lanes' | 'peers'>) {
  const meter = peers.meter(connection.remotePeer.toString() as PeerId)
  return lanes.adapt(stream, connection, { meter, copies: copiesWhatIsSent(connection) })
}

/** Registers a handler; at most `streamsPerPeerMax` of its streams are open with one peer, over all its connections. */
export async function serveProtocol(
  protocol: string,
  handler: StreamHandler,
  streamsPerPeerMax: number,
  parts: ServeParts,
): Promise<Cancel> {
  const { host } = parts
  const open = new Map<PeerId, number>()

  const onStream = (stream: Stream, connection: Connection) => {
    const peerId = connection.remotePeer.toString() as PeerId
    const count = open.get(peerId) ?? 0
    if (count >= streamsPerPeerMax) {
      stream.abort(networkErrors.streams_too_many('Too many streams of this protocol.'))
      parts.blame(peerId, { code: 'streams_too_many', verdict: 'ignore' })
      return
    }
    open.set(peerId, count + 1)
    const adapted = adapt(stream, connection, parts)
    void Promise.allSettled([runHandler(adapted, handler, protocol, parts), adapted.closed]).then(() => {
      const left = (open.get(peerId) ?? 1) - 1
      if (left === 0) open.delete(peerId)
      else open.set(peerId, left)
    })
  }

  try {
    await host.handle(protocol, onStream, {
      // One more than we allow, so that the surplus reaches us and is counted against the peer.
      maxInboundStreams: streamsPerPeerMax + 1,
      runOnLimitedConnection: true,
    })
  } catch (error) {
    throw networkErrors.protocol_taken(`The protocol ${protocol} is served already.`, { cause: error })
  }
  return () => {
    host.unhandle(protocol).catch(() => {}) // only its own peer store entry could fail, and that is in memory
  }
}

/** Opens a stream on the best connection there is; `dial` makes one when there is none. */
export async function openPeerStream(
  peerId: PeerId,
  protocol: string,
  dial: (signal: AbortSignal) => Promise<void>,
  parts: Pick<ServeParts, 'clock' | 'peers' | 'lanes'>,
  signal?: AbortSignal,
): Promise<PeerStream> {
  const { clock, peers } = parts
  const late = () => networkErrors.peer_unreachable('The other peer did not answer in time.', { details: { peerId } })
  const limit = deadline(clock, openStreamTimeoutMs, late, signal)
  try {
    if (bestConnection(peers.connectionsOf(peerId)) === undefined) await dial(limit.signal)
    const connection = bestConnection(peers.connectionsOf(peerId))
    if (connection === undefined) throw late()
    const stream = await connection.newStream(protocol, {
      signal: limit.signal,
      runOnLimitedConnection: true,
      maxOutboundStreams: Number.MAX_SAFE_INTEGER, // our own code is bounded by itself, the peer by its own limits
    })
    return adapt(stream, connection, parts)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (limit.signal.aborted) throw limit.signal.reason
    throw toConnectError(error, peerId)
  } finally {
    limit.done()
  }
}
