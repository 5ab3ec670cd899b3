// Requests from proposal to end. They lie on disk as well: what waits still waits after a restart, until its hour is over.
//
//   waiting ──confirm──► sending ──► sent | signed | failed        waiting ──refuse──► refused      waiting ──1 h──► expired
//
// What must stay true: a request is confirmed once, whatever is stopped in between; what is sent is its payload, unchanged since it was shown; without the
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
import type { RequestStore, StoredRequest } from './request-store.ts'
import type { Caller, RequestState, RequestView } from './types.ts'

export interface RequestsParts {
  readonly store: RequestStore
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

interface Entry extends StoredRequest {
  state: RequestState
  transaction: string | null
  signature: string | null
  failure: RequestView['failure']
}

export function createRequests(parts: RequestsParts) {
  const { clock, random, log, store } = parts
  const entries = new Map<string, Entry>(store.all().map((one) => [one.id, afterStop(one)]))
  // Two programs at once must not both fit into what is left of an allowance.
  const turns = createTurns(1)

  function expire(): void {
    for (const entry of entries.values()) {
      if (entry.state === 'waiting' && clock.nowMs() >= entry.createdMs + requestLifetimeMs) entry.state = 'expired'
    }
  }

  /** A state that others must find after a restart. */
  function set(entry: Entry, state: RequestState): void {
    entry.state = state
    store.put(entry)
  }

  function entryOf(id: string): Entry {
    expire()
    const entry = entries.get(id)
    if (entry !== undefined) return entry
    throw walletErrors.wallet_request_gone('There is no such request; old ones are forgotten.')
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
    store.put(entry)
    forgetOld(entries, store)
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
    // On disk before anything leaves: it is never sent twice.
    set(entry, 'sending')
    try {
      if (payload.kind === 'transaction') {
        entry.transaction = await parts.send(payload, sentence, signer)
        set(entry, 'sent')
      } else {
        entry.signature = await (payload.kind === 'message'
          ? signer.message(payload.bytes)
          : signer.digest(payload.digest))
        set(entry, 'signed')
      }
    } catch (error) {
      const { code, message, hint } = toPeerhoodError(error)
      entry.failure = { code, sentence: message, hint: nodeHint(error) ?? hint }
      set(entry, 'failed')
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
        set(entry, 'waiting')
        throw error
      }
      return viewOf(entry)
    },
    refuse(id: string): RequestView {
      const entry = waitingEntry(id)
      set(entry, 'refused')
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

/** What was being signed when Peerhood was stopped may be out or not. */
function afterStop(stored: StoredRequest): Entry {
  if (stored.state !== 'sending') return { ...stored }
  const { code, message, hint } = walletErrors.wallet_request_interrupted(
    'Peerhood was stopped while this was being signed; it may have been sent.',
  )
  return { ...stored, state: 'failed', failure: { code, sentence: message, hint } }
}

function forgetOld(entries: Map<string, Entry>, store: RequestStore): void {
  for (const [id, { state }] of entries) {
    if (entries.size <= requestsKeptMax) return
    if (state === 'waiting' || state === 'sending') continue
    entries.delete(id)
    store.remove(id)
  }
}
