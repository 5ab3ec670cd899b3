// What an account has: balance, nonce, code, storage, and the proof of it.

import type { AccountProof } from '../../evm/types.ts'
import type { Address, Hash } from '../../types.ts'
import type { Context, Methods } from '../context.ts'
import { paramsWrong } from '../errors.ts'
import { bytes, quantity, word } from '../hex.ts'
import { proofKeysMax } from '../limits.ts'
import {
  latest,
  type Params,
  type Parse,
  parseAddress,
  parseBlock,
  parseList,
  parseObject,
  parseSlot,
} from '../parse.ts'
import { stateOf } from '../resolve.ts'
import type { Source } from '../source.ts'

const blockAt = (params: Params, index: number) => params.optional(index, parseBlock, latest)

async function balance(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const address = params.required(0, parseAddress)
  const { state } = await stateOf(chain, blockAt(params, 1))
  return quantity((await state.account(address))?.balance ?? 0n)
}

async function nonce(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const address = params.required(0, parseAddress)
  const ref = blockAt(params, 1)
  if (ref.kind === 'tag' && ref.tag === 'pending') return quantity(await chain.pool.nextNonce(address))
  return quantity((await (await stateOf(chain, ref)).state.account(address))?.nonce ?? 0n)
}

async function code(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const address = params.required(0, parseAddress)
  return bytes(await (await stateOf(chain, blockAt(params, 1))).state.code(address))
}

async function slot(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const address = params.required(0, parseAddress)
  const key = params.required(1, parseSlot)
  return word(await (await stateOf(chain, blockAt(params, 2))).state.slot(address, key))
}

/** All slots of all accounts together count. */
const parseSlots: Parse<ReadonlyMap<string, { readonly address: Address; readonly keys: readonly Hash[] }>> = (
  value,
  at,
) => {
  const wanted = new Map<string, { readonly address: Address; readonly keys: readonly Hash[] }>()
  let left = proofKeysMax
  for (const [name, list] of Object.entries(parseObject(value, at))) {
    const keys = parseList(parseSlot, left)(list, `${at}: "${name.slice(0, 50)}"`)
    wanted.set(name, { address: parseAddress(name, at), keys })
    left -= keys.length
  }
  if (left === proofKeysMax) throw paramsWrong('empty request')
  return wanted
}

async function slots(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const wanted = params.required(0, parseSlots)
  const { state } = await stateOf(chain, blockAt(params, 1))
  const values: Record<string, readonly Hash[]> = {}
  for (const { address, keys } of wanted.values()) {
    values[address] = await Promise.all(keys.map(async (key) => word(await state.slot(address, key))))
  }
  return values
}

/** A key is told back as it was asked for: as a number, or as 32 bytes. */
interface AskedKey {
  readonly key: Hash
  readonly told: string
}

const parseAskedKey: Parse<AskedKey> = (value, at) => {
  const key = parseSlot(value, at)
  return { key, told: typeof value === 'string' && value.length === 66 ? key : quantity(BigInt(key)) }
}

async function proof(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const address = params.required(0, parseAddress)
  const asked = params.required(1, parseList(parseAskedKey, proofKeysMax))
  const { state } = await stateOf(chain, blockAt(params, 2))
  return proofJson(
    await state.proof(
      address,
      asked.map(({ key }) => key),
    ),
    asked,
  )
}

function proofJson(found: AccountProof, asked: readonly AskedKey[]): unknown {
  return {
    address: found.address,
    accountProof: found.accountProof.map(bytes),
    balance: quantity(found.balance),
    codeHash: found.codeHash,
    nonce: quantity(found.nonce),
    storageHash: found.storageHash,
    storageProof: found.storageProof.map(({ key, value, proof: nodes }, index) => ({
      key: asked[index]?.told ?? key,
      value: quantity(value),
      proof: nodes.map(bytes),
    })),
  }
}

export const accountMethods: Methods<Source> = {
  eth_getBalance: { paramsMax: 2, run: balance },
  eth_getTransactionCount: { paramsMax: 2, run: nonce },
  eth_getCode: { paramsMax: 2, run: code },
  eth_getStorageAt: { paramsMax: 3, run: slot },
  eth_getStorageValues: { paramsMax: 2, heavy: true, run: slots },
  eth_getProof: { paramsMax: 3, heavy: true, run: proof },
}
