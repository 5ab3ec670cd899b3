// One exchange over one stream: whoever opens it sends a frame, the other answers with one, and both close. What frames
// mean is the business of keeper.ts and author.ts.

import { BoundedMap, TokenBucket } from '../base/bounded.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { type Clock, deadline, type Log } from '../base/ports.ts'
import type { Network, PeerAddress, PeerId, PeerStream } from '../network/types.ts'
import { copiesErrors, copiesPeerErrors, fault, mildFaults, type PeerFault } from './errors.ts'
import { doorPeersMax, exchangeMs, framesBurst, framesPerHour, stepMs, talksMax } from './limits.ts'
import { type Answer, type Asked, copiesProtocol, createDecoder, encodeFrame, type Frame, refuse } from './wire.ts'

export interface TalkParts {
  readonly clock: Clock
  readonly network: Network
}

/** Sends a frame to a peer and resolves with its answer, all within `limitMs`. Rejects with `copies_…` and those of the network. */
export async function exchange(
  { clock, network }: TalkParts,
  peer: PeerAddress,
  frame: Asked,
  signal: AbortSignal,
  limitMs: number = exchangeMs,
): Promise<Answer> {
  const late = () => copiesErrors.copies_unanswered('The other computer did not answer in time.')
  const limit = deadline(clock, limitMs, late, signal)
  let stream: PeerStream | undefined
  try {
    await network.connect(peer, { source: 'remembered', signal: limit.signal })
    stream = await network.openStream(peer.peerId, copiesProtocol, { signal: limit.signal })
    await sendFrame(stream, frame)
    const answer = await readFrame(stream, limit.signal)
    if (!isAnswer(answer)) throw fault('copies_frame_out_of_order')
    stream.close().catch(() => {})
    return answer
  } catch (error) {
    blame(network, peer.peerId, error)
    stream?.abort(copiesErrors.copies_unanswered('The other computer did not answer.'))
    throw error
  } finally {
    limit.done()
  }
}

export interface ServerParts extends TalkParts {
  readonly log: Log
  readonly signal: () => AbortSignal
  readonly answer: (frame: Asked, from: PeerId) => Promise<Answer>
}

/** Answers the one frame of each stream. Never rejects: what a peer does wrong costs it the stream. */
export function createServer(parts: ServerParts): (stream: PeerStream) => Promise<void> {
  const { clock, network, log, signal } = parts
  const rates = new BoundedMap<PeerId, TokenBucket>(doorPeersMax)
  let talks = 0

  function mayAsk(peer: PeerId): boolean {
    const nowMs = clock.monotonicMs()
    let bucket = rates.get(peer)
    if (bucket === undefined) {
      bucket = new TokenBucket({ perSecond: framesPerHour / 3600, burst: framesBurst, nowMs })
      rates.set(peer, bucket)
    }
    return bucket.take(nowMs)
  }

  /** What fails here for reasons of our own is worth another try. */
  async function answer(frame: Frame, from: PeerId): Promise<Answer> {
    if (isAnswer(frame)) throw fault('copies_frame_out_of_order')
    if (!mayAsk(from)) return refuse('busy')
    try {
      return await parts.answer(frame, from)
    } catch (error) {
      if (isFault(error)) throw error
      log.error('copies_request_failed', { peerId: from, code: toPeerhoodError(error).code })
      return refuse('busy')
    }
  }

  async function serve(stream: PeerStream): Promise<void> {
    const limit = deadline(clock, stepMs, () => fault('copies_silent'), signal())
    try {
      const frame = await readFrame(stream, limit.signal)
      limit.done()
      await sendFrame(stream, await answer(frame, stream.remotePeer))
      await stream.close()
    } catch (error) {
      stream.abort(copiesErrors.copies_unanswered('The conversation is over.'))
      const code = blame(network, stream.remotePeer, error)
      if (code !== undefined) log.warn('copies_peer_left', { peerId: stream.remotePeer, code })
    } finally {
      limit.done()
    }
  }

  return async (stream) => {
    if (talks >= talksMax) {
      stream.abort(copiesErrors.copies_unanswered('Too many ask at once.'))
      return
    }
    talks += 1
    await serve(stream).finally(() => {
      talks -= 1
    })
  }
}

async function sendFrame(stream: PeerStream, frame: Frame): Promise<void> {
  if (!stream.send(encodeFrame(frame))) await stream.drained()
}

/** The one frame that the other side sends; throws a fault, what broke the stream, or the signal's reason. */
async function readFrame(stream: PeerStream, signal: AbortSignal): Promise<Frame> {
  const frames: Frame[] = []
  const decoder = createDecoder((frame) => frames.push(frame))
  const cut = Promise.withResolvers<never>()
  const onAbort = () => cut.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  // Not `for await`: leaving it would end the stream before the answer is out.
  const chunks = stream.incoming[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), cut.promise])
      if (done === true) {
        decoder.end()
        throw fault('copies_frame_cut')
      }
      decoder.push(value)
      if (frames.length > 1) throw fault('copies_frame_out_of_order')
      const [frame] = frames
      if (frame !== undefined) return frame
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    cut.promise.catch(() => {})
  }
}

const answers: ReadonlySet<string> = new Set<Answer['kind']>(['offer', 'done', 'proof', 'refuse'])

function isAnswer(frame: Frame): frame is Answer {
  return answers.has(frame.kind)
}

function isFault(error: unknown): boolean {
  return isPeerhoodError(error) && Object.hasOwn(copiesPeerErrors, error.code)
}

export function blame(network: Network, peer: PeerId, error: unknown): PeerFault | undefined {
  if (!isPeerhoodError(error) || !isFault(error)) return undefined
  const code = error.code as PeerFault
  network.blame(peer, { code, verdict: mildFaults.has(code) ? 'ignore' : 'reject' })
  return code
}
