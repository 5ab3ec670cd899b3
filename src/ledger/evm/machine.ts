// A machine of @ethereumjs/vm on one state and in one block. Cheap enough to be made anew for each block and each call, so that
// nothing of one leaks into another.

import { type Block, createBlock } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import { createEVM, type EVM, type EVMMockBlockchainInterface } from '@ethereumjs/evm'
import { createAddressFromString } from '@ethereumjs/util'
import { createVM, type VM } from '@ethereumjs/vm'
import { bytesOfHex } from './account-wire.ts'
import { takeOverInterpreter, withoutFastLoop } from './interpreter.ts'
import type { LedgerState } from './state-manager.ts'
import type { BlockEnvironment } from './types.ts'

export interface Machine {
  readonly vm: VM
  readonly evm: EVM
  readonly block: Block
  readonly common: Common
}

export interface MachineOptions {
  readonly common: Common
  /** The hardfork follows from the block's number and time. */
  readonly scheduled: boolean
  /** The interpreter as the package brings it: for comparing. */
  readonly plainInterpreter?: boolean
}

export function commonAt({ common, scheduled }: MachineOptions, environment: BlockEnvironment): Common {
  const copy = common.copy()
  if (scheduled) copy.setHardforkBy({ blockNumber: environment.height, timestamp: environment.timestamp })
  return copy
}

export async function createMachine(
  options: MachineOptions,
  environment: BlockEnvironment,
  state: LedgerState,
): Promise<Machine> {
  await takeOverInterpreter()
  const common = commonAt(options, environment)
  const blockchain = blockHashes(environment)
  const evm = await createEVM({ common, stateManager: state, blockchain })
  if (options.plainInterpreter === true) withoutFastLoop(evm)
  const vm = await createVM({ common, stateManager: state, evm, blockchain: blockchain as never })
  return { vm, evm, block: blockOf(common, environment), common }
}

/** A header for what the EVM asks of it; it is never hashed. */
function blockOf(common: Common, environment: BlockEnvironment): Block {
  const merged = common.gteHardfork('paris')
  const header = {
    number: environment.height,
    timestamp: environment.timestamp,
    gasLimit: environment.gasLimit,
    coinbase: createAddressFromString(environment.coinbase),
    parentHash: bytesOfHex(environment.parent),
    ...(merged ? { mixHash: bytesOfHex(environment.prevRandao) } : { difficulty: BigInt(environment.prevRandao) }),
    ...(common.isActivatedEIP(1559) ? { baseFeePerGas: environment.baseFeePerGas } : {}),
    ...(common.isActivatedEIP(4844) ? { excessBlobGas: environment.excessBlobGas ?? 0n, blobGasUsed: 0n } : {}),
  }
  return createBlock({ header }, { common, skipConsensusFormatValidation: true, freeze: false })
}

function blockHashes(environment: BlockEnvironment): EVMMockBlockchainInterface {
  const chain: EVMMockBlockchainInterface = {
    getBlock: async (height) => {
      const hash = await environment.blockHash(Number(height))
      const bytes = hash === undefined ? new Uint8Array(32) : bytesOfHex(hash)
      return { hash: () => bytes }
    },
    putBlock: () => Promise.resolve(),
    shallowCopy: () => chain,
  }
  return chain
}
