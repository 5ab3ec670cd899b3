import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFunctionData, getContractAddress } from 'viem'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex, hashOf } from './account-wire.ts'
import { createLedgerCommon } from './common.ts'
import { keccak256 } from './keccak.ts'
import { overrideEntriesMax, traceFramesMax } from './limits.ts'
import { blockName, personOf, signedBy, subjects, type TestChain, testChain } from './testing.ts'
import type { CallFrame, CallRequest, CallResult } from './types.ts'

const ann = personOf(1)
const common = createLedgerCommon(31337)
const place = (last: string) => `0x${last.padStart(40, '0')}` as Address
const subject = getContractAddress({ from: ann.address, nonce: 0n }).toLowerCase() as Address

// JUMPDEST, PUSH0, JUMP: for ever.
const endless = { address: place('e1'), balance: 0n, code: bytesOfHex('0x5b5f56') }
// Calls itself with all gas: CALL(gas(), address(), 0, …), for ever deeper.
const recursive = { address: place('e2'), balance: 0n, code: bytesOfHex('0x5f5f5f5f5f305af100') }
// Calls itself again and again, and deeper: 1,024 to the power of 1,024 if gas did not end.
const bomb = { address: place('e3'), balance: 0n, code: bytesOfHex('0x5b5f5f5f5f5f305af1505f56') }
// Grows memory as far as gas goes: MSTORE at twice the place.
const greedy = { address: place('e4'), balance: 0n, code: bytesOfHex('0x60205b8001805f9052600256') }
// SELFDESTRUCT to 0xabcd.
const doomed = { address: place('e5'), balance: 5n, code: bytesOfHex('0x61abcdff') }
// CALL doomed, DELEGATECALL and STATICCALL to identity; then LOG0 of nothing; REVERT.
const failing = {
  address: place('e6'),
  balance: 0n,
  code: bytesOfHex('0x5f5f5f5f5f60e561fffff15f5f5f5f60e561fffff45f5f5f5f600461fffffa5f5fa05f5ffd'),
}

async function chainOf(clock?: Clock): Promise<TestChain> {
  const rich = { address: ann.address, balance: 10n ** 20n }
  const accounts = [rich, endless, recursive, bomb, greedy, doomed, failing]
  const chain = testChain({ accounts, common, ...(clock === undefined ? {} : { clock }) })
  await chain.run([signedBy(ann, common, { nonce: 0, gasLimit: 4_000_000n, data: subjects().Subject.bytecode })])
  return chain
}

function request(to: Address | undefined, more: Partial<CallRequest> = {}): CallRequest {
  return { from: ann.address, to, data: new Uint8Array(0), value: 0n, gas: 10_000_000n, gasPrice: 0n, ...more }
}

const dataOf = (functionName: string, args: readonly unknown[]) =>
  bytesOfHex(encodeFunctionData({ abi: subjects().Subject.abi, functionName, args } as never))

const ask = (chain: TestChain, asked: CallRequest, timeMsMax = 1_000): Promise<CallResult> =>
  chain.world.call(blockName(1), chain.environment(2), asked, { timeMsMax })

/** A millisecond passes at each look. */
function tickingClock(): Clock {
  let nowMs = 0
  return { nowMs: () => nowMs, monotonicMs: () => nowMs++, after: () => () => undefined }
}

function slotOf(index: number): Hash {
  const key = new Uint8Array(64)
  key[31] = index
  return hashOf(keccak256(key))
}

test('a call returns, reverts or fails, costs what a transaction costs, and leaves nothing', async () => {
  const chain = await chainOf()
  const root = chain.world.base().root
  const written = await ask(chain, request(subject, { data: dataOf('write', [1n, 2n, 3n]) }))
  assert.equal(written.kind, 'returned')
  assert.equal(written.kind === 'returned' && written.logs.length, 1)
  const block = await chain.world.execute(chain.environment(2), [
    signedBy(ann, common, {
      nonce: 1,
      to: subject,
      gasLimit: 10_000_000n,
      data: hashText(dataOf('write', [1n, 2n, 3n])),
    }),
  ])
  assert.equal(written.gasUsed, block.gasUsed)
  const reverted = await ask(chain, request(subject, { data: dataOf('fail', [1n, 2n]) }))
  assert.equal(reverted.kind, 'reverted')
  assert.equal(reverted.kind === 'reverted' && reverted.data.length, 100)
  const moved = await ask(chain, request(personOf(5).address, { value: 5n }))
  assert.deepEqual(moved, { kind: 'returned', data: new Uint8Array(0), gasUsed: 21_000n, logs: [] })
  for (const [asked, reason] of [
    [request(personOf(5).address, { value: 10n ** 21n }), 'insufficient funds for transfer'],
    [request(personOf(5).address, { gasPrice: 10n ** 20n }), 'insufficient funds for transfer'],
    [request(personOf(5).address, { gas: 20_999n }), 'intrinsic gas too low'],
    [request(undefined, { data: Uint8Array.of(0xfe) }), 'invalid opcode'],
    [request(undefined, { data: Uint8Array.of(0x5f, 0x56) }), 'invalid JUMP'],
  ] as const) {
    const result = await ask(chain, asked)
    assert.equal(result.kind === 'failed' && result.reason, reason)
  }
  const pointless = await ask(chain, request(place('a'), { data: new Uint8Array(192) }))
  assert.equal(pointless.kind === 'failed' && pointless.reason, 'kzg not initialized')
  const byContract = await ask(chain, request(personOf(5).address, { from: subject }))
  assert.equal(byContract.kind, 'returned', 'a contract may ask')
  assert.equal(chain.world.base().root, root)
})

const hashText = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const

test('a call ends when its time is over, whatever it does', async () => {
  const chain = await chainOf(tickingClock())
  for (const { address } of [endless, recursive, bomb, greedy]) {
    const result = await ask(chain, request(address, { gas: 1n << 62n }), 100)
    const over = result.kind === 'failed' && /time limit|out of gas|overflow/.test(result.reason)
    assert.ok(over || result.kind === 'returned', `${address}: ${'reason' in result ? result.reason : ''}`)
  }
  const ended = await ask(chain, request(endless.address), 100)
  assert.equal(ended.kind === 'failed' && ended.reason, 'time limit reached')
  const interrupted = await chain.world.call(blockName(1), chain.environment(2), request(endless.address), {
    signal: AbortSignal.abort(),
  })
  assert.equal(interrupted.kind === 'failed' && interrupted.reason, 'interrupted')
})

test('a precompile that would hold the thread does not run in a call', async () => {
  const chain = await chainOf()
  // BLAKE2F (EIP-152): as many rounds as it costs gas.
  const blake = (rounds: string) =>
    ask(chain, request(place('9'), { gas: 1n << 62n, data: bytesOfHex(`0x${rounds}${'00'.repeat(209)}`) }))
  assert.equal((await blake('00001000')).kind, 'returned')
  const long = await blake('02000000')
  assert.equal(long.kind === 'failed' && long.reason, 'a precompile needs more time than a call may take')
  const wrong = await ask(chain, request(place('9'), { gas: 10_000_000n, data: Uint8Array.of(1) }))
  assert.equal(wrong.gasUsed, 10_000_000n, 'what is malformed costs everything')
})

test('without a limit of time, gas ends what recurs; what asks for more than a call may have gets that', async () => {
  const chain = await chainOf()
  const result = await ask(chain, request(recursive.address, { gas: 1n << 62n }))
  assert.ok(result.gasUsed <= 50_000_000n)
})

test('overrides are seen by the call, and only by it', async () => {
  const chain = await chainOf()
  await chain.run([
    signedBy(ann, common, { nonce: 1, to: subject, gasLimit: 900_000n, data: hashText(dataOf('write', [0n, 3n, 9n])) }),
  ])
  const read = async (index: bigint, override: object) => {
    const overrides = [{ address: subject, ...override }]
    const asked = request(subject, { data: dataOf('slots', [index]), overrides })
    const result = await chain.world.call(blockName(2), chain.environment(3), asked)
    return result.kind === 'returned' ? BigInt(hashOf(result.data)) : result
  }
  assert.equal(await read(1n, {}), 9n)
  assert.equal(await read(1n, { stateDiff: [[slotOf(2), 5n]] }), 9n)
  assert.equal(await read(2n, { stateDiff: [[slotOf(2), 5n]] }), 5n)
  assert.equal(await read(1n, { state: [[slotOf(2), 5n]] }), 0n)
  assert.equal(await read(2n, { state: [[slotOf(2), 5n]] }), 5n)
  // PUSH1 7, PUSH0, MSTORE, RETURN(0, 32)
  assert.equal(await read(2n, { code: bytesOfHex('0x60075f5260205ff3') }), 7n)
  const poor = personOf(9).address
  const pays = request(personOf(5).address, {
    from: poor,
    value: 3n,
    overrides: [{ address: poor, balance: 3n, nonce: 4n }],
  })
  assert.equal((await ask(chain, pays)).kind, 'returned')
  assert.equal((await ask(chain, { ...pays, overrides: [] })).kind, 'failed')
  const tooMany = Array.from({ length: overrideEntriesMax + 1 }, (_, index) => ({ address: place(index.toString(16)) }))
  await assert.rejects(ask(chain, request(subject, { overrides: tooMany })), { code: 'call_unusable' })
})

test('an access list holds what a call touches, and makes it cost what it says', async () => {
  const chain = await chainOf()
  const asked = request(subject, { data: dataOf('write', [1n, 2n, 3n]) })
  const { list, gasUsed, error } = await chain.world.createAccessList(blockName(1), chain.environment(2), asked)
  assert.equal(error, undefined)
  assert.deepEqual(list, [{ address: subject, keys: [slotOf(1), slotOf(2)].sort() }])
  const again = await ask(chain, { ...asked, accessList: list })
  assert.equal(again.gasUsed, gasUsed)
  const failing = await chain.world.createAccessList(
    blockName(1),
    chain.environment(2),
    request(subject, { data: dataOf('fail', [1n, 2n]) }),
  )
  assert.equal(failing.error, 'execution reverted')
})

test('a trace tells who called whom, with what became of it', async () => {
  const chain = await chainOf()
  const before = signedBy(ann, common, { nonce: 1, to: personOf(5).address, gasLimit: 21_000n })
  const data = hashText(dataOf('tryFail', [1n, 2n]))
  const traced = signedBy(ann, common, { nonce: 2, to: subject, gasLimit: 900_000n, data })
  const frame = await chain.world.trace(chain.environment(2), [before, traced])
  const executed = await chain.world.execute(chain.environment(2), [before, traced])
  assert.equal(frame.gasUsed, executed.receipts[1]?.gasUsed)
  assert.equal(frame.gas, 900_000n)
  assert.deepEqual([frame.type, frame.from, frame.to], ['CALL', ann.address, subject])
  const [inner] = frame.calls
  assert.deepEqual([inner?.type, inner?.error, inner?.revertReason], ['CALL', 'execution reverted', 'no'])

  const make = hashText(dataOf('make', [4n, `0x${'11'.repeat(32)}`, true]))
  const creating = signedBy(ann, common, { nonce: 1, to: subject, gasLimit: 900_000n, data: make, value: 3n })
  const [made, ended] = (await chain.world.trace(chain.environment(2), [creating])).calls
  assert.deepEqual([made?.type, made?.value, made?.from], ['CREATE2', 3n, subject])
  assert.equal(ended?.to, made?.to)
  const [gone] = ended?.calls ?? []
  assert.deepEqual([gone?.type, gone?.from, gone?.to, gone?.value], ['SELFDESTRUCT', made?.to, subject, 3n])

  const several = signedBy(ann, common, { nonce: 1, to: failing.address, gasLimit: 900_000n })
  const outer = await chain.world.trace(chain.environment(2), [several])
  assert.deepEqual(shapeOf(outer), [
    'CALL',
    ['CALL', ['SELFDESTRUCT']],
    ['DELEGATECALL', ['SELFDESTRUCT']],
    ['STATICCALL'],
  ])
  assert.equal(outer.error, 'execution reverted')
  assert.deepEqual(outer.logs, [], 'what is taken back was not logged')
})

type Shape = [string, ...Shape[]]
const shapeOf = ({ type, calls }: CallFrame): Shape => [type, ...calls.map(shapeOf)]

test('a trace of endless calls has an end', async () => {
  const chain = await chainOf()
  const traced = signedBy(ann, common, { nonce: 1, to: bomb.address, gasLimit: 1_700_000n })
  const frame = await chain.world.trace(chain.environment(2), [traced])
  const count = (one: CallFrame): number => 1 + one.calls.reduce((sum, call) => sum + count(call), 0)
  assert.equal(count(frame), traceFramesMax)
  const late = await chainOf(tickingClock())
  await assert.rejects(late.world.trace(late.environment(2), [traced], { timeMsMax: 100 }), { code: 'call_unusable' })
  await assert.rejects(chain.world.trace(chain.environment(2), []), { code: 'call_unusable' })
})
