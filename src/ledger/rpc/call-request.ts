// What a caller wants to be run, from the transaction object, the state overrides and the block overrides of eth_call.

import type { Header } from '../chain/types.ts'
import type { BlockEnvironment, CallRequest, SimulateCall, StateOverride, StateReader } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { paramsWrong, refused } from './errors.ts'
import {
  accessEntriesMax,
  blobsMax,
  callBytesMax,
  callGasMax,
  overrideAccountsMax,
  overrideSlotsMax,
} from './limits.ts'
import {
  field,
  type Parse,
  parseAddress,
  parseBytesMax,
  parseHash,
  parseList,
  parseObject,
  parseSlot,
  parseUint64,
  parseUint256,
  wrong,
} from './parse.ts'
import { environmentOf } from './resolve.ts'
import type { Source } from './source.ts'

/** The transaction object, checked by itself. */
export interface CallParams extends Omit<SimulateCall, 'from'> {
  readonly from: Address | undefined
  readonly chainId: bigint | undefined
  /** EIP-7702 authorizations that it carries, counted. */
  readonly authorizations: number
}

const parseData = parseBytesMax(callBytesMax)

const parseAccessEntry: Parse<{ readonly address: Address; readonly keys: readonly Hash[] }> = (value, at) => {
  const object = parseObject(value, at)
  const address = field(object, 'address', parseAddress, at)
  if (address === undefined) throw wrong(at, 'field "address" is missing')
  return { address, keys: field(object, 'storageKeys', parseList(parseHash, accessEntriesMax), at) ?? [] }
}

/** What an EIP-7702 authorization costs until it is known that the account exists. */
const parseAuthorization: Parse<unknown> = (value, at) => parseObject(value, at)

export const parseCall: Parse<CallParams> = (value, at) => {
  const object = parseObject(value, at)
  const params: CallParams = {
    from: field(object, 'from', parseAddress, at),
    to: field(object, 'to', parseAddress, at),
    data: dataOf(object, at),
    value: field(object, 'value', parseUint256, at) ?? 0n,
    gas: field(object, 'gas', parseUint64, at),
    nonce: field(object, 'nonce', parseUint64, at),
    gasPrice: field(object, 'gasPrice', parseUint256, at),
    maxFeePerGas: field(object, 'maxFeePerGas', parseUint256, at),
    maxPriorityFeePerGas: field(object, 'maxPriorityFeePerGas', parseUint256, at),
    accessList: field(object, 'accessList', parseList(parseAccessEntry, accessEntriesMax), at),
    chainId: field(object, 'chainId', parseUint256, at),
    blobVersionedHashes: field(object, 'blobVersionedHashes', parseList(parseHash, blobsMax), at),
    maxFeePerBlobGas: field(object, 'maxFeePerBlobGas', parseUint256, at),
    authorizations: (field(object, 'authorizationList', parseList(parseAuthorization, accessEntriesMax), at) ?? [])
      .length,
  }
  checkPrices(params)
  return params
}

/** `input` is the newer name of `data`; tools send one, the other, or both. */
function dataOf(object: Readonly<Record<string, unknown>>, at: string): Uint8Array {
  const input = field(object, 'input', parseData, at)
  const data = field(object, 'data', parseData, at)
  if (input !== undefined && data !== undefined && Buffer.compare(input, data) !== 0) {
    throw paramsWrong('both "data" and "input" are set and not equal. Please use "input" to pass transaction call data')
  }
  return input ?? data ?? new Uint8Array()
}

function checkPrices({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: CallParams): void {
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)) {
    throw paramsWrong('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  }
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined && maxFeePerGas < maxPriorityFeePerGas) {
    throw paramsWrong(`maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`)
  }
}

// ---- overrides

type SlotValues = readonly (readonly [Hash, bigint])[]

function parseSlots(left: () => number): Parse<SlotValues> {
  return (value, at) => {
    const entries = Object.entries(parseObject(value, at))
    if (entries.length > left()) throw paramsWrong(`more than ${overrideSlotsMax} slots are overridden`)
    return entries.map(([key, word]) => [parseSlot(key, at), BigInt(parseHash(word, `${at}: "${key}"`))])
  }
}

export const parseOverrides: Parse<readonly StateOverride[]> = (value, at) => {
  const entries = Object.entries(parseObject(value, at))
  if (entries.length > overrideAccountsMax)
    throw paramsWrong(`more than ${overrideAccountsMax} accounts are overridden`)
  let slots = 0
  const parse = parseSlots(() => overrideSlotsMax - slots)
  return entries.map(([name, account]) => {
    const place = `${at}: "${name.slice(0, 50)}"`
    const override = parseOverride(parseAddress(name, place), parseObject(account, place), place, parse)
    slots += (override.state ?? override.stateDiff ?? []).length
    return override
  })
}

function parseOverride(
  address: Address,
  object: Readonly<Record<string, unknown>>,
  at: string,
  slots: Parse<SlotValues>,
): StateOverride {
  const balance = field(object, 'balance', parseUint256, at)
  const nonce = field(object, 'nonce', parseUint64, at)
  const code = field(object, 'code', parseData, at)
  const state = field(object, 'state', slots, at)
  const stateDiff = field(object, 'stateDiff', slots, at)
  const movePrecompileTo = field(object, 'movePrecompileToAddress', parseAddress, at)
  if (state !== undefined && stateDiff !== undefined) {
    throw paramsWrong(`account ${address} has both 'state' and 'stateDiff'`)
  }
  return {
    address,
    ...(balance !== undefined && { balance }),
    ...(nonce !== undefined && { nonce }),
    ...(code !== undefined && { code }),
    ...(state !== undefined && { state }),
    ...(stateDiff !== undefined && { stateDiff }),
    ...(movePrecompileTo !== undefined && { movePrecompileTo }),
  }
}

export interface BlockOverrides {
  readonly number: bigint | undefined
  readonly time: bigint | undefined
  readonly gasLimit: bigint | undefined
  readonly coinbase: Address | undefined
  readonly prevRandao: Hash | undefined
  readonly baseFeePerGas: bigint | undefined
}

/** Both the specification's names and geth's older ones. */
export const parseBlockOverrides: Parse<BlockOverrides> = (value, at) => {
  const object = parseObject(value, at)
  return {
    number: field(object, 'number', parseUint64, at),
    time: field(object, 'time', parseUint64, at),
    gasLimit: field(object, 'gasLimit', parseUint64, at),
    coinbase: field(object, 'feeRecipient', parseAddress, at) ?? field(object, 'coinbase', parseAddress, at),
    prevRandao: field(object, 'prevRandao', parseSlot, at) ?? field(object, 'random', parseSlot, at),
    baseFeePerGas: field(object, 'baseFeePerGas', parseUint256, at) ?? field(object, 'baseFee', parseUint256, at),
  }
}

/** Heights are numbers here; none comes near this. */
const heightMax = BigInt(Number.MAX_SAFE_INTEGER)

export function overridden(environment: BlockEnvironment, overrides: BlockOverrides | undefined): BlockEnvironment {
  if (overrides === undefined) return environment
  const { number, time, gasLimit, coinbase, prevRandao, baseFeePerGas } = overrides
  return {
    ...environment,
    height: number === undefined ? environment.height : Number(number < heightMax ? number : heightMax),
    timestamp: time ?? environment.timestamp,
    gasLimit: gasLimit ?? environment.gasLimit,
    coinbase: coinbase ?? environment.coinbase,
    prevRandao: prevRandao ?? environment.prevRandao,
    baseFeePerGas: baseFeePerGas ?? environment.baseFeePerGas,
  }
}

// ---- putting it together

export interface PreparedCall {
  readonly block: Hash
  readonly environment: BlockEnvironment
  readonly request: CallRequest
  /** Whether the gas that the caller named, or the block allows, was more than `callGasMax`. */
  readonly price: bigint
}

export interface CallPlace {
  readonly header: Header
  readonly state: StateReader
  readonly overrides: readonly StateOverride[]
  readonly blockOverrides: BlockOverrides | undefined
}

const zeroAddress = `0x${'0'.repeat(40)}` as Address

/** Throws -32000 for what a transaction could not be either: the wrong chain, fees below the base fee, no money for the gas. */
export async function prepareCall(
  chain: Pick<Source, 'genesis' | 'header'>,
  params: CallParams,
  place: CallPlace,
): Promise<PreparedCall> {
  const { header, overrides } = place
  if (params.chainId !== undefined && params.chainId !== BigInt(chain.genesis.chainId)) {
    throw paramsWrong(`chainId does not match node's (have=${params.chainId}, want=${chain.genesis.chainId})`)
  }
  const environment = overridden(environmentOf(chain, header), place.blockOverrides)
  const price = priceOf(params, environment.baseFeePerGas)
  const gas = params.gas === undefined || params.gas > callGasMax ? callGasMax : params.gas
  const from = params.from ?? zeroAddress
  if (price > 0n) await checkFunds({ ...params, from, gas }, place)
  return {
    block: header.hash,
    // As geth: who names no price is not held to the base fee, and BASEFEE says 0.
    environment: price === 0n ? { ...environment, baseFeePerGas: 0n } : environment,
    request: {
      from,
      to: params.to,
      data: params.data,
      value: params.value,
      gas,
      gasPrice: price,
      ...(params.accessList !== undefined && { accessList: params.accessList }),
      ...(overrides.length > 0 && { overrides }),
    },
    price,
  }
}

function priceOf({ from, gasPrice, maxFeePerGas, maxPriorityFeePerGas }: CallParams, baseFee: bigint): bigint {
  if (gasPrice !== undefined) return gasPrice
  const tip = maxPriorityFeePerGas ?? 0n
  const most = maxFeePerGas ?? 0n
  if (most === 0n && tip === 0n) return 0n
  if (most < baseFee && maxFeePerGas !== undefined) {
    throw refused(
      `max fee per gas less than block base fee: address ${from ?? zeroAddress}, maxFeePerGas: ${most}, baseFee: ${baseFee}`,
    )
  }
  return maxFeePerGas === undefined || most > baseFee + tip ? baseFee + tip : most
}

async function checkFunds(
  { from, gas, value, gasPrice, maxFeePerGas }: CallParams & { readonly from: Address; readonly gas: bigint },
  { state, overrides }: CallPlace,
): Promise<void> {
  const want = gas * (gasPrice ?? maxFeePerGas ?? 0n) + value
  const have = await balanceOf(from, state, overrides)
  if (have < want) {
    throw refused(`insufficient funds for gas * price + value: address ${from} have ${have} want ${want}`)
  }
}

export async function balanceOf(
  address: Address,
  state: StateReader,
  overrides: readonly StateOverride[],
): Promise<bigint> {
  const override = overrides.findLast((one) => one.address === address)
  return override?.balance ?? (await state.account(address))?.balance ?? 0n
}
