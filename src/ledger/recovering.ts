// Recoveries of ledgers as the person decides on them (docs/recovery.md): stated with names, confirmed by the fingerprint that was
// read aloud, kept with the ledger's settings, and the ledger opened anew with them.
//
// Must stay true: nothing counts that the person did not confirm here; of one epoch one statement at most; what the chain went on by
// is not forgotten.

import { isPeerhoodError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { CommunityId } from '../log/types.ts'
import type { Announced } from './announced.ts'
import { ledgerErrors } from './errors.ts'
import { recoveriesMax } from './limits.ts'
import type { AskOptions, Recovering } from './service-types.ts'
import type { LedgerStore } from './store.ts'
import type { Answers, Question } from './thread/messages.ts'
import type { Address } from './types.ts'

export interface RecoveringParts {
  readonly clock: Clock
  readonly store: Pick<LedgerStore, 'recoveries' | 'putRecovery' | 'removeRecovery'>
  readonly announced: Pick<Announced, 'willing'>
  /** This computer, and the address that it votes under. */
  self(community: CommunityId): { readonly peerId: string; readonly address: Address }
  ask<What extends Question['what']>(
    community: CommunityId,
    question: Extract<Question, { what: What }>,
    options?: AskOptions,
  ): Promise<Answers[What]>
  /** Closes the ledger and opens it with what is kept now; resolves once it is open, or can't be. */
  reopen(community: CommunityId): Promise<void>
}

export function createRecovering(parts: RecoveringParts): Recovering {
  const { clock, store, announced, ask, reopen } = parts
  const keptOf = (community: CommunityId, epoch: number) =>
    store.recoveries(community).find((one) => one.epoch === epoch)

  return {
    kept: (community) => store.recoveries(community),
    async state(community, chosen, options) {
      const { status } = await ask(community, { what: 'status' }, options)
      const offers = [...announced.willing(community), parts.self(community)]
      const validators = chosen.map((text): Address => {
        const offer = offers.find(({ peerId, address }) => peerId === text || address === text)
        const inForce = status.validators.find(({ address, peer }) => address === text || peer === text)
        const address = offer?.address ?? inForce?.address
        if (address !== undefined) return address
        throw ledgerErrors.ledger_validator_unknown(`${text} neither offers to validate nor did it until now.`)
      })
      return ask(community, { what: 'state-recovery', validators }, options)
    },
    async confirm(community, file, fingerprint) {
      const examined = await ask(community, { what: 'examine-recovery', file })
      if (!isSame(fingerprint, examined.fingerprint)) {
        throw ledgerErrors.ledger_fingerprint_other('The fingerprint is not that of this file.')
      }
      const { epoch } = examined.statement.set
      const kept = keptOf(community, epoch)
      if (kept !== undefined && kept.fingerprint !== examined.fingerprint) {
        const { fingerprint: other } = kept
        throw ledgerErrors.ledger_recovery_other(`Another one was confirmed for epoch ${epoch} here: ${other}.`)
      }
      if (examined.standing === 'taken' && kept !== undefined) return
      if (examined.standing === 'open' || examined.standing === 'refused') {
        throw ledgerErrors.ledger_recovery_refused(examined.sentence)
      }
      if (kept === undefined && store.recoveries(community).length >= recoveriesMax) {
        throw ledgerErrors.ledger_recoveries_many(`${recoveriesMax} recoveries of this ledger are kept already.`)
      }
      const confirmedMs = clock.nowMs()
      store.putRecovery(community, { epoch, file, fingerprint: examined.fingerprint, confirmedMs })
      await reopen(community)
      await ask(community, { what: 'status' }).catch(async (error: unknown) => {
        if (!isPeerhoodError(error) || error.code !== 'recovery_wrong') throw error
        // The chain went on in this very moment.
        store.removeRecovery(community, epoch)
        await reopen(community)
        throw ledgerErrors.ledger_recovery_refused(error.message)
      })
    },
    async forget(community, epoch) {
      const kept = keptOf(community, epoch)
      if (kept === undefined) throw ledgerErrors.ledger_recovery_none(`None was confirmed here for epoch ${epoch}.`)
      // A chain that can't be opened with it has not gone on by it.
      const examined = await ask(community, { what: 'examine-recovery', file: kept.file }).catch(() => undefined)
      if (examined?.standing === 'taken') throw ledgerErrors.ledger_recovery_taken(examined.sentence)
      store.removeRecovery(community, epoch)
      await reopen(community)
    },
  }
}

/** As a person types it. */
function isSame(typed: string, fingerprint: string): boolean {
  const digits = (text: string) => text.toLowerCase().replace(/[^0-9a-z]/g, '')
  return digits(typed) === digits(fingerprint)
}
