// What happens in a block besides its transactions: roots and hashes that go into system contracts, withdrawals, and the
// requests of EIP-7685. @ethereumjs/vm does the same inside runBlock, which can't leave out a transaction or stop early.

import { createHash } from 'node:crypto'
import type { Common } from '@ethereumjs/common'
import { Account, type Address, createAddressFromBigInt, createAddressFromString } from '@ethereumjs/util'
import type { VM } from '@ethereumjs/vm'
import { compareBytes, concatBytes, toHex } from '../../base/bytes.ts'
import type { Hash } from '../types.ts'
import { bytesOfHex, hashOf } from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { bigintToBytes } from './rlp.ts'
import type { BlockEnvironment, LogEntry } from './types.ts'

const systemGas = 30_000_000n
const gwei = 1_000_000_000n
const beaconRoots = createAddressFromString('0x000f3df6d732807ef1319fb7b8bb8522d0beac02')

function word(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value)
  const padded = new Uint8Array(32)
  padded.set(bytes, 32 - bytes.length)
  return padded
}

/** EIP-4788 and EIP-2935. */
export async function beforeTransactions(vm: VM, environment: BlockEnvironment): Promise<void> {
  const { common, stateManager } = vm
  for (const [address, key, value] of environment.systemWrites ?? []) {
    await stateManager.putStorage(createAddressFromString(address), bytesOfHex(key), bigintToBytes(value))
  }
  if (common.isActivatedEIP(4788) && (await stateManager.getCode(beaconRoots)).length > 0) {
    const length = common.param('historicalRootsLength')
    const at = environment.timestamp % length
    const root = bytesOfHex(environment.parentBeaconBlockRoot ?? `0x${'00'.repeat(32)}`)
    await stateManager.putStorage(beaconRoots, word(at), bigintToBytes(environment.timestamp))
    await stateManager.putStorage(beaconRoots, word(at + length), root)
  }
  if (!common.isActivatedEIP(2935)) return
  const history = createAddressFromBigInt(common.param('historyStorageAddress'))
  if ((await stateManager.getCode(history)).length === 0) return
  const slot = (BigInt(environment.height) - 1n) % common.param('historyServeWindow')
  await stateManager.putStorage(history, word(slot), bytesOfHex(environment.parent))
}

/** EIP-4895. Blocks before it have none; there a reward of proof of work comes in the same form (chain/foreign.ts). */
export async function payWithdrawals(vm: VM, environment: BlockEnvironment): Promise<void> {
  for (const { address, amount } of environment.withdrawals ?? []) {
    const to = createAddressFromString(address)
    const account = (await vm.stateManager.getAccount(to)) ?? new Account()
    account.balance += amount * gwei
    await vm.evm.journal.putAccount(to, account)
  }
  await vm.evm.journal.cleanup()
}

/** EIP-7685: the hash over what deposits (6110), withdrawals (7002) and consolidations (7251) ask of whoever runs the chain. */
export async function requestsHash(vm: VM, logs: Iterable<LogEntry>): Promise<Hash | undefined> {
  const { common } = vm
  if (!common.isActivatedEIP(7685)) return undefined
  const requests: Uint8Array[] = []
  if (common.isActivatedEIP(6110)) requests.push(concatBytes(Uint8Array.of(0), deposits(common, logs)))
  for (const [eip, type, contract] of [
    [7002, 1, 'withdrawalRequestPredeployAddress'],
    [7251, 2, 'consolidationRequestPredeployAddress'],
  ] as const) {
    if (!common.isActivatedEIP(eip)) continue
    requests.push(
      concatBytes(Uint8Array.of(type), await systemCall(vm, createAddressFromBigInt(common.param(contract)))),
    )
  }
  const hash = createHash('sha256')
  // EIP-7685: those without data are left out.
  for (const request of requests) if (request.length > 1) hash.update(createHash('sha256').update(request).digest())
  return hashOf(hash.digest())
}

async function systemCall(vm: VM, to: Address): Promise<Uint8Array> {
  const { common, stateManager } = vm
  if ((await stateManager.getAccount(to)) === undefined) return new Uint8Array(0)
  const system = createAddressFromBigInt(common.param('systemAddress'))
  const before = await stateManager.getAccount(system)
  const { execResult } = await vm.evm.runCall({ caller: system, gasLimit: systemGas, to })
  // The caller is nobody: its nonce does not grow.
  if (before === undefined) await stateManager.deleteAccount(system)
  else await stateManager.putAccount(system, before)
  return execResult.returnValue
}

/** DepositEvent(bytes,bytes,bytes,bytes,bytes) of the deposit contract. */
const depositTopic = '0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5' as Hash
const mainnetDepositContract = '0x00000000219ab540356cbb839cbe05303d7705fa'

interface WithParameters {
  readonly _chainParams?: { readonly depositContractAddress?: string }
}

function deposits(common: Common, logs: Iterable<LogEntry>): Uint8Array {
  const { _chainParams: chain } = common as unknown as WithParameters
  const contract = (chain?.depositContractAddress ?? mainnetDepositContract).toLowerCase()
  const found: Uint8Array[] = []
  for (const { address, topics, data } of logs) {
    if (topics[0] === depositTopic && address === contract) found.push(depositOf(data))
  }
  return concatBytes(...found)
}

/** The layout of the five dynamic fields is fixed: where each begins, and how long it is. */
const depositFields = [
  [160, 48],
  [256, 32],
  [320, 8],
  [384, 96],
  [512, 8],
] as const

function depositOf(data: Uint8Array): Uint8Array {
  const fields = depositFields.map(([start, length], index) => {
    const right =
      compareBytes(data.subarray(32 * index, 32 * index + 32), word(BigInt(start))) === 0 &&
      compareBytes(data.subarray(start, start + 32), word(BigInt(length))) === 0
    if (data.length !== 576 || !right) {
      throw evmErrors.transaction_invalid('A log of the deposit contract has another layout than EIP-6110 says.', {
        details: { data: toHex(data.subarray(0, 64)) },
      })
    }
    return data.subarray(start + 32, start + 32 + length)
  })
  return concatBytes(...fields)
}
