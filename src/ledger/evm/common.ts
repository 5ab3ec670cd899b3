// Which rules a chain has, for ethereumjs. One Common a chain: transactions made with it share the fast cryptography.

import { paramsBlock } from '@ethereumjs/block'
import {
  type ChainConfig,
  type Common,
  createCommonFromGethGenesis,
  createCustomCommon,
  Mainnet,
} from '@ethereumjs/common'
import { paramsEVM } from '@ethereumjs/evm'
import { paramsTx } from '@ethereumjs/tx'
import { paramsVM } from '@ethereumjs/vm'
import { customCrypto } from './crypto.ts'

/** What our chains run unless their genesis says otherwise. */
export const hardforkDefault = 'prague'

type Kzg = NonNullable<Common['customCrypto']['kzg']>

/** A chain of ours: one hardfork, from block 0 on. */
export function createLedgerCommon(chainId: number, hardfork: string = hardforkDefault, kzg?: Kzg): Common {
  const chain: Partial<ChainConfig> = { chainId, name: `ledger-${chainId}` }
  return settled(createCustomCommon(chain, Mainnet, { hardfork, customCrypto: cryptoWith(kzg) }))
}

/** A chain whose hardforks come by number and time, as a geth genesis file says. */
export function createCommonOfGeth(genesis: GethFile, kzg?: Kzg): Common {
  // ethereumjs 10.1 takes blob figures of BPO forks from the file under other names than it reads them by; its own are mainnet's.
  const schedule = Object.entries(genesis.config.blobSchedule ?? {}).filter(([fork]) => !fork.startsWith('bpo'))
  const config = { ...genesis.config, blobSchedule: Object.fromEntries(schedule) }
  type File = Parameters<typeof createCommonFromGethGenesis>[0]
  return settled(createCommonFromGethGenesis({ ...genesis, config } as File, { customCrypto: cryptoWith(kzg) }))
}

/**
 * Every transaction, header and machine of ethereumjs merges its package's parameters into its Common again, which takes longer
 * than to check a signature. Here all of them are in it from the start, and stay; copies share that.
 */
function settled(common: Common): Common {
  // The last one holds where two say different things (the window of EIP-2935, which the vm says rightly).
  for (const params of [paramsTx, paramsEVM, paramsVM, paramsBlock]) common.updateParams(params)
  common.updateParams = () => undefined
  return common
}

/** As far as it is looked into here. */
interface GethFile {
  readonly config: { readonly blobSchedule?: object }
}

function cryptoWith(kzg: Kzg | undefined): Common['customCrypto'] {
  return kzg === undefined ? customCrypto() : { ...customCrypto(), kzg }
}
