// Questions to other nodes and their answers. Every question ends: by its answer, its time, the connection's end, or ours.

import { isPeerhoodError } from '../../base/errors.ts'
import { type Clock, deadline } from '../../base/ports.ts'
import { fault, type LedgerFault, validatorErrors } from './errors.ts'
import { answerTimeoutMs, questionsPerPeerMax } from './limits.ts'
import type { PeerName } from './types.ts'
import { type Answer, encodeMessage, type Refusal, type Request } from './wire.ts'

export interface RequestsParts {
  readonly clock: Clock
  send(to: PeerName, bytes: Uint8Array): void
}

export type AnswerTo<Kind extends Request['kind']> = Extract<Answer, { kind: Kind }>

interface Waiting {
  readonly peer: PeerName
  readonly kind: Request['kind']
  resolve(answer: Answer): void
  reject(error: unknown): void
}

export class Requests {
  readonly #parts: RequestsParts
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(parts: RequestsParts) {
    this.#parts = parts
  }

  /** Rejects with `ledger_nobody_answers` when it does not come, or is refused. */
  async ask<Kind extends Request['kind']>(
    peer: PeerName,
    request: Extract<Request, { kind: Kind }>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<AnswerTo<Kind>> {
    if ([...this.#waiting.values()].filter((one) => one.peer === peer).length >= questionsPerPeerMax)
      throw nobody('is busy')
    const id = this.#nextId
    this.#nextId = id === 2 ** 32 - 1 ? 1 : id + 1
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const limit = deadline(this.#parts.clock, answerTimeoutMs, () => nobody('did not answer in time'), options.signal)
    const onAbort = () => reject(limit.signal.reason)
    if (limit.signal.aborted) onAbort()
    limit.signal.addEventListener('abort', onAbort)
    this.#waiting.set(id, { peer, kind: request.kind, resolve, reject })
    try {
      this.#parts.send(peer, encodeMessage({ kind: 'request', id, request }))
      const answer = await promise
      if (answer.kind === 'refuse') throw nobody(`does not have it: ${answer.reason}`, answer.reason)
      return answer as AnswerTo<Kind>
    } finally {
      this.#waiting.delete(id)
      limit.done()
    }
  }

  /** Throws `ledger_answer_unasked` for what nobody asked, or asked for otherwise. */
  answered(peer: PeerName, id: number, answer: Answer): void {
    const waiting = this.#waiting.get(id)
    // One that came too late was asked, but so long ago that an honest peer has seen us hang up.
    if (waiting === undefined || waiting.peer !== peer) {
      if (id < this.#nextId) return
      throw fault('ledger_answer_unasked')
    }
    if (answer.kind !== 'refuse' && answer.kind !== waiting.kind) throw fault('ledger_answer_unasked')
    waiting.resolve(answer)
  }

  disconnected(peer: PeerName): void {
    for (const waiting of this.#waiting.values()) if (waiting.peer === peer) waiting.reject(nobody('went away'))
  }

  stop(): void {
    for (const { reject } of this.#waiting.values())
      reject(validatorErrors.ledger_stopped('The ledger is being closed.'))
  }
}

/** `refusal`: it answered, and said so. */
function nobody(what: string, refusal?: Refusal) {
  return validatorErrors.ledger_nobody_answers(`The peer that was asked ${what}.`, { details: { refusal } })
}

/** What the peer is to be blamed for, if this is its fault. */
export function faultOf(error: unknown): LedgerFault | undefined {
  if (!isPeerhoodError(error)) return undefined
  const { code } = error
  return code.startsWith('ledger_') && code.endsWith('_invalid') ? (code as LedgerFault) : undefined
}
