// One question and one answer over one stream, each ended by closing one's side.

import { concatBytes } from '../../base/bytes.ts'
import { toPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline } from '../../base/ports.ts'
import type { Network, PeerAddress, PeerStream } from '../../network/types.ts'
import { fault, keepingErrors } from './errors.ts'
import { answerBytesMax, askBytesMax, askTimeoutMs } from './limits.ts'
import { keepProtocol } from './wire.ts'

interface TalkParts {
  readonly clock: Clock
  readonly network: Network
}

/** Rejects with `keeping_…` and those of the network. */
export async function ask(
  parts: TalkParts,
  peer: PeerAddress,
  question: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { network } = parts
  return within(parts.clock, signal, async (limit) => {
    await network.connect(peer, { source: 'remembered', signal: limit })
    const stream = await network.openStream(peer.peerId, keepProtocol, { signal: limit })
    return over(stream, limit, async () => {
      await sendAll(stream, question)
      return readAll(stream, answerBytesMax)
    })
  })
}

/** Rejects with what broke it, and what `answer` throws. */
export function serve(
  { clock }: Pick<TalkParts, 'clock'>,
  stream: PeerStream,
  signal: AbortSignal,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  return within(clock, signal, (limit) =>
    over(stream, limit, async () => sendAll(stream, await answer(await readAll(stream, askBytesMax)))),
  )
}

async function within<Result>(
  clock: Clock,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = () => keepingErrors.keeping_unanswered('The other computer says nothing.')
  const limit = deadline(clock, askTimeoutMs, late, signal)
  try {
    return await work(limit.signal)
  } finally {
    limit.done()
  }
}

/** What fails, or comes too late, cuts the stream. */
async function over<Result>(stream: PeerStream, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const cut = () => stream.abort(toPeerhoodError(signal.reason))
  signal.addEventListener('abort', cut, { once: true })
  try {
    return await work()
  } catch (error) {
    stream.abort(keepingErrors.keeping_unanswered('It is over.'))
    throw error
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

async function readAll(stream: PeerStream, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream.incoming) {
    bytes += chunk.length
    if (bytes > bytesMax) throw fault('keeping_too_long')
    // A copy: what a stream gives is its own again afterwards.
    chunks.push(Uint8Array.from(chunk))
  }
  return concatBytes(...chunks)
}

async function sendAll(stream: PeerStream, bytes: Uint8Array): Promise<void> {
  if (!stream.send(bytes)) await stream.drained()
  await stream.close()
}
