// State overrides that move precompiles, or put code in their place (eth_simulateV1, eth_call), as geth's override package does.

import type { Address } from '../types.ts'
import { checksummed } from './checksum.ts'
import { evmErrors } from './errors.ts'
import type { Machine } from './machine.ts'
import type { StateOverride } from './types.ts'

/** Only on this machine, which is for one block. */
export function movePrecompiles({ evm }: Machine, overrides: readonly StateOverride[]): void {
  const { precompiles } = evm
  const overridden = new Set<Address>(overrides.map(({ address }) => address))
  const moved = new Set<Address>()
  for (const { address, movePrecompileTo: to } of overrides) {
    if (moved.has(address)) throw refuse(`account ${checksummed(address)} has already been overridden by a precompile`)
    const here = address.slice(2)
    const run = precompiles.get(here)
    if (to !== undefined) {
      if (run === undefined) throw refuse(`account ${checksummed(address)} is not a precompile`)
      if (overridden.has(to)) throw refuse(`account ${checksummed(to)} is already overridden`)
      precompiles.set(to.slice(2), run)
      moved.add(to)
    }
    // Whoever overrides an account means that account, and no precompile in its place.
    precompiles.delete(here)
  }
}

function refuse(message: string) {
  return evmErrors.call_unusable(message, { details: { rpcCode: -32000 } })
}
