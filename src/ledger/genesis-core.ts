// What a ledger begins as, from what a person asked and what members announced. Pure.

import type { AccountOf, Willing } from './announced.ts'
import type { Genesis } from './chain/types.ts'
import { ledgerErrors } from './errors.ts'
import type { LedgerFoundRequest } from './service-types.ts'
import type { Address } from './types.ts'

/** A block of 500 token transfers needs some 26 million. */
const blockGasLimit = 36_000_000n
/** Half a second: two blocks a second where there is something to put into them. */
const blockTimeMs = 500
/** About 600 token transfers of each member in some minutes of work. */
const quota: Genesis['quota'] = { gas: 30_000_000n, blocks: 100 }

export interface GenesisParts {
  readonly request: LedgerFoundRequest
  readonly chainId: number
  /** What the community is called. */
  readonly communityName: string
  readonly nowSeconds: number
  readonly willing: readonly Willing[]
  readonly accounts: readonly AccountOf[]
  readonly founder: Address
}

/** Throws `ledger_no_validators`, `ledger_validator_unknown`. */
export function genesisOf(parts: GenesisParts): Genesis {
  const { request, founder } = parts
  const coin = request.coin ?? { name: 'Coin', symbol: 'COIN' }
  return {
    chainId: parts.chainId,
    name: request.name ?? parts.communityName,
    timestamp: parts.nowSeconds,
    validators: sorted(chosen(parts).map(({ address }) => address)),
    members: sorted([founder, ...parts.accounts.map(({ address }) => address)]),
    balances: request.supply > 0n ? [{ address: founder, wei: request.supply }] : [],
    coin,
    blockGasLimit,
    blockTimeMs: request.blockTimeMs ?? blockTimeMs,
    quota: request.quota ?? quota,
    strangerFee: request.strangerFee,
  }
}

function chosen({ request, willing }: GenesisParts): readonly Willing[] {
  if (request.validators === undefined) {
    if (willing.length > 0) return willing
    throw ledgerErrors.ledger_no_validators('No computer of this community offers to validate.')
  }
  return request.validators.map((peer) => {
    const found = willing.find(({ peerId }) => peerId === peer)
    if (found !== undefined) return found
    throw ledgerErrors.ledger_validator_unknown(`The computer ${peer} does not offer to validate.`)
  })
}

function sorted(addresses: readonly Address[]): readonly Address[] {
  return [...new Set(addresses)].sort()
}
