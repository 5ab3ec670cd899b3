// One exchange over one stream: both say hello, each sees that the other is a device of its own person, then both tell what
// they have. Nothing is told before the hello was found good.
//
//   whoever opens            whoever serves
//   hello      ───────────►  is it a device of mine?
//   mine, too? ◄───────────  hello
//   state      ───────────►  taken
//   taken      ◄───────────  state

import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline } from '../../base/ports.ts'
import type { Network, PeerId, PeerStream } from '../../network/types.ts'
import { fault, mildFaults, ownErrors, ownPeerErrors, type PeerFault } from './errors.ts'
import { dialTimeoutMs, helloTimeoutMs, stateTimeoutMs } from './limits.ts'
import { createDecoder, encodeFrame, type FrameKind, type Hello, type OwnState, ownProtocol } from './wire.ts'

export interface TalkParts {
  readonly clock: Clock
  readonly network: Network
  readonly hello: () => Uint8Array
  /** Throws a fault. */
  readonly readHello: (bytes: Uint8Array, from: PeerId) => Hello
  /** What this device tells the other; writes the acts that let it in first. */
  readonly tell: (hello: Hello, peer: PeerId) => Promise<Uint8Array>
  /** Throws a fault. */
  readonly readState: (bytes: Uint8Array) => OwnState
  readonly take: (state: OwnState, peer: PeerId) => Promise<void>
}

/** Rejects with `own_…` and those of the network. */
export async function exchange(parts: TalkParts, peer: PeerId, signal: AbortSignal): Promise<void> {
  const stream = await dial(parts, peer, signal)
  const frames = createFrames(stream, parts.clock, signal)
  try {
    await send(stream, 'hello', parts.hello())
    const hello = parts.readHello(await frames.next('hello', helloTimeoutMs), peer)
    await send(stream, 'state', await parts.tell(hello, peer))
    const state = parts.readState(await frames.next('state', stateTimeoutMs))
    stream.close().catch(() => {})
    await parts.take(state, peer)
  } catch (error) {
    end(parts, stream, error)
    throw error
  }
}

/** Never rejects: what a peer does wrong costs it the stream. True when all was said. */
export async function serve(parts: TalkParts, stream: PeerStream, signal: AbortSignal): Promise<boolean> {
  const peer = stream.remotePeer
  const frames = createFrames(stream, parts.clock, signal)
  try {
    const hello = parts.readHello(await frames.next('hello', helloTimeoutMs), peer)
    await send(stream, 'hello', parts.hello())
    await parts.take(parts.readState(await frames.next('state', stateTimeoutMs)), peer)
    await send(stream, 'state', await parts.tell(hello, peer))
    await stream.close()
    return true
  } catch (error) {
    end(parts, stream, error)
    return false
  }
}

async function dial({ clock, network }: TalkParts, peer: PeerId, signal: AbortSignal): Promise<PeerStream> {
  const late = () => ownErrors.own_unanswered('The other computer was not reached.')
  const limit = deadline(clock, dialTimeoutMs, late, signal)
  try {
    await network.connect({ peerId: peer, addresses: [] }, { source: 'remembered', signal: limit.signal })
    return await network.openStream(peer, ownProtocol, { signal: limit.signal })
  } finally {
    limit.done()
  }
}

async function send(stream: PeerStream, kind: FrameKind, body: Uint8Array): Promise<void> {
  if (!stream.send(encodeFrame({ kind, body }))) await stream.drained()
}

function end({ network }: TalkParts, stream: PeerStream, error: unknown): void {
  stream.abort(ownErrors.own_unanswered('The exchange is over.', { details: { code: toPeerhoodError(error).code } }))
  if (!isPeerhoodError(error) || !Object.hasOwn(ownPeerErrors, error.code)) return
  const code = error.code as PeerFault
  network.blame(stream.remotePeer, { code, verdict: mildFaults.has(code) ? 'ignore' : 'reject' })
}

/** The frames of a stream, one after another, each of the kind that is due and within its time. */
function createFrames(stream: PeerStream, clock: Clock, signal: AbortSignal) {
  // Not `for await`: leaving it would end the stream before the answer is out.
  const chunks = stream.incoming[Symbol.asyncIterator]()
  let due: FrameKind | undefined
  let body: Uint8Array | undefined
  const decoder = createDecoder(
    () => due,
    (frame) => {
      due = undefined
      body = frame.body
    },
  )

  async function gather(cut: Promise<never>): Promise<Uint8Array> {
    while (body === undefined) {
      const { done, value } = await Promise.race([chunks.next(), cut])
      if (done === true) {
        decoder.end()
        throw fault('own_frame_cut')
      }
      decoder.push(value)
    }
    return body
  }

  return {
    async next(kind: FrameKind, timeoutMs: number): Promise<Uint8Array> {
      due = kind
      body = undefined
      const limit = deadline(clock, timeoutMs, () => fault('own_silent'), signal)
      const cut = Promise.withResolvers<never>()
      const onAbort = () => cut.reject(limit.signal.reason)
      limit.signal.addEventListener('abort', onAbort, { once: true })
      if (limit.signal.aborted) onAbort()
      try {
        return await gather(cut.promise)
      } finally {
        limit.done()
        limit.signal.removeEventListener('abort', onAbort)
        cut.promise.catch(() => {})
      }
    },
  }
}
