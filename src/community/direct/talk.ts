// One exchange over one stream: whoever opens it sends a frame, the other answers with one, and both close. What frames mean
// is the business of whoever answers.

import { isPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline } from '../../base/ports.ts'
import type { Network, PeerAddress, PeerId, PeerStream } from '../../network/types.ts'
import { directErrors, directPeerErrors, fault, mildFaults, type PeerFault } from './errors.ts'
import { dialTimeoutMs, stepTimeoutMs } from './limits.ts'
import { createDecoder, directProtocol, encodeFrame, type Frame } from './wire.ts'

export interface TalkParts {
  readonly clock: Clock
  readonly network: Network
}

/** Sends a frame to a peer and resolves with its answer. Rejects with `direct_…` and those of the network. */
export async function exchange(
  { clock, network }: TalkParts,
  peer: PeerAddress,
  frame: Frame,
  signal: AbortSignal,
): Promise<Frame> {
  const stream = await dial({ clock, network }, peer, signal)
  try {
    await sendFrame(stream, frame)
    const answer = await readFrame(stream, clock, signal)
    stream.close().catch(() => {})
    return answer
  } catch (error) {
    blame(network, peer.peerId, error)
    stream.abort(directErrors.direct_unanswered('The other computer did not answer.'))
    throw isFault(error)
      ? directErrors.direct_unanswered('The other computer did not answer.', { cause: error })
      : error
  }
}

async function dial({ clock, network }: TalkParts, peer: PeerAddress, signal: AbortSignal): Promise<PeerStream> {
  const late = () => directErrors.direct_unanswered('The other computer was not reached.')
  const limit = deadline(clock, dialTimeoutMs, late, signal)
  try {
    await network.connect(peer, { source: 'link', signal: limit.signal })
    return await network.openStream(peer.peerId, directProtocol, { signal: limit.signal })
  } finally {
    limit.done()
  }
}

/** Answers the one frame of a stream. Never rejects: what a peer does wrong costs it the stream. */
export async function serve(
  { clock, network }: TalkParts,
  stream: PeerStream,
  signal: AbortSignal,
  answer: (frame: Frame, from: PeerId) => Frame | Promise<Frame>,
): Promise<PeerFault | undefined> {
  try {
    const frame = await readFrame(stream, clock, signal)
    await sendFrame(stream, await answer(frame, stream.remotePeer))
    await stream.close()
    return undefined
  } catch (error) {
    stream.abort(directErrors.direct_unanswered('The conversation is over.'))
    return blame(network, stream.remotePeer, error)
  }
}

async function sendFrame(stream: PeerStream, frame: Frame): Promise<void> {
  if (!stream.send(encodeFrame(frame))) await stream.drained()
}

/** The one frame that the other side sends; throws a fault, or what broke the stream. */
async function readFrame(stream: PeerStream, clock: Clock, signal: AbortSignal): Promise<Frame> {
  const frames: Frame[] = []
  const decoder = createDecoder((frame) => frames.push(frame))
  const limit = deadline(clock, stepTimeoutMs, () => fault('direct_silent'), signal)
  const cut = Promise.withResolvers<never>()
  const onAbort = () => cut.reject(limit.signal.reason)
  limit.signal.addEventListener('abort', onAbort, { once: true })
  if (limit.signal.aborted) onAbort()
  // Not `for await`: leaving it would end the stream before the answer is out.
  const chunks = stream.incoming[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), cut.promise])
      if (done === true) {
        decoder.end()
        throw fault('direct_frame_cut')
      }
      decoder.push(value)
      if (frames.length > 1) throw fault('direct_frame_out_of_order')
      const [frame] = frames
      if (frame !== undefined) return frame
    }
  } finally {
    limit.done()
    limit.signal.removeEventListener('abort', onAbort)
    cut.promise.catch(() => {})
  }
}

function isFault(error: unknown): boolean {
  return isPeerhoodError(error) && Object.hasOwn(directPeerErrors, error.code)
}

function blame(network: Network, peer: PeerId, error: unknown): PeerFault | undefined {
  if (!isPeerhoodError(error) || !isFault(error)) return undefined
  const code = error.code as PeerFault
  network.blame(peer, { code, verdict: mildFaults.has(code) ? 'ignore' : 'reject' })
  return code
}
