// Streams that peers open to our ledgers: the greeting says to which.

import { toHex } from '../base/bytes.ts'
import { type Clock, deadline } from '../base/ports.ts'
import type { PeerStream } from '../network/types.ts'
import { ledgerPeerErrors } from './errors.ts'
import { helloMs } from './limits.ts'
import { type Links, notHere } from './links.ts'
import { type ReadingParts, readStream } from './reading.ts'

export interface DoorParts extends ReadingParts {
  readonly clock: Clock
  /** By the hex of what names a ledger on the wire. */
  find(ledger: string): Links | undefined
}

/** Serves one stream to its end; never rejects. */
export function createDoor(parts: DoorParts): (stream: PeerStream) => Promise<void> {
  return async (stream) => {
    let links: Links | undefined
    const late = () => ledgerPeerErrors.ledger_silent('A peer opened a stream and said nothing.')
    const limit = deadline(parts.clock, helloMs, late)
    limit.signal.addEventListener('abort', () => stream.abort(late()))
    try {
      await readStream(parts, stream, { opened: false }, (frame) => {
        if (frame.kind !== 'hello') return links?.hear(stream, frame)
        limit.done()
        links = parts.find(toHex(frame.ledger))
        if (links === undefined) throw notHere()
        links.greeted(stream)
        return undefined
      })
    } finally {
      limit.done()
      links?.over(stream)
    }
  }
}
