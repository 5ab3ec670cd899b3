// Questions to other sockets about the routers between, and answers to theirs: where do I come from, and whose packets get
// in. Must stay true: an answer goes to the host that asked, is no longer than the question, and makes no state here but
// for a few sockets that close at once.

import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Clock, Random } from '../../base/ports.ts'
import { type Datagram, decodeSeen, encodeSeen, tokenBytes } from './datagram-wire.ts'
import { repeat } from './knock.ts'
import { apartSocketsMax } from './limits.ts'
import type { UdxAddress, UdxSocket } from './native.ts'
import type { LetsIn } from './types.ts'

type Reach = Extract<Datagram, { kind: 'reach' | 'reach-apart' }>
/** What is answered by `seen`, but for its token. */
type Question = { readonly kind: 'ask' } | Pick<Reach, 'kind' | 'seen'>
type Send = (datagram: Datagram, to: UdxAddress, socket: UdxSocket) => void

export interface AskingParts {
  readonly clock: Clock
  readonly random: Random
  /** The one that listens. */
  readonly socket: UdxSocket
  readonly spareSocket: () => UdxSocket
  readonly send: Send
  /** As `send`, while there are not too many. */
  readonly answer: Send
}

export class Asking {
  readonly #parts: AskingParts
  readonly #asked = new Map<string, Pick<PromiseWithResolvers<UdxAddress>, 'resolve' | 'reject'>>()
  /** Sockets that are open to answer from another port. */
  #apart = 0

  constructor(parts: AskingParts) {
    this.#parts = parts
  }

  /** Where packets of a socket come from, by the word of `to`. Throws the signal's reason, or that of `stop`. */
  async ask(
    to: UdxAddress,
    socket: UdxSocket,
    signal: AbortSignal,
    question: Question = { kind: 'ask' },
  ): Promise<UdxAddress> {
    signal.throwIfAborted()
    const { clock, random, send } = this.#parts
    const token = random.bytes(tokenBytes)
    const { promise, resolve, reject } = Promise.withResolvers<UdxAddress>()
    this.#asked.set(toHex(token), { resolve, reject })
    const stop = repeat(clock, () => send({ ...question, token }, to, socket))
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await promise
    } finally {
      stop()
      signal.removeEventListener('abort', onAbort)
      this.#asked.delete(toHex(token))
    }
  }

  /**
   * Whose packets get to a socket that has only sent to `near`: those of another port of that host, and those of `far`.
   * Throws what `ask` throws where `near` does not answer.
   */
  async lookIn(near: UdxAddress, far: UdxAddress, signal: AbortSignal): Promise<LetsIn> {
    const spare = this.#parts.spareSocket()
    try {
      const seen = encodeSeen(await this.ask(near, spare, signal))
      const comes = (kind: Reach['kind'], by: UdxAddress) =>
        isAnswered(this.ask(by, this.#parts.socket, signal, { kind, seen }))
      const [otherPort, otherHost] = await Promise.all([comes('reach-apart', near), comes('reach', far)])
      return { otherPort, otherHost }
    } finally {
      void spare.close()
    }
  }

  /**
   * Whether two sockets reach each other at the addresses that `near` sees; both write, so what the router lets in else does
   * not matter. Throws what `ask` throws where `near` does not answer.
   */
  async hairpins(near: UdxAddress, signal: AbortSignal): Promise<boolean> {
    const { socket, spareSocket } = this.#parts
    const spare = spareSocket()
    try {
      const [seen, spareSeen] = await Promise.all([this.ask(near, socket, signal), this.ask(near, spare, signal)])
      const crossing = [this.ask(seen, spare, signal), this.ask(spareSeen, socket, signal)]
      return await isAnswered(Promise.any(crossing))
    } finally {
      void spare.close()
    }
  }

  onSeen({ token, seen }: Extract<Datagram, { kind: 'seen' }>): void {
    this.#asked.get(toHex(token))?.resolve(decodeSeen(seen))
  }

  onAsk({ token }: Extract<Datagram, { kind: 'ask' }>, from: UdxAddress, socket: UdxSocket): void {
    this.#parts.answer({ kind: 'seen', token, seen: encodeSeen(from) }, from, socket)
  }

  /** To another port of whoever asks, and to no other host: what gets through tells it what its router lets in. */
  onReach({ kind, token, seen }: Reach, from: UdxAddress, socket: UdxSocket): void {
    const to = decodeSeen(seen)
    if (!equalBytes(encodeSeen({ host: from.host, port: to.port }), seen)) return
    const { answer, spareSocket } = this.#parts
    const said: Datagram = { kind: 'seen', token, seen: encodeSeen(from) }
    if (kind === 'reach') {
      answer(said, to, socket)
      return
    }
    if (this.#apart >= apartSocketsMax) return
    this.#apart += 1
    const spare = spareSocket()
    answer(said, to, spare)
    void spare.close().finally(() => {
      this.#apart -= 1
    })
  }

  stop(reason: Error): void {
    for (const { reject } of this.#asked.values()) reject(reason)
  }
}

function isAnswered(asking: Promise<unknown>): Promise<boolean> {
  return asking.then(
    () => true,
    () => false,
  )
}
