// Requests from proposal to end. They lie in memory: after a restart whatever waited is asked for again.
//
//   waiting ──confirm──► sending ──► sent | signed | failed        waiting ──refuse──► refused      waiting ──1 h──► expired
//
// What must stay true: a request is confirmed once; what is sent is its payload, unchanged since it was shown; without the
// person only a plain payment goes out that an allowance covers, and it is counted before it leaves.

import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { Address, Hash } from '../types.ts'
import { shownAddress } from './address-core.ts'
import { walletErrors } from './errors.ts'
import type { Signer } from './keys.ts'
import { requestLifetimeMs, requestsKeptMax, requestsWaitingMax } from './limits.ts'
import type { Payload, Prepared } from './prepare.ts'
import type { Caller, RequestState, RequestView } from './types.ts'

export interface RequestsParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly needsPassphrase: () => boolean
  signer(account: { index: number; address: Address }, passphrase: string | undefined): Promise<Signer>
  send(payload: Extract<Payload, { kind: 'transaction' }>, sentence: string, signer: Signer): Promise<Hash>
  /** Counts the costs, if allowances cover them, and gives back what takes the count back; undefined: not covered. */
  spend(costs: NonNullable<Prepared['costs']>): (() => void) | undefined
  /** Signs for programs without the person; undefined: nobody has unlocked it. */
  programSigner(account: { index: number; address: Address }): Promise<Signer | undefined>
}

interface Entry {
  readonly id: string
  readonly prepared: Prepared
  readonly account: { readonly index: number; readonly address: Address }
  readonly by: 'person' | 'program'
  readonly createdMs: number
  state: RequestState
  transaction: string | null
  signature: string | null
  failure: RequestView['failure']
}

export function createRequests(parts: RequestsParts) {
  const { clock, random, log } = parts
  const entries = new Map<string, Entry>()
  // Two programs at once must not both fit into what is left of an allowance.
  const turns = createTurns(1)

  function expire(): void {
    for (const entry of entries.values()) {
      if (entry.state === 'waiting' && clock.nowMs() >= entry.createdMs + requestLifetimeMs) entry.state = 'expired'
    }
  }

  function entryOf(id: string): Entry {
    expire()
    const entry = entries.get(id)
    if (entry !== undefined) return entry
    throw walletErrors.wallet_request_gone('There is no such request; requests go when Peerhood stops.')
  }

  function waitingEntry(id: string): Entry {
    const entry = entryOf(id)
    if (entry.state === 'waiting') return entry
    throw walletErrors.wallet_request_gone(`This request does not wait any more: it is ${entry.state}.`)
  }

  async function propose(prepared: Prepared, account: Entry['account'], caller: Caller): Promise<RequestView> {
    expire()
    const waiting = [...entries.values()].filter(({ state }) => state === 'waiting')
    if (waiting.length >= requestsWaitingMax) {
      throw walletErrors.wallet_requests_full(`${waiting.length} requests wait for an answer already.`)
    }
    const entry: Entry = {
      ...{ id: Buffer.from(random.bytes(12)).toString('base64url'), prepared, account, createdMs: clock.nowMs() },
      by: caller.isPerson ? 'person' : 'program',
      ...{ state: 'waiting', transaction: null, signature: null, failure: null },
    }
    entries.set(entry.id, entry)
    forgetOld(entries)
    if (entry.by === 'program') await turns(() => sendAllowed(entry))
    return viewOf(entry)
  }

  /** Within an allowance, and with nothing that a person would have to read first. */
  async function sendAllowed(entry: Entry): Promise<void> {
    const { costs, warnings } = entry.prepared
    if (costs === undefined || warnings.some(({ weight }) => weight === 'stop')) return
    // Keys of another phrase, or that can’t be read now: then the person is asked.
    const signer = await parts.programSigner(entry.account).catch(() => undefined)
    const takeBack = signer && parts.spend(costs)
    if (signer === undefined || takeBack === undefined) return
    log.info('wallet_allowed', { request: entry.id })
    await carryOut(entry, signer)
    if (entry.state === 'failed') takeBack()
  }

  async function carryOut(entry: Entry, signer: Signer): Promise<void> {
    const { payload, sentence } = entry.prepared
    entry.state = 'sending'
    try {
      if (payload.kind === 'transaction') {
        entry.transaction = await parts.send(payload, sentence, signer)
        entry.state = 'sent'
      } else {
        entry.signature = await (payload.kind === 'message'
          ? signer.message(payload.bytes)
          : signer.digest(payload.digest))
        entry.state = 'signed'
      }
    } catch (error) {
      const { code, message, hint } = toPeerhoodError(error)
      entry.state = 'failed'
      entry.failure = { code, sentence: message, hint: nodeHint(error) ?? hint }
      log.warn('wallet_request_failed', { request: entry.id, code })
    }
  }

  function viewOf(entry: Entry): RequestView {
    const { payload, sentence, lines, changes, simulated, warnings, fee, raw } = entry.prepared
    const { id, state, by, createdMs, transaction, signature, failure } = entry
    return {
      ...{ id, kind: payload.kind, state, account: shownAddress(entry.account.address), sentence, lines, changes },
      ...{ simulated, warnings, fee, raw, by, needs: parts.needsPassphrase() ? 'passphrase' : 'session' },
      ...{ createdMs, expiresMs: createdMs + requestLifetimeMs, transaction, signature, failure },
    }
  }

  return {
    propose,
    list(): readonly RequestView[] {
      expire()
      return [...entries.values()].reverse().map(viewOf)
    },
    get: (id: string): RequestView => viewOf(entryOf(id)),
    get waiting(): number {
      expire()
      return [...entries.values()].filter(({ state }) => state === 'waiting').length
    },
    async confirm(
      id: string,
      caller: Caller,
      { passphrase, accept = false }: { passphrase?: string | undefined; accept?: boolean | undefined },
    ): Promise<RequestView> {
      const entry = waitingEntry(id)
      if (!caller.isPerson) throw walletErrors.wallet_not_confirmed('An API token alone can’t confirm it.')
      const stops = entry.prepared.warnings.filter(({ weight }) => weight === 'stop')
      if (stops.length > 0 && !accept) {
        throw walletErrors.wallet_not_accepted(stops.map(({ sentence }) => sentence).join(' '), {
          details: { warnings: stops.map(({ code }) => code) },
        })
      }
      entry.state = 'sending'
      try {
        const signer = await parts.signer(entry.account, passphrase)
        await carryOut(entry, signer)
      } catch (error) {
        // A wrong passphrase ends nothing.
        entry.state = 'waiting'
        throw error
      }
      return viewOf(entry)
    },
    refuse(id: string): RequestView {
      const entry = waitingEntry(id)
      entry.state = 'refused'
      return viewOf(entry)
    },
  }
}

/** Our own chain says what to do next beside what is wrong. */
function nodeHint(error: unknown): string | undefined {
  const data = isPeerhoodError(error) ? error.details.data : undefined
  const hint = typeof data === 'object' && data !== null && 'hint' in data ? data.hint : undefined
  return typeof hint === 'string' && hint.length <= 300 ? hint : undefined
}

function forgetOld(entries: Map<string, Entry>): void {
  for (const [id, { state }] of entries) {
    if (entries.size <= requestsKeptMax) return
    if (state !== 'waiting' && state !== 'sending') entries.delete(id)
  }
}
