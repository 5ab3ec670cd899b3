// What a ledger begins as, in bytes: canonical DAG-CBOR of one map. It travels in an entry of a community's log, and its
// keccak-256 stands in block 0, whose hash names the ledger. Strict: one value has one encoding, and nothing else is read.
//
//   { version 1, chainId, name, timestamp, validators [20], members [20], balances [[20, wei]], coin [name, symbol], gasLimit,
//     blockTimeMs, quota [gas, blocks], strangerFee wei | null, contracts [[20, code, [[key 32, value]]]] }
//
// Wei and values are big-endian bytes without leading zeros. Addresses stand in ascending order, each once. `version` says
// which fork and which system contract are meant, besides this form: they never change for a ledger.

import { decode, encode } from '@ipld/dag-cbor'
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { readCanonical } from '../../base/canonical.ts'
import { isName } from '../../community/fields-wire.ts'
import type { Address, Hash } from '../types.ts'
import { chainErrors } from './errors.ts'
import { addressOfBytes, bytesOfHex, bytesOfNumber, hashOfBytes, numberOfBytes } from './header-wire.ts'
import * as limit from './limits.ts'
import type { Genesis } from './types.ts'

const version = 1
const secondsMax = 2 ** 40
const keys = [
  'version',
  'chainId',
  'name',
  'timestamp',
  'validators',
  'members',
  'balances',
  'coin',
  'gasLimit',
  'blockTimeMs',
  'quota',
  'strangerFee',
  'contracts',
]

/** Throws `genesis_malformed` where the genesis breaks a rule. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  const bytes = encode({
    version,
    chainId: genesis.chainId,
    name: genesis.name,
    timestamp: genesis.timestamp,
    validators: sortedAddresses(genesis.validators),
    members: sortedAddresses(genesis.members),
    balances: inOrder(genesis.balances.map(({ address, wei }) => [bytesOfHex(address), bytesOfNumber(wei)])),
    coin: [genesis.coin.name, genesis.coin.symbol],
    gasLimit: Number(genesis.blockGasLimit),
    blockTimeMs: genesis.blockTimeMs,
    quota: [Number(genesis.quota.gas), genesis.quota.blocks],
    strangerFee: genesis.strangerFee === undefined ? null : bytesOfNumber(genesis.strangerFee),
    contracts: inOrder(
      (genesis.contracts ?? []).map(({ address, code, slots }) => [
        bytesOfHex(address),
        code,
        inOrder(slots.map(([key, value]) => [bytesOfHex(key), bytesOfNumber(value)])),
      ]),
    ),
  })
  decodeGenesis(bytes)
  return bytes
}

/** Throws `genesis_malformed` only. */
export function decodeGenesis(bytes: Uint8Array): Genesis {
  if (bytes.length > limit.genesisBytesMax) throw malformed('is longer than one may be')
  const fields = mapOf(canonical(bytes))
  if (fields.version !== version) throw malformed('is of a newer version')
  const [coinName, coinSymbol] = tuple(fields.coin, 2)
  const [quotaGas, quotaBlocks] = tuple(fields.quota, 2)
  const contracts = contractsOf(fields.contracts)
  const genesis: Genesis = {
    chainId: integer(fields.chainId, 1, limit.chainIdMax),
    name: nameOf(fields.name, limit.nameCharactersMax),
    timestamp: integer(fields.timestamp, 0, secondsMax),
    validators: addresses(fields.validators, limit.validatorsMax),
    members: addresses(fields.members, limit.genesisMembersMax),
    balances: balancesOf(fields.balances),
    coin: {
      name: nameOf(coinName, limit.nameCharactersMax),
      symbol: nameOf(coinSymbol, limit.coinSymbolCharactersMax),
    },
    blockGasLimit: BigInt(integer(fields.gasLimit, Number(limit.blockGasLimitMin), Number(limit.blockGasLimitMax))),
    blockTimeMs: integer(fields.blockTimeMs, limit.blockTimeMsMin, limit.blockTimeMsMax),
    quota: {
      gas: BigInt(integer(quotaGas, 0, Number.MAX_SAFE_INTEGER)),
      blocks: integer(quotaBlocks, 1, limit.quotaBlocksMax),
    },
    strangerFee: fields.strangerFee === null ? undefined : wei(fields.strangerFee),
    ...(contracts.length === 0 ? {} : { contracts }),
  }
  if (genesis.validators.length === 0) throw malformed('has no validators')
  return genesis
}

function canonical(bytes: Uint8Array): unknown {
  const quick = readCanonical(bytes)
  if (quick !== undefined) return quick.value
  let value: unknown
  try {
    value = decode(bytes)
  } catch {
    throw malformed('is no DAG-CBOR')
  }
  if (!equalBytes(encode(value), bytes)) throw malformed('is not canonical')
  return value
}

function mapOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw malformed('is no map')
  }
  const map = value as Record<string, unknown>
  const isComplete = keys.every((key) => Object.hasOwn(map, key)) && Object.keys(map).length === keys.length
  if (!isComplete) throw malformed('has other fields')
  return map
}

function list(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) throw malformed('has a list that is none, or too long')
  return value
}

function tuple(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed('has a list of another length')
  return value
}

function integer(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max || Object.is(value, -0)) {
    throw malformed('has a number out of bounds')
  }
  return value
}

function nameOf(value: unknown, charactersMax: number): string {
  if (!isName(value) || value.length > charactersMax) throw malformed('has a name that can’t be shown')
  return value
}

function bytes(value: unknown, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw malformed('has bytes of a wrong length')
  return value
}

function wei(value: unknown, max = limit.weiMax): bigint {
  if (!(value instanceof Uint8Array) || value.length > 32 || value[0] === 0)
    throw malformed('has an amount that is none')
  const amount = numberOfBytes(value)
  if (amount > max) throw malformed('has an amount that is too large')
  return amount
}

function addresses(value: unknown, max: number): readonly Address[] {
  const items = list(value, max).map((item) => bytes(item, 20))
  requireOrder(items)
  // Nobody: the system contract knows it as that.
  if (items[0]?.every((byte) => byte === 0) === true) throw malformed('names the address zero')
  return items.map(addressOfBytes)
}

function requireOrder(items: readonly Uint8Array[]): void {
  const isWrong = items.some((item, place) => place > 0 && compareBytes(items[place - 1] ?? item, item) >= 0)
  if (isWrong) throw malformed('has a list that is not in order')
}

function balancesOf(value: unknown): Genesis['balances'] {
  const pairs = list(value, limit.genesisBalancesMax).map((item) => tuple(item, 2))
  requireOrder(pairs.map(([address]) => bytes(address, 20)))
  return pairs.map(([address, amount]) => ({ address: addressOfBytes(bytes(address, 20)), wei: wei(amount) }))
}

function contractsOf(value: unknown): NonNullable<Genesis['contracts']> {
  const items = list(value, limit.genesisContractsMax).map((item) => tuple(item, 3))
  requireOrder(items.map(([address]) => bytes(address, 20)))
  return items.map(([address, code, slots]) => {
    if (!(code instanceof Uint8Array) || code.length > limit.codeBytesMax) throw malformed('has code that is too long')
    return { address: addressOfBytes(bytes(address, 20)), code: Uint8Array.from(code), slots: slotsOf(slots) }
  })
}

function slotsOf(value: unknown): readonly (readonly [Hash, bigint])[] {
  const pairs = list(value, limit.genesisSlotsMax).map((item) => tuple(item, 2))
  requireOrder(pairs.map(([key]) => bytes(key, 32)))
  return pairs.map(([key, amount]) => [hashOfBytes(bytes(key, 32)), wei(amount, 2n ** 256n - 1n)] as const)
}

function sortedAddresses(items: readonly Address[]): readonly Uint8Array[] {
  return [...new Set(items)].sort().map(bytesOfHex)
}

/** By the bytes that each begins with. */
function inOrder<Item extends readonly [Uint8Array, ...unknown[]] | readonly unknown[]>(
  items: readonly Item[],
): Item[] {
  return [...items].sort((a, b) => compareBytes(a[0] as Uint8Array, b[0] as Uint8Array))
}

function malformed(what: string) {
  return chainErrors.genesis_malformed(`The genesis ${what}.`)
}
