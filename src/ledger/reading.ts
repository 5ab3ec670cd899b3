// Reads one stream to its end, frame after frame, no faster than they are taken. What a peer does wrong costs it the stream, and
// is blamed. Never rejects.

import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Log, Metrics } from '../base/ports.ts'
import type { Network, PeerStream } from '../network/types.ts'
import { ledgerPeerErrors } from './errors.ts'
import { createFrames, type Frame } from './stream-wire.ts'

export interface ReadingParts {
  readonly network: Pick<Network, 'blame'>
  readonly log: Log
  readonly metrics: Metrics
}

/** `take` throws to refuse the stream, and answers with what has to happen before more is read. */
export async function readStream(
  parts: ReadingParts,
  stream: PeerStream,
  { opened }: { readonly opened: boolean },
  take: (frame: Frame) => Promise<void> | undefined,
): Promise<void> {
  const waits: Promise<void>[] = []
  const frames = createFrames({ opened }, (frame) => {
    const wait = take(frame)
    if (wait !== undefined) waits.push(wait)
  })
  try {
    for await (const chunk of stream.incoming) {
      frames.push(chunk)
      for (let wait = waits.pop(); wait !== undefined; wait = waits.pop()) await wait
    }
    frames.end()
  } catch (error) {
    fault(parts, stream, error)
  }
  stream.abort(ledgerPeerErrors.ledger_link_over('The stream is over.'))
}

function fault({ network, log, metrics }: ReadingParts, { remotePeer: peer }: PeerStream, error: unknown): void {
  const { code } = toPeerhoodError(error)
  const isFault = isPeerhoodError(error) && Object.hasOwn(ledgerPeerErrors, code)
  if (!isFault || harmless.has(code)) {
    log.debug('ledger_stream_over', { peer, how: code })
    return
  }
  log.warn(code, { peer })
  metrics.count('ledger_peer_faults', 1, { code })
  network.blame(peer, { code, verdict: 'reject' })
}

/** A peer may know of a ledger, or of members, before we do; two may open a stream at once. */
const harmless: ReadonlySet<string> = new Set(['ledger_not_here', 'ledger_silent', 'ledger_link_over'])
