// Calls on a state that is elsewhere: what is read is fetched once, no more than a call may, and kept no longer than there is room.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import type { Address, Hash } from '../types.ts'
import { createLedgerCommon } from './common.ts'
import { keccak256 } from './keccak.ts'
import { createRemoteState } from './remote.ts'
import type { BlockEnvironment, CallRequest } from './types.ts'

const contract = `0x${'cc'.repeat(20)}` as Address
const zero = `0x${'00'.repeat(32)}` as Hash
const readsMax = 10

/** Reads slot after slot without end: GAS names another one each time. */
const endless = Uint8Array.from([0x5b, 0x5a, 0x54, 0x50, 0x60, 0x00, 0x56])

const environment: BlockEnvironment = {
  ...{ height: 1, parent: zero, timestamp: 1n, gasLimit: 30_000_000n, baseFeePerGas: 0n, coinbase: contract },
  ...{ prevRandao: zero, excessBlobGas: 0n, parentBeaconBlockRoot: zero, withdrawals: undefined },
  blockHash: async () => undefined,
}

function world(code: Uint8Array, entriesMax = 100) {
  const fetched: string[] = []
  const codeHash = `0x${Buffer.from(keccak256(code)).toString('hex')}` as Hash
  const state = createRemoteState({
    machine: { common: createLedgerCommon(1), scheduled: false },
    ...{ readsMax, entriesMax },
  })({
    clock: createVirtualClock(),
    reader: {
      async account(address) {
        fetched.push(`account ${address.slice(0, 4)}`)
        return address === contract ? { nonce: 1n, balance: 5n, codeHash, storageRoot: zero } : undefined
      },
      async slot(_, key) {
        fetched.push(`slot ${BigInt(key)}`)
        return BigInt(key) * 2n
      },
      async code() {
        fetched.push('code')
        return code
      },
    },
  })
  const request: CallRequest = {
    ...{ from: undefined, to: contract, data: new Uint8Array(), value: 0n, gas: 5_000_000n, gasPrice: 0n },
  }
  return {
    state,
    fetched,
    call: (change: Partial<CallRequest> = {}) => state.call(environment, { ...request, ...change }, {}),
  }
}

test('what is read is fetched when it is first read, and not again', async () => {
  // SLOAD of slot 7, MSTORE, RETURN.
  const { state, fetched, call } = world(Uint8Array.from([0x60, 7, 0x54, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]))
  const first = await call()
  assert.deepEqual([first.kind, first.kind === 'returned' && first.data.at(-1)], ['returned', 14])
  const after = fetched.length
  assert.equal(fetched.filter((one) => one === 'slot 7').length, 1)
  assert.deepEqual(await call(), first)
  assert.equal(await state.slot(contract, `0x${'0'.repeat(63)}7` as Hash), 14n)
  assert.equal((await state.account(contract))?.balance, 5n)
  assert.equal(fetched.length, after)
})

test('a call fetches no more than it may', async () => {
  const { fetched, call } = world(endless)
  const result = await call()
  assert.equal(result.kind, 'failed')
  assert.match(result.kind === 'failed' ? result.reason : '', /more of the state than a light client fetches/)
  assert.equal(fetched.length, readsMax)
})

test('what there is no room for is fetched again', async () => {
  const { state, fetched } = world(endless, 2)
  for (const round of [1, 2]) {
    for (const slot of [1, 2, 3]) await state.slot(contract, `0x${String(slot).padStart(64, '0')}` as Hash)
    assert.equal(fetched.length, 3 * round)
  }
})
