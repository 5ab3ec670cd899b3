// Lets members' accounts in: a validator may, within a limit a day (contracts/core/PeerhoodSystem.sol). Each account has a first
// validator, by its address; the others follow after a while, so that one does it and none that is away holds it up.

import { toPeerhoodError } from '../../base/errors.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { readIsMember } from '../chain/system-contract.ts'
import type { Chain } from '../chain/types.ts'
import { admissionsAtOnce } from '../limits.ts'
import type { Address } from '../types.ts'
import { systemCall } from '../validator/system-call.ts'
import type { LedgerNode } from '../validator/types.ts'
import { admitCall } from './contract-calls.ts'
import { validatorSigner } from './signer.ts'
import { waitTurn } from './turn.ts'

export interface AdmitterParts {
  readonly chain: Chain
  readonly node: Pick<LedgerNode, 'submit'>
  readonly clock: Clock
  readonly log: Log
  readonly secret: Uint8Array | undefined
}

/** Resolves with those that are not in yet, once what is this validator's to do is done. */
export function createAdmitter({ chain, node, clock, log, secret }: AdmitterParts) {
  const signer = secret === undefined ? undefined : validatorSigner(secret)
  const stopping = new AbortController()
  let isBusy = false
  /** As the log has it now: whoever left while their turn was waited for is not let in again. */
  let wanted: readonly Address[] = []

  async function outside(): Promise<readonly Address[]> {
    const state = chain.state(chain.head().hash)
    if (state === undefined) return []
    const found: Address[] = []
    for (const account of wanted) if (!(await readIsMember(state, account))) found.push(account)
    return found.slice(0, admissionsAtOnce)
  }

  async function admit(): Promise<readonly Address[]> {
    const { validators } = chain.validators()
    const place = signer === undefined ? -1 : validators.indexOf(signer.address)
    const all = await outside()
    const [first] = all
    if (place < 0 || signer === undefined || first === undefined) return all
    const { length: count } = validators
    await waitTurn({ place, count, first: Number(BigInt(first) % BigInt(count)) }, { clock, signal: stopping.signal })
    const due = await outside()
    if (due.length === 0) return due
    const call = { data: admitCall(due), gasLimit: 60_000n + 90_000n * BigInt(due.length) }
    await node.submit(await systemCall(chain, signer, call))
    log.info('ledger_members_admitted', { accounts: due.length })
    return due
  }

  return {
    async admit(accounts: readonly Address[]): Promise<readonly Address[]> {
      wanted = accounts
      if (isBusy) return accounts.slice(0, 1)
      isBusy = true
      try {
        return await admit()
      } catch (error) {
        if (!stopping.signal.aborted) log.warn('ledger_not_admitted', { how: toPeerhoodError(error).code })
        return accounts.slice(0, 1)
      } finally {
        isBusy = false
      }
    },
    stop: () => stopping.abort(),
  }
}
