// Compiles contracts/ with solc (WebAssembly, from npm): `node scripts/contracts.ts` writes the artifacts that src/ reads. A test
// compiles again and compares, so what is committed is what the source says.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export interface Artifact {
  readonly contract: string
  readonly compiler: string
  readonly abi: readonly unknown[]
  /** As it stands at its address. */
  readonly deployedBytecode: `0x${string}`
  /** Slot of each variable: nodes read storage. */
  readonly slots: Readonly<Record<string, { readonly slot: number; readonly offset: number }>>
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts: Readonly<Record<string, Readonly<Record<string, Contract>>>>
}
interface Contract {
  readonly abi: readonly unknown[]
  readonly evm: { readonly deployedBytecode: { readonly object: string } }
  readonly storageLayout: {
    readonly storage: readonly { readonly label: string; readonly slot: string; readonly offset: number }[]
  }
}

const root = join(import.meta.dirname, '..')

/** What is compiled, and where the artifact goes. */
export const contracts = [
  { source: 'contracts/core/PeerhoodSystem.sol', artifact: 'src/ledger/chain/system-contract.json' },
] as const

/** Without metadata, so that paths and comments leave the bytecode as it is. */
const settings = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 1_000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.deployedBytecode.object', 'storageLayout'] } },
}

export function compile(source: string): Artifact {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string; version(): string }
  const sources = { [source]: { content: readFileSync(join(root, source), 'utf8') } }
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }))) as Output
  const wrong = (output.errors ?? []).map(({ formattedMessage }) => formattedMessage)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  const [name, contract] = Object.entries(output.contracts[source] ?? {})[0] ?? []
  if (name === undefined || contract === undefined) throw new Error(`${source} has no contract`)
  const slots = contract.storageLayout.storage.map(({ label, slot, offset }) => [label, { slot: Number(slot), offset }])
  return {
    contract: name,
    compiler: solc.version().split('.Emscripten')[0] ?? '',
    abi: contract.abi,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
    slots: Object.fromEntries(slots),
  }
}

if (import.meta.main) {
  for (const { source, artifact } of contracts) {
    writeFileSync(join(root, artifact), `${JSON.stringify(compile(source), undefined, 2)}\n`)
    console.log(`${source} → ${artifact}`)
  }
}
