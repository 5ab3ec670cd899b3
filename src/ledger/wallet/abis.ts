// What the wallet can read of a contract's calls, events and errors, and whose word that is. In this order: the ledger's own
// contract; a source that was checked against the code that stands there now; then, and only for what no standard has, an ABI that
// a person added and nobody checked. A name of that last kind is never shown without saying so.

import type { AbiEvent } from 'viem'
import { keccak256, toEventSelector } from 'viem/utils'
import { type AbiError, readAbiText } from '../source/abi-core.ts'
import { abisReadyMax } from '../source/limits.ts'
import type { KeptSource, SourceStore } from '../source/store.ts'
import type { Address } from '../types.ts'
import { type Functions, functionsOf } from './abi-core.ts'
import type { Ask } from './ask.ts'

export interface ContractAbi {
  /** `known`: part of Peerhood. */
  readonly trust: 'known' | 'checked' | 'unchecked'
  /** What the source calls it. */
  readonly contract: string | undefined
  readonly functions: Functions
  /** By the hash of their signature. */
  readonly events: ReadonlyMap<string, AbiEvent>
  readonly errors: readonly AbiError[]
}

/** For one view: each contract is looked up once. `code` where it is known already. */
export type AbiReader = (of: Address, code?: `0x${string}`) => Promise<ContractAbi | undefined>

export interface AbisParts {
  readonly ask: Ask
  readonly store: SourceStore
  readonly own: { readonly address: Address; readonly abi: readonly unknown[] } | undefined
}

export function createAbis({ ask, store, own }: AbisParts) {
  const ready = new Map<string, ContractAbi>()
  const system = own && contractAbi('known', undefined, own.abi)

  /** Reading one takes a hash for each function, so it is done once. */
  function prepared(key: string, make: () => ContractAbi): ContractAbi {
    const present = ready.get(key) ?? make()
    ready.delete(key)
    if (ready.size >= abisReadyMax) ready.delete([...ready.keys()][0] as string)
    ready.set(key, present)
    return present
  }

  async function sourceAt(of: Address, code?: `0x${string}`): Promise<KeptSource | undefined> {
    if (!store.hasSources()) return undefined
    const found = code ?? (await ask.code(of))
    return found === '0x' ? undefined : store.source(keccak256(found))
  }

  async function look(of: Address, code?: `0x${string}`): Promise<ContractAbi | undefined> {
    if (of === own?.address) return system
    const source = await sourceAt(of, code)
    if (source !== undefined) {
      const { codeHash, abi, contract, atMs } = source
      return prepared(`${codeHash} ${atMs}`, () =>
        contractAbi('checked', contract, readAbiText(abi, { isLenient: true })),
      )
    }
    const added = store.addedAbi(of)
    return added === undefined
      ? undefined
      : prepared(added, () => contractAbi('unchecked', undefined, readAbiText(added)))
  }

  return {
    sourceAt,
    /** Contracts whose source calls them so; a few, since two are too many already. */
    named: (contract: string): readonly Address[] =>
      store.sourcesNamed(contract, 5).map((found) => (JSON.parse(found) as { readonly address: Address }).address),
    hasAdded: (of: Address) => store.addedAbi(of) !== undefined,
    reader(): AbiReader {
      const seen = new Map<Address, Promise<ContractAbi | undefined>>()
      return (of, code) => {
        const asked = seen.get(of) ?? look(of, code)
        seen.set(of, asked)
        return asked
      }
    },
  }
}

export type Abis = ReturnType<typeof createAbis>

function contractAbi(trust: ContractAbi['trust'], contract: string | undefined, abi: readonly unknown[]): ContractAbi {
  const items = abi as readonly { readonly type: string }[]
  const events = items.filter((item): item is AbiEvent => item.type === 'event')
  return {
    trust,
    contract,
    functions: functionsOf(abi),
    events: new Map(events.filter(({ anonymous }) => anonymous !== true).map((item) => [toEventSelector(item), item])),
    errors: items.filter((item): item is AbiError => item.type === 'error'),
  }
}
