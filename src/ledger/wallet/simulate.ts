// Tries a transaction on the chain's state without sending it: does it fail, and what would move. By eth_simulateV1 where the
// node has it (ours, geth, anvil); else by eth_call, which says only whether it fails.

import { decodeErrorResult, parseAbi } from 'viem/utils'
import { shownLine } from '../client/envelope-core.ts'
import type { AbiError } from '../source/abi-core.ts'
import type { Address } from '../types.ts'
import { valueText } from './abi-core.ts'
import { list, record } from './answers-core.ts'
import { type Ask, type CallParams, callOf, refusalOf } from './ask.ts'
import { changesFor, type Move, movesOf, readLog } from './changes-core.ts'
import type { Simulated } from './types.ts'
import type { Outcome } from './words-core.ts'

export interface Tried extends Outcome {
  readonly simulated: Simulated
}

/** `read`: what the call itself says that it moves, for nodes that can't try it. */
export async function simulate(
  ask: Ask,
  call: CallParams & { readonly from: Address },
  read: readonly Move[],
  own: readonly AbiError[] = [],
): Promise<Tried> {
  try {
    const answer = await ask.raw(
      'eth_simulateV1',
      {
        blockStateCalls: [{ calls: [callOf(call)] }],
        traceTransfers: true,
        validation: false,
      },
      'latest',
    )
    return outcomeOf(answer, call.from, own)
  } catch (error) {
    // Some nodes have it and can't do all of it (anvil 1.7: no contract can be created in it).
    return isRevert(error) ? reverted(error, own) : byCall(ask, call, read, own)
  }
}

function outcomeOf(answer: unknown, from: Address, own: readonly AbiError[]): Tried {
  const [block] = list(answer, 'a simulation')
  const [result] = list(record(block, 'a simulated block').calls, 'simulated calls')
  const { status, logs, error, returnData } = record(result, 'a simulated call')
  if (status !== '0x1') {
    const { message, data } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<
      Record<string, unknown>
    >
    return fails(revertText(data ?? returnData, own) ?? shownLine(String(message ?? 'the chain does not say why'), 200))
  }
  const read = list(logs ?? [], 'simulated logs').flatMap((log) => readLog(log) ?? [])
  const { moves, approvals } = movesOf(read)
  return { changes: changesFor(from, moves), approvals, reverts: undefined, isTried: true, simulated: 'run' }
}

async function byCall(
  ask: Ask,
  call: CallParams & { readonly from: Address },
  read: readonly Move[],
  own: readonly AbiError[],
): Promise<Tried> {
  try {
    await ask.call(call)
    return {
      changes: changesFor(call.from, read),
      approvals: [],
      reverts: undefined,
      isTried: false,
      simulated: 'read',
    }
  } catch (error) {
    return reverted(error, own)
  }
}

/** EIP-1474 has no number for it; nodes agree on 3, and old ones on the word. */
function isRevert(error: unknown): boolean {
  const refusal = refusalOf(error)
  return refusal !== undefined && (refusal.rpcCode === 3 || /revert/i.test(refusal.message))
}

function reverted(error: unknown, own: readonly AbiError[]): Tried {
  const refusal = refusalOf(error)
  if (refusal === undefined)
    return { changes: [], approvals: [], reverts: undefined, isTried: false, simulated: 'failed' }
  return fails(revertText(refusal.data, own) ?? refusal.message)
}

function fails(reverts: string): Tried {
  return { changes: [], approvals: [], reverts, isTried: true, simulated: 'reverts' }
}

const errors = parseAbi([
  'error Error(string reason)',
  'error Panic(uint256 code)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error ERC20InvalidReceiver(address receiver)',
  'error ERC721NonexistentToken(uint256 tokenId)',
  'error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)',
  'error ERC721InsufficientApproval(address operator, uint256 tokenId)',
  'error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed, uint256 tokenId)',
  'error OwnableUnauthorizedAccount(address account)',
  'error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)',
  'error EnforcedPause()',
])

const errorWords: Readonly<Record<string, string>> = {
  ERC20InsufficientBalance: 'there is not enough of this token',
  ERC20InsufficientAllowance: 'its owner has not allowed so much',
  ERC20InvalidReceiver: 'the token does not go to this receiver',
  ERC721NonexistentToken: 'there is no token of this number',
  ERC721IncorrectOwner: 'the token of this number is somebody else’s',
  ERC721InsufficientApproval: 'its owner has not allowed it',
  ERC1155InsufficientBalance: 'there is not enough of this number',
  OwnableUnauthorizedAccount: 'only the contract’s owner may do that',
  AccessControlUnauthorizedAccount: 'this account has not the role for it',
  EnforcedPause: 'the contract is paused',
}

/** What a revert says, as words; undefined where it says nothing. `own`: errors of a checked source of the contract. */
export function revertText(data: unknown, own: readonly AbiError[] = []): string | undefined {
  if (typeof data !== 'string' || !/^0x([0-9a-fA-F]{2}){4,}$/.test(data)) return undefined
  try {
    const { errorName, args } = decodeErrorResult({ abi: errors, data: data as `0x${string}` })
    if (errorName === 'Error') return `the contract says “${shownLine(String(args[0]), 200)}”`
    if (errorName === 'Panic') return `the contract has a defect (panic ${String(args[0])})`
    return errorWords[errorName] ?? errorName
  } catch {
    return ownText(data as `0x${string}`, own) ?? `the contract says ${data.slice(0, 10)}`
  }
}

function ownText(data: `0x${string}`, own: readonly AbiError[]): string | undefined {
  try {
    const { errorName, args, abiItem } = decodeErrorResult({ abi: own, data })
    const given = (args ?? []).map((value, at) => {
      const name = abiItem.type === 'error' ? abiItem.inputs[at]?.name : undefined
      return `${name ? `${name}: ` : ''}${valueText(value)}`
    })
    return `the contract says ${shownLine(`${errorName}(${given.join(', ')})`, 200)}`
  } catch {
    return undefined
  }
}
