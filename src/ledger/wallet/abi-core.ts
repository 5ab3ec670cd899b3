// Calls that the wallet can read: the functions of token standards, of the ledger's own contract, and of contracts whose ABI is here,
// by selector. A selector is four bytes of a hash, so others may share it: a call counts as read only when its data is exactly what
// the function takes, and an ABI that nobody checked names only what has no other name. Pure.

import type { AbiFunction } from 'viem'
import { decodeAbiParameters, encodeAbiParameters, parseAbi, toFunctionSelector, toFunctionSignature } from 'viem/utils'
import { callBytesMax } from './limits.ts'

export interface ReadCall {
  readonly name: string
  /** `transfer(address,uint256)`. */
  readonly signature: string
  /** Whose word the names are: of a standard or of Peerhood, of a checked source, or of an ABI that nobody checked. */
  readonly trust: 'known' | 'checked' | 'unchecked'
  readonly args: readonly { readonly name: string; readonly type: string; readonly value: unknown }[]
}

/** Functions of ERC-20, 721, 1155, 2612 and what contracts around them have. Where standards share one, it stands once. */
const known = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amountOrId)',
  'function transferFrom(address from, address to, uint256 amountOrId)',
  'function increaseAllowance(address spender, uint256 added)',
  'function decreaseAllowance(address spender, uint256 taken)',
  'function permit(address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
  'function safeTransferFrom(address from, address to, uint256 id)',
  'function safeTransferFrom(address from, address to, uint256 id, bytes data)',
  'function setApprovalForAll(address operator, bool approved)',
  'function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
  'function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)',
  'function mint(address to, uint256 amount)',
  'function burn(uint256 amount)',
  'function burnFrom(address from, uint256 amount)',
  'function deposit()',
  'function deposit(uint256 assets, address receiver)',
  'function withdraw(uint256 amount)',
  'function withdraw(uint256 assets, address receiver, address owner)',
  'function redeem(uint256 shares, address receiver, address owner)',
  'function delegate(address delegatee)',
  'function transferOwnership(address newOwner)',
  'function renounceOwnership()',
  'function grantRole(bytes32 role, address account)',
  'function revokeRole(bytes32 role, address account)',
  'function pause()',
  'function unpause()',
  'function multicall(bytes[] data)',
])

export type Functions = ReadonlyMap<string, AbiFunction>

export function functionsOf(abi: readonly unknown[]): Functions {
  const functions = abi.filter((item): item is AbiFunction => (item as AbiFunction).type === 'function')
  return new Map(functions.map((item) => [toFunctionSelector(item), item]))
}

const knownFunctions = functionsOf(known)

/** What is known of a contract's functions besides the standards, and by whose word. */
export interface CallAbi {
  readonly functions: Functions
  readonly trust: ReadCall['trust']
}

/** What the data calls; undefined where that is not known or the data is not exactly of that form. */
export function readCall(data: string, abi?: CallAbi): ReadCall | undefined {
  if (data.length > 2 + 2 * callBytesMax) return undefined
  const selector = data.slice(0, 10)
  const [own, standard] = [abi?.functions.get(selector), knownFunctions.get(selector)]
  const byAbi = own && abi && ([own, abi.trust] as const)
  const byStandard = standard && ([standard, 'known'] as const)
  // Names with a given selector are found in seconds: an ABI that nobody checked must not call a transfer something else.
  const [item, trust] = (abi?.trust === 'unchecked' ? (byStandard ?? byAbi) : (byAbi ?? byStandard)) ?? []
  const values = item && decodeExactly(item, `0x${data.slice(10)}`)
  if (item === undefined || trust === undefined || values === undefined) return undefined
  return {
    name: item.name,
    signature: toFunctionSignature(item),
    trust,
    args: item.inputs.map(({ name, type }, at) => ({ name: name ?? '', type, value: values[at] })),
  }
}

function decodeExactly(item: AbiFunction, body: `0x${string}`): readonly unknown[] | undefined {
  if (item.inputs.length === 0) return body === '0x' ? [] : undefined
  try {
    const values = decodeAbiParameters(item.inputs, body) as readonly unknown[]
    // Bytes after the arguments, or in unused places, are seen by the contract and by nobody who reads the words.
    return encodeAbiParameters(item.inputs, values) === body ? values : undefined
  } catch {
    return undefined
  }
}

/** As a person reads a value: numbers in digits, lists in brackets. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, one]) => `${name}: ${valueText(one)}`)
      .join(', ')}}`
  }
  return typeof value === 'string' ? value : String(value)
}
