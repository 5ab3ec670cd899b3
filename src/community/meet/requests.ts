// Requests to be let in: somebody who has a request link asks a member, over the connection that already proves who asks.
// The member's side notes it and says `pending`; the asker comes again to learn how it stands. Both sides are here.

import { BoundedMap } from '../../base/bounded.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline, type Log } from '../../base/ports.ts'
import type { Network, PeerAddress, PeerId } from '../../network/types.ts'
import { meetErrors, type PeerFault } from './errors.ts'
import { checkNames, openTalk } from './guest.ts'
import {
  answerBytesMax,
  askAgainMs,
  requestForgottenMs,
  requestsAtOnceMax,
  requestsPendingMax,
  requestsPendingPerPeerMax,
  requestTimeoutMs,
  stepTimeoutMs,
} from './limits.ts'
import { decodeRequest, encodeRequest } from './message-wire.ts'
import { createTalk } from './talk.ts'
import type { JoinRequest, RequestAnswer, RequestHandler, RequestVerdict } from './types.ts'
import { type Frame, refuse } from './wire.ts'

// ---- the asker

export interface AskParts {
  readonly clock: Clock
  readonly network: Network
  blame(peer: PeerId, fault: PeerFault): void
}

/** `Meet.ask`. */
export async function askToJoin(
  peer: PeerAddress,
  request: JoinRequest,
  signal: AbortSignal,
  { clock, network, blame }: AskParts,
): Promise<RequestAnswer> {
  checkNames([request.memberName, request.deviceName], request.note)
  const stream = await openTalk(peer, signal, { clock, network })
  const { promise, resolve, reject } = Promise.withResolvers<RequestAnswer>()
  const unanswered = () => meetErrors.request_unanswered('The member’s computer did not answer the request.')
  const fail = (fault: PeerFault) => {
    reject(unanswered())
    talk.end(refuse('violation'))
    blame(peer.peerId, fault)
  }
  const talk = createTalk(stream, clock, {
    frame(frame) {
      const answer = answerOf(frame)
      if (answer === undefined) return fail('meet_frame_out_of_order')
      if (answer === 'busy') reject(meetErrors.request_busy('The member’s computer takes no more requests for now.'))
      else if (answer === 'broken') reject(unanswered())
      else resolve(answer)
      talk.end(undefined)
    },
    closed(fault) {
      if (fault === undefined) reject(unanswered())
      else fail(fault)
    },
  })
  const limit = deadline(clock, requestTimeoutMs + stepTimeoutMs, unanswered, signal)
  const onAbort = () => {
    reject(limit.signal.reason)
    talk.end(undefined)
  }
  limit.signal.addEventListener('abort', onAbort, { once: true })
  talk.send({ kind: 'request', bytes: encodeRequest(request) })
  void talk.run()
  try {
    return await promise
  } finally {
    limit.done()
    limit.signal.removeEventListener('abort', onAbort)
  }
}

function answerOf(frame: Frame): RequestAnswer | 'busy' | 'broken' | undefined {
  switch (frame.kind) {
    case 'pending':
      return { state: 'pending', askAgainMs: frame.askAgainMs }
    case 'admitted':
      return { state: 'admitted', bytes: frame.bytes }
    case 'refuse':
      if (frame.reason === 'declined') return { state: 'refused' }
      if (frame.reason === 'busy' || frame.reason === 'later') return 'busy'
      return frame.reason === 'stopping' || frame.reason === 'violation' ? 'broken' : undefined
    default:
      return undefined
  }
}

// ---- the member's side

export interface RequestDesk {
  /** Answers one request; never rejects. */
  serve(bytes: Uint8Array, from: PeerId): Promise<{ readonly last: Frame; readonly fault?: PeerFault }>
}

interface Pending {
  readonly from: PeerId
  readonly askedMs: number
}

export function createRequestDesk(
  handler: RequestHandler | undefined,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): RequestDesk {
  // Never full by itself: `hasRoom` is asked first, so that no flood pushes out what was there before.
  const pending = new BoundedMap<string, Pending>(requestsPendingMax)
  let atOnce = 0

  function forgetOld(nowMs: number): void {
    for (const [key, { askedMs }] of [...pending.entries()]) {
      if (nowMs - askedMs > requestForgottenMs) pending.delete(key)
    }
  }

  function hasRoom(key: string, from: PeerId): boolean {
    if (pending.has(key)) return true
    const own = [...pending.values()].filter((one) => one.from === from).length
    return pending.size < requestsPendingMax && own < requestsPendingPerPeerMax
  }

  async function decide(serve: RequestHandler, request: JoinRequest, from: PeerId): Promise<RequestVerdict> {
    const limit = deadline(clock, requestTimeoutMs, () =>
      meetErrors.request_unanswered('The handler of requests took too long.'),
    )
    const late = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true })
    })
    try {
      return await Promise.race([Promise.resolve(serve(request, from)), late])
    } finally {
      limit.done()
    }
  }

  function note(key: string, from: PeerId, verdict: RequestVerdict): Frame {
    pending.delete(key)
    if (verdict === 'refused') return refuse('declined')
    if (verdict !== 'pending') {
      if (verdict.admitted.length > answerBytesMax) {
        throw new Error(`assertion failed: an answer has at most ${answerBytesMax} bytes`)
      }
      return { kind: 'admitted', bytes: verdict.admitted }
    }
    pending.set(key, { from, askedMs: clock.monotonicMs() })
    return { kind: 'pending', askAgainMs }
  }

  return {
    async serve(bytes, from) {
      if (handler === undefined) return { last: refuse('declined') }
      let request: JoinRequest
      try {
        request = decodeRequest(bytes, from)
      } catch (error) {
        if (!isPeerhoodError(error)) throw error
        return { last: refuse('violation'), fault: error.code as PeerFault }
      }
      forgetOld(clock.monotonicMs())
      const key = `${from} ${request.community}`
      if (atOnce >= requestsAtOnceMax || !hasRoom(key, from)) return { last: refuse('busy') }
      atOnce++
      try {
        return { last: note(key, from, await decide(handler, request, from)) }
      } catch (error) {
        log.warn('meet_request_failed', { peerId: from, code: isPeerhoodError(error) ? error.code : 'internal' })
        return { last: refuse('busy') }
      } finally {
        atOnce--
      }
    },
  }
}
