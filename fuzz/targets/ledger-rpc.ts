// What src/ledger/rpc reads of a request: bodies, and parameters of JSON. They refuse by numbers of JSON-RPC.

import { defineErrors } from '../../src/base/errors.ts'
import { parseBlockOverrides, parseCall, parseOverrides } from '../../src/ledger/rpc/call-request.ts'
import { readBody, readRequest } from '../../src/ledger/rpc/envelope.ts'
import { RpcError } from '../../src/ledger/rpc/errors.ts'
import { parseLogParams } from '../../src/ledger/rpc/log-query.ts'
import { parseId } from '../../src/ledger/rpc/methods/filters.ts'
import {
  type Parse,
  parseAddress,
  parseBlock,
  parseBlockNumber,
  parseBoolean,
  parseBytesMax,
  parseHash,
  parseList,
  parseLooseNumber,
  parseNumber,
  parseObject,
  parseSlot,
  parseUint64,
  parseUint256,
} from '../../src/ledger/rpc/parse.ts'
import { parseSimulation } from '../../src/ledger/rpc/simulate-plan.ts'
import { json } from '../seeds.ts'
import { type Target, target } from '../target.ts'

const errors = defineErrors({ rpc_refused: { kind: 'usage', hint: '' } })
const address = `0x${'ab'.repeat(20)}`
const hash = `0x${'cd'.repeat(32)}`
const words = ['latest', 'pending', '0x', '0x1', address, hash, 'null']

/** Refusals of JSON-RPC as ones that the engine knows; anything else is a find. */
function refusing<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof RpcError) throw errors.rpc_refused(`${error.code}: ${error.message.slice(0, 40)}`)
    throw error
  }
}

function parsed(input: Uint8Array, parse: Parse<unknown>): unknown {
  return refusing(() => {
    const { items } = readBody(input)
    return items.map((item) => parse(item, 'argument 0')).length
  })
}

function parameter(name: string, file: string, parse: Parse<unknown>, ...values: readonly unknown[]): Target {
  return target({
    name: `rpc-${name.toLowerCase()}`,
    covers: [`src/ledger/rpc/${file}.ts parse${name}`],
    shape: 'json',
    codes: ['rpc_refused'],
    words,
    runs: 1_000,
    seeds: () => json(...values),
    decode: (input) => parsed(input, parse),
  })
}

const call = { from: address, to: address, input: '0x01', value: '0x1', gas: '0x5208', maxFeePerGas: '0x0' }
const list = [{ address, storageKeys: [hash] }]
const overrides = { [address]: { balance: '0x1', nonce: '0x0', code: '0x00', stateDiff: { [hash]: hash } } }
const block = { number: '0x1', time: '0x2', gasLimit: '0x3', feeRecipient: address, prevRandao: hash }

export const ledgerRpcTargets: readonly Target[] = [
  target({
    name: 'rpc-body',
    covers: ['src/ledger/rpc/envelope.ts readBody', 'src/ledger/rpc/envelope.ts readRequest'],
    shape: 'json',
    codes: ['rpc_refused'],
    seeds: () =>
      json(
        { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call] },
        [{ jsonrpc: '2.0', method: 'eth_chainId' }],
        5,
      ),
    decode: (input) => refusing(() => readBody(input).items.map(readRequest).length),
  }),
  parameter('Uint256', 'parse', parseUint256, ['0x0', '0x1f']),
  parameter('Uint64', 'parse', parseUint64, ['0x0', '0xffffffffffffffff']),
  parameter('Number', 'parse', parseNumber, ['0x0', '0x10']),
  parameter('LooseNumber', 'parse', parseLooseNumber, [5, '0x10']),
  parameter('BytesMax', 'parse', parseBytesMax(64), ['0x', '0x0102']),
  parameter('Hash', 'parse', parseHash, [hash]),
  parameter('Address', 'parse', parseAddress, [address]),
  parameter('Slot', 'parse', parseSlot, ['0x0', hash]),
  parameter('Boolean', 'parse', parseBoolean, [true, false]),
  parameter('Object', 'parse', parseObject, [{}, call]),
  parameter('List', 'parse', parseList(parseHash, 4), [[], [hash, hash]]),
  parameter('BlockNumber', 'parse', parseBlockNumber, ['latest', '0x5']),
  parameter('Block', 'parse', parseBlock, [
    'safe',
    hash,
    { blockHash: hash, requireCanonical: true },
    { blockNumber: '0x1' },
  ]),
  parameter('Call', 'call-request', parseCall, [call, { ...call, accessList: list, chainId: '0x1' }]),
  parameter('Overrides', 'call-request', parseOverrides, [overrides]),
  parameter('BlockOverrides', 'call-request', parseBlockOverrides, [block]),
  parameter('LogParams', 'log-query', parseLogParams, [
    { fromBlock: '0x1', toBlock: 'latest', address, topics: [null, hash, [hash, null]] },
    { blockHash: hash, address: [address] },
  ]),
  parameter('Id', 'methods/filters', parseId, ['0x1', hash]),
  parameter('Simulation', 'simulate-plan', parseSimulation, [
    { blockStateCalls: [{ blockOverrides: block, stateOverrides: overrides, calls: [call] }], validation: true },
  ]),
]
