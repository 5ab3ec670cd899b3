// What can fail in the network, for programs (code), people (message) and what to do next (hint).

import { defineErrors, isPeerhoodError, type PeerhoodError } from '../base/errors.ts'

export const networkErrors = defineErrors({
  address_malformed: {
    kind: 'usage',
    hint: 'An address looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…; copy it whole from the other peer.',
  },
  peer_id_malformed: { kind: 'usage', hint: 'A peer id starts with 12D3Koo; copy it whole from the other peer.' },
  peer_is_self: { kind: 'usage', hint: 'This is the id of this very peer: use the other one’s address.' },
  network_not_running: { kind: 'conflict', hint: 'Start Peerhood first, or wait until it has started.' },
  listen_failed: {
    kind: 'local',
    hint: 'Another program may use the port, or it needs more rights: choose another one with --listen.',
  },
  peer_unreachable: {
    kind: 'not-found',
    hint: 'Ask whether the other peer is running, and run `peerhood doctor` on both sides.',
  },
  peer_paused: { kind: 'refused', hint: 'It broke the protocol a moment ago; Peerhood talks to it again later.' },
  protocol_unsupported: { kind: 'refused', hint: 'The other peer runs another version: update both.' },
  protocol_taken: { kind: 'internal', hint: 'Two parts of Peerhood serve the same protocol: please report it.' },
  topic_malformed: { kind: 'internal', hint: 'A part of Peerhood named a topic wrongly: please report it.' },
  topic_taken: { kind: 'internal', hint: 'Two parts of Peerhood follow the same topic: please report it.' },
  topics_too_many: { kind: 'conflict', hint: 'Leave some communities; those that stay silent still catch up.' },
  gossip_too_long: { kind: 'usage', hint: 'Send less at once, or by a stream.' },
  streams_too_many: { kind: 'refused', hint: 'Too much is going on with this peer at once: try again.' },
  stream_broken: { kind: 'not-found', hint: 'The connection was lost; Peerhood tries again by itself.' },
  stream_reset: { kind: 'refused', hint: 'The other peer ended it; its own log says why.' },
  stream_closed: { kind: 'internal', hint: 'Something was sent after the end of a stream: please report it.' },
  datagram_malformed: {
    kind: 'refused',
    hint: 'Nothing to do: it is dropped. The other computer may run another version.',
  },
  punch_malformed: { kind: 'refused', hint: 'Bytes go by a relay; the other computer may run another version.' },
  punch_failed: {
    kind: 'not-found',
    hint: 'Bytes go by a relay; `peerhood doctor` on both sides says what the routers do.',
  },
  lane_wrong: { kind: 'refused', hint: 'The other peer runs another version: update both.' },
  lane_failed: { kind: 'not-found', hint: 'Everything goes by the connection there is; nothing needs to be done.' },
  lane_taken: { kind: 'internal', hint: 'Nothing failed: this ends the making of a connection that became a lane.' },
  port_not_mapped: { kind: 'refused', hint: 'Forward the listening TCP port by hand in the router’s settings.' },
  network_stopped: { kind: 'interrupted', hint: 'Peerhood is stopping; start it again to go on.' },
})

const reasonOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

/** A stream whose connection ended before the peer closed its side. */
export function connectionLost(about?: Parameters<typeof networkErrors.stream_broken>[1]): PeerhoodError {
  return networkErrors.stream_broken('The connection to the other peer was lost.', about)
}

/** What became of a stream: ours stays ours; libp2p's becomes `stream_reset` or `stream_broken`. */
export function toStreamError(error: unknown): PeerhoodError {
  if (isPeerhoodError(error)) return error
  if (error instanceof Error && error.name === 'StreamResetError') {
    return networkErrors.stream_reset('The other peer ended the stream.', { cause: error })
  }
  return connectionLost({ cause: error, details: { reason: reasonOf(error) } })
}

/** Why a dial or a new stream failed. */
export function toConnectError(error: unknown, peerId: string): PeerhoodError {
  if (isPeerhoodError(error)) return error
  const details = { peerId, reason: reasonOf(error) }
  switch (reasonOf(error)) {
    case 'UnsupportedProtocolError':
      return networkErrors.protocol_unsupported('The other peer does not speak this protocol.', {
        cause: error,
        details,
      })
    case 'TooManyOutboundProtocolStreamsError':
    case 'TooManyInboundProtocolStreamsError':
      return networkErrors.streams_too_many('Too many streams are open to this peer.', { cause: error, details })
    case 'DialDeniedError':
    case 'ConnectionInterceptedError':
      return networkErrors.peer_paused('This peer is refused for now.', { cause: error, details })
    default:
      return networkErrors.peer_unreachable('No address of this peer answered.', { cause: error, details })
  }
}
