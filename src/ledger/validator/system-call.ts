// A validator's own transactions: calls of the system contract, free of charge, signed by the key that votes.

import { createFeeMarket1559Tx } from '@ethereumjs/tx'
import { systemAddress } from '../chain/system-contract.ts'
import type { Chain } from '../chain/types.ts'
import { createLedgerCommon } from '../evm/common.ts'
import type { ValidatorSigner } from './types.ts'

export interface SystemCall {
  /** As the contract's ABI has it. */
  readonly data: Uint8Array
  readonly gasLimit: bigint
}

/** The signed transaction, as it is submitted. */
export async function systemCall(chain: Chain, signer: ValidatorSigner, call: SystemCall): Promise<Uint8Array> {
  const nonce = await chain.pool.nextNonce(signer.address)
  const unsigned = createFeeMarket1559Tx(
    { to: systemAddress, ...call, nonce, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
    { common: createLedgerCommon(chain.genesis.chainId), freeze: false },
  )
  const signature = signer.sign(unsigned.getHashedMessageToSign())
  const recovery = BigInt((signature[64] ?? 27) - 27)
  return unsigned.addSignature(recovery, signature.slice(0, 32), signature.slice(32, 64)).serialize()
}
