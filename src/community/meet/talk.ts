// One conversation over one stream: frames in and out, and an end that tells why. What the frames mean is the business of
// whoever listens.

import { isPeerhoodError, type PeerhoodError } from '../../base/errors.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import type { PeerId, PeerStream } from '../../network/types.ts'
import { createDecoder } from './decoder.ts'
import { meetErrors, meetPeerErrors, type PeerFault } from './errors.ts'
import { farewellMs } from './limits.ts'
import { encodeFrame, type Frame } from './wire.ts'

export interface TalkListener {
  frame(frame: Frame): void
  /** The stream is over, or the peer broke a rule of frames. Called once, and not after our own `end`. */
  closed(fault: PeerFault | undefined): void
}

export interface Talk {
  readonly peer: PeerId
  send(frame: Frame): void
  /** Sends a last frame and ends the stream; what still comes is not heard. A second call does nothing. */
  end(last: Frame | undefined): void
  /** Reads until the stream is over. Never rejects. */
  run(): Promise<void>
}

export function createTalk(stream: PeerStream, clock: Clock, listener: TalkListener): Talk {
  let ended = false
  let cut: Cancel | undefined

  function close(fault: PeerFault | undefined): void {
    if (ended) return
    // Whoever listens says goodbye with `end`.
    listener.closed(fault)
    end(undefined)
  }

  function pass(frame: Frame): void {
    try {
      // At most a handful of frames a conversation: the buffer has room for them.
      stream.send(encodeFrame(frame))
    } catch {
      // The stream is broken: reading says so as well.
    }
  }

  function end(last: Frame | undefined): void {
    if (ended) return
    ended = true
    if (last !== undefined) pass(last)
    const abort = () => stream.abort(meetErrors.meet_broken('The conversation is over.'))
    cut = clock.after(farewellMs, abort)
    stream.close().catch(abort)
  }

  async function read(): Promise<void> {
    const decoder = createDecoder((frame) => {
      if (!ended) listener.frame(frame)
    })
    for await (const chunk of stream.incoming) if (!ended) decoder.push(chunk)
    if (!ended) decoder.end()
  }

  return {
    peer: stream.remotePeer,
    send(frame) {
      if (!ended) pass(frame)
    },
    end,
    async run() {
      try {
        await read()
        close(undefined)
      } catch (error) {
        close(isPeerFault(error) ? (error.code as PeerFault) : undefined)
      }
      cut?.()
    },
  }
}

function isPeerFault(error: unknown): error is PeerhoodError {
  return isPeerhoodError(error) && Object.hasOwn(meetPeerErrors, error.code)
}
