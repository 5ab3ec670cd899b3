// What `eth_simulateV1` is asked, and which blocks follow from it.

import type { Header } from '../chain/types.ts'
import type { SimulateCall, StateOverride } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { type BlockOverrides, parseBlockOverrides, parseCall, parseOverrides } from './call-request.ts'
import { paramsWrong, RpcError } from './errors.ts'
import { simulateBlocksMax, simulateCallsMax } from './limits.ts'
import { field, type Parse, parseBoolean, parseHash, parseList, parseObject, parseUint64 } from './parse.ts'

interface SimulationBlock {
  readonly overrides: BlockOverrides & {
    readonly beaconRoot: Hash | undefined
    readonly blobBaseFee: bigint | undefined
  }
  readonly state: readonly StateOverride[]
  readonly calls: readonly SimulateCall[]
}

export interface PlannedBlock extends SimulationBlock {
  readonly number: number
  readonly time: bigint
}

export interface SimulationParams {
  readonly blocks: readonly SimulationBlock[]
  readonly traceTransfers: boolean
  readonly validation: boolean
  readonly fullTransactions: boolean
}

/** Codes of the specification. */
const codes = { numberOrder: -38020, timeOrder: -38021, limit: -38026 } as const
const tooMany = (what: string) => new RpcError(codes.limit, `too many ${what}`)

/** Time between blocks where none is given: that of Ethereum's. */
const secondsBetween = 12n

const zeroAddress = `0x${'0'.repeat(40)}` as Address

const parseSimulateCall: Parse<SimulateCall> = (value, at) => {
  const { from, chainId: _, authorizations: __, ...call } = parseCall(value, at)
  return { ...call, from: from ?? zeroAddress }
}

const noOverrides: SimulationBlock['overrides'] = {
  number: undefined,
  time: undefined,
  gasLimit: undefined,
  coinbase: undefined,
  prevRandao: undefined,
  baseFeePerGas: undefined,
  beaconRoot: undefined,
  blobBaseFee: undefined,
}

const parseMoreOverrides: Parse<SimulationBlock['overrides']> = (value, at) => {
  const object = parseObject(value, at)
  if (field(object, 'withdrawals', parseList(parseObject, simulateBlocksMax), at)?.length) {
    throw paramsWrong('withdrawals can’t be overridden here')
  }
  return {
    ...parseBlockOverrides(value, at),
    beaconRoot: field(object, 'beaconRoot', parseHash, at),
    blobBaseFee: field(object, 'blobBaseFee', parseUint64, at),
  }
}

const parseSimulationBlock: Parse<SimulationBlock> = (value, at) => {
  const object = parseObject(value, at)
  return {
    overrides: field(object, 'blockOverrides', parseMoreOverrides, at) ?? noOverrides,
    state: field(object, 'stateOverrides', parseOverrides, at) ?? [],
    calls: field(object, 'calls', parseList(parseSimulateCall, simulateCallsMax), at) ?? [],
  }
}

export const parseSimulation: Parse<SimulationParams> = (value, at) => {
  const object = parseObject(value, at)
  const list = object.blockStateCalls
  if (!Array.isArray(list) || list.length === 0) throw paramsWrong('empty input')
  if (list.length > simulateBlocksMax) throw tooMany('blocks')
  const blocks = parseList(parseSimulationBlock, simulateBlocksMax)(list, `${at}: field "blockStateCalls"`)
  if (blocks.reduce((sum, { calls }) => sum + calls.length, 0) > simulateCallsMax) throw tooMany('calls')
  return {
    blocks,
    traceTransfers: field(object, 'traceTransfers', parseBoolean, at) ?? false,
    validation: field(object, 'validation', parseBoolean, at) ?? false,
    fullTransactions: field(object, 'returnFullTransactions', parseBoolean, at) ?? false,
  }
}

/** Every block from the one after `base` to the last that was asked for. */
export function plannedBlocks({ blocks }: SimulationParams, base: Header): readonly PlannedBlock[] {
  const planned: PlannedBlock[] = []
  let number = BigInt(base.height)
  let time = BigInt(base.timestamp)
  for (const block of blocks) {
    const wanted = block.overrides.number ?? number + 1n
    if (wanted <= number) {
      throw new RpcError(codes.numberOrder, `block numbers must be in order: ${wanted} <= ${number}`)
    }
    if (wanted - BigInt(base.height) > BigInt(simulateBlocksMax)) throw tooMany('blocks')
    for (number += 1n; number < wanted; number++) {
      time += secondsBetween
      planned.push({ overrides: noOverrides, state: [], calls: [], number: Number(number), time })
    }
    const wantedTime = block.overrides.time ?? time + secondsBetween
    if (wantedTime <= time)
      throw new RpcError(codes.timeOrder, `block timestamps must be in order: ${wantedTime} <= ${time}`)
    time = wantedTime
    planned.push({ ...block, number: Number(number), time })
  }
  return planned
}
