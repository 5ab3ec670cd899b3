// One ledger as its thread runs it, by messages, with one validator: transactions become final, questions are answered, proofs are
// checked with nothing but the file, members are let in, and it goes on after a stop.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { createFeeMarket1559Tx } from '@ethereumjs/tx'
import { createRandom } from '../../../test/sim/random.ts'
import type { PeerId } from '../../network/types.ts'
import { systemClock } from '../../node/adapters.ts'
import type { Genesis } from '../chain/types.ts'
import { createLedgerCommon } from '../evm/common.ts'
import { addressOfSecret } from '../keys.ts'
import { checkProof } from '../proof/check.ts'
import { decodeProof } from '../proof/wire.ts'
import { sessionsMax } from '../rpc/limits.ts'
import type { Address, Hash } from '../types.ts'
import { encodeRecovery } from '../validator/recovery-wire.ts'
import type { Answers, FromLedger, LedgerSeed, Question } from './messages.ts'
import { runLedger } from './run.ts'

const secret = (n: number) => new Uint8Array(32).fill(n)
const validator = addressOfSecret(secret(1))
const ada = addressOfSecret(secret(2))
const grace = addressOfSecret(secret(3))
const stranger = `0x${'ab'.repeat(20)}` as Address

const genesis: Genesis = {
  ...{ chainId: 2 ** 40 + 5, name: 'Village', validators: [validator], members: [ada] },
  // Older, a newcomer would first ask the validators whether it may trust them.
  timestamp: Math.floor(systemClock.nowMs() / 1000) - 10,
  balances: [{ address: ada, wei: 10n ** 21n }],
  coin: { name: 'Bread', symbol: 'BREAD' },
  ...{ blockGasLimit: 36_000_000n, blockTimeMs: 100, quota: { gas: 30_000_000n, blocks: 100 }, strangerFee: undefined },
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-ledger-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function start(folder: string, changes: Partial<LedgerSeed> = {}) {
  const heard: FromLedger[] = []
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const database = new DatabaseSync(join(folder, 'chain.db'))
  const ended = Promise.withResolvers<void>()
  let nextId = 1
  let wake: () => void = () => {}
  let onTell: (message: FromLedger) => void = () => {}
  const seed: LedgerSeed = {
    ...{ genesis, folder, self: 'peer' as PeerId, validatorSecret: secret(1), keyIsNew: true, mode: 'full' },
    ...{ statesKept: undefined, clientVersion: 'Peerhood/v0.0.0', ...changes },
  }
  const ledger = runLedger(seed, {
    ...{ clock: systemClock, random: createRandom('run'), database },
    tell(message) {
      heard.push(structuredClone(message))
      onTell(message)
      if (message.type === 'answer') waiting.get(message.id)?.resolve(message.value)
      if (message.type === 'rpc-answer') waiting.get(message.id)?.resolve(message.text)
      if (message.type === 'refused') waiting.get(message.id)?.reject(message.error)
      wake()
    },
    end() {
      database.close()
      ended.resolve()
    },
  })
  function ask<What extends Question['what']>(question: Extract<Question, { what: What }>): Promise<Answers[What]> {
    const id = nextId++
    const one = Promise.withResolvers<unknown>()
    waiting.set(id, one)
    ledger.take({ type: 'ask', id, question })
    return one.promise as Promise<Answers[What]>
  }
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
  }
  return {
    ...{ heard, ask, until, ledger },
    listen: (listener: typeof onTell) => {
      onTell = listener
    },
    rpc(body: string) {
      const id = nextId++
      const one = Promise.withResolvers<unknown>()
      waiting.set(id, one)
      ledger.take({ type: 'rpc', id, session: undefined, body })
      return one.promise
    },
    async stop() {
      ledger.take({ type: 'stop' })
      await ended.promise
    },
  }
}

function pay(from: number, nonce: number, wei: bigint, to = stranger): Uint8Array {
  const fields = { to, value: wei, nonce, gasLimit: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }
  const transaction = createFeeMarket1559Tx(fields, { common: createLedgerCommon(genesis.chainId) })
  return transaction.sign(secret(from)).serialize()
}

test('payments, questions, proofs, members, and a restart', { timeout: 60_000 }, async (t) => {
  const folder = folderOf(t)
  const first = start(folder)
  const hash = await first.ask({ what: 'submit', raw: pay(2, 0, 5n) })
  await first.until(async () => (await first.ask({ what: 'transaction', hash }))?.succeeded === true)
  const { status, head } = await first.ask({ what: 'status' })
  assert.deepEqual([status.isTrustedMode, status.quorum, status.voting.kind, head.height], [true, 1, 'voting', 1])
  assert.ok(first.heard.some(({ type }) => type === 'ready'))
  const block = await first.ask({ what: 'block', at: 1 })
  assert.deepEqual([block?.proposer, block?.list.map((one) => one.hash)], [validator, [hash]])
  const page = await first.ask({ what: 'blocks', before: undefined, limit: 1 })
  assert.deepEqual([page.blocks.map(({ height }) => height), page.before], [[1], 1])
  const [account] = await first.ask({ what: 'account', addresses: [stranger] })
  assert.equal(account?.balance, 5n)
  assert.equal(
    await first.rpc('{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'),
    '{"jsonrpc":"2.0","id":1,"result":"0x1"}',
  )

  await checkProofs(first, hash)

  // A member of the community whose account is not in yet may not transact; once it is let in, it may.
  await assert.rejects(first.ask({ what: 'submit', raw: pay(3, 0, 0n) }), { code: 'members_only' })
  assert.deepEqual(await first.ask({ what: 'admit', accounts: [ada, grace] }), [grace])
  await first.until(async () => (await first.ask({ what: 'admit', accounts: [ada, grace] })).length === 0)
  await first.ask({ what: 'submit', raw: pay(3, 0, 0n) })
  await first.stop()

  const second = start(folder, { keyIsNew: false })
  const again = await second.ask({ what: 'transactions', before: undefined, limit: 50 })
  assert.ok(again.transactions.some((one) => one.hash === hash))
  const third = await second.ask({ what: 'submit', raw: pay(2, 1, 7n) })
  await second.until(async () => (await second.ask({ what: 'transaction', hash: third }))?.succeeded === true)
  await second.stop()
})

async function checkProofs({ ask }: ReturnType<typeof start>, hash: Hash): Promise<void> {
  const file = await ask({ what: 'prove', claim: { kind: 'transaction', hash } })
  const proven = await checkProof(file)
  assert.deepEqual(
    [proven.chainId, proven.height, proven.signatures, proven.claim.kind === 'transaction' && proven.claim.wei],
    [genesis.chainId, 1, 1, 5n],
  )
  const ofBalance = await ask({ what: 'prove', claim: { kind: 'balance', address: stranger, height: undefined } })
  const balance = await checkProof(ofBalance)
  assert.ok(balance.claim.kind === 'balance' && balance.claim.wei === 5n)
  const none = await checkProof(await ask({ what: 'prove', claim: { kind: 'balance', address: grace, height: 1 } }))
  assert.ok(none.claim.kind === 'balance' && none.claim.wei === 0n)
  const begun = await checkProof(await ask({ what: 'prove', claim: { kind: 'balance', address: ada, height: 0 } }))
  assert.ok(begun.claim.kind === 'balance' && begun.claim.wei === 10n ** 21n && begun.height === 0)
  await forge(file)
  await forge(ofBalance)
}

/** Each byte string of a proof, changed in one place: nothing that differs from the truth is believed. */
async function forge(file: string): Promise<void> {
  const truth = await checkProof(file)
  const places = [...file.matchAll(/"0x[0-9a-f]{8,}"/g)]
  for (const [n, match] of places.entries()) {
    const at = match.index + 3 + ((n * 37) % (match[0].length - 4))
    const digit = file[at] === '0' ? '1' : '0'
    const forged = file.slice(0, at) + digit + file.slice(at + 1)
    const found = await checkProof(forged).catch((error: { code?: string }) => error.code)
    if (typeof found === 'string') assert.match(found, /^ledger_proof_(wrong|malformed)$/)
    // Of another address the same branch may show that it has nothing, which is true.
    else if (found?.claim.kind === 'balance' && found.claim.wei === 0n) assert.notDeepEqual(found.claim, truth.claim)
    else assert.deepEqual(found, truth)
  }
  for (const text of ['', '{}', '[]', file.slice(0, -20), file.replace('"version": 1', '"version": 2')]) {
    assert.throws(() => decodeProof(text), { code: 'ledger_proof_malformed' })
  }
}

test('one connection more than may be is told that it is over; each that closes makes room', {
  timeout: 60_000,
}, async (t) => {
  const { heard, ledger, until, stop, ask } = start(folderOf(t))
  await ask({ what: 'status' })
  const over = () => heard.flatMap((message) => (message.type === 'rpc-over' ? message.session : []))
  for (let session = 1; session <= sessionsMax + 1; session++) ledger.take({ type: 'rpc-open', session })
  await until(async () => over().length > 0)
  assert.deepEqual(over(), [sessionsMax + 1])
  // In one turn: whoever comes is let in after the other has gone, not refused because it was still there.
  ledger.take({ type: 'rpc-close', session: 1 })
  ledger.take({ type: 'rpc-open', session: sessionsMax + 2 })
  ledger.take({ type: 'rpc-open', session: sessionsMax + 3 })
  await until(async () => over().length > 1)
  assert.deepEqual(over(), [sessionsMax + 1, sessionsMax + 3])
  await stop()
})

test('validators agree on who follows, and a new epoch begins', { timeout: 60_000 }, async (t) => {
  const { ask, until, stop } = start(folderOf(t))
  const second = addressOfSecret(secret(9))
  const change = await ask({ what: 'sign-change', validators: [second, validator] })
  assert.deepEqual([change.epoch, change.validators], [0, [second, validator].sort()])
  const forged = { ...change, validators: [second] }
  await ask({ what: 'change', changes: [forged, { ...change, epoch: 5 }] })
  assert.equal((await ask({ what: 'status' })).status.waiting, 0, 'nobody in force has signed these')
  await ask({ what: 'change', changes: [forged, change] })
  await until(async () => (await ask({ what: 'status' })).status.epoch === 1)
  const { status } = await ask({ what: 'status' })
  assert.deepEqual(
    status.validators.map(({ address }) => address),
    [second, validator].sort(),
  )
  const proven = await checkProof(
    await ask({ what: 'prove', claim: { kind: 'balance', address: ada, height: undefined } }),
  )
  assert.equal(proven.height, 1)
  await stop()
})

test('what the community’s log says is answered: checkpoints, who is to go', { timeout: 60_000 }, async (t) => {
  const eightDays = 8 * 24 * 3_600
  const old = { ...genesis, timestamp: genesis.timestamp - eightDays, members: [ada, grace].sort() }
  const { ask, until, stop, heard } = start(folderOf(t), { genesis: old })
  await ask({ what: 'submit', raw: pay(2, 0, 5n) })
  await until(async () => (await ask({ what: 'status' })).head.height === 1)
  const told = heard.find(({ type }) => type === 'checkpoint')
  assert.ok(told?.type === 'checkpoint' && told.checkpoint.height === 1)
  const lie = { ...told.checkpoint, block: told.checkpoint.genesisHash }
  const checkpoints = [told.checkpoint, lie, { ...lie, height: 9 }]
  assert.deepEqual(await ask({ what: 'judge', checkpoints }), ['agrees', 'contradicts', 'unknown'])
  await ask({ what: 'believe', checkpoint: told.checkpoint })
  const refused = { code: 'ledger_checkpoint_contradicted' }
  await assert.rejects(ask({ what: 'believe', checkpoint: lie }), refused)

  const said = { gone: [grace, stranger], present: [ada] }
  const found = await ask({ what: 'membership', ...said, words: [] })
  assert.deepEqual([found?.members, found?.leaving, found?.say?.removed], [3, [grace], [grace]])
  assert.ok(found?.say !== undefined)
  await ask({ what: 'membership', ...said, words: [found.say] })
  await until(async () => !(await ask({ what: 'members' })).includes(grace))
  const after = await ask({ what: 'membership', ...said, words: [found.say] })
  assert.deepEqual([after?.members, after?.change, after?.leaving, after?.say], [2, 1, [], undefined])
  await stop()
})

test('what can’t be opened says why, and ends', { timeout: 60_000 }, async (t) => {
  const folder = folderOf(t)
  const first = start(folder)
  await first.ask({ what: 'status' })
  await first.stop()
  const other = start(folder, { genesis: { ...genesis, name: 'Another' } })
  await assert.rejects(other.ask({ what: 'status' }), { code: 'genesis_other' })
  const failed = other.heard.find(({ type }) => type === 'failed')
  assert.ok(failed?.type === 'failed' && failed.error.code === 'genesis_other')
})

/** A file of a recovery is shown on both, and signed only where the chain is; a ledger of one can't be recovered by it. */
async function checkRecoveries(whole: ReturnType<typeof start>, light: ReturnType<typeof start>): Promise<void> {
  const file = await whole.ask({ what: 'state-recovery', validators: [ada] })
  const { statement, ...facts } = await light.ask({ what: 'examine-recovery', file })
  assert.deepEqual(await whole.ask({ what: 'examine-recovery', file }), { statement, ...facts })
  assert.deepEqual([facts.standing, statement.height, statement.set.validators], ['refused', 1, [ada]])
  const later = encodeRecovery({ statement: { ...statement, height: 7 }, signatures: [] })
  for (const one of [whole, light]) {
    assert.equal((await one.ask({ what: 'examine-recovery', file: later })).standing, 'early')
  }
  await assert.rejects(light.ask({ what: 'sign-recovery', file }), { code: 'ledger_light' })
  await assert.rejects(whole.ask({ what: 'sign-recovery', file: later }), { code: 'ledger_recovery_wrong' })
  await assert.rejects(light.ask({ what: 'examine-recovery', file: new Uint8Array(3) }), {
    code: 'ledger_recovery_wrong',
  })
}

test('light mode believes a validator’s proofs, and refuses what needs blocks', { timeout: 60_000 }, async (t) => {
  const whole = start(folderOf(t))
  const light = start(folderOf(t), { self: 'light' as PeerId, mode: 'light', validatorSecret: undefined })
  await light.ask({ what: 'status' })
  const ends = [
    { from: whole, to: light, name: 'peer' as PeerId },
    { from: light, to: whole, name: 'light' as PeerId },
  ]
  for (const { from, to, name } of ends) {
    from.listen((message) => {
      if (message.type === 'send') to.ledger.take({ type: 'received', peer: name, bytes: message.bytes })
      if (message.type === 'broadcast') to.ledger.take({ type: 'heard', peer: name, bytes: message.bytes })
    })
  }
  const first = await whole.ask({ what: 'submit', raw: pay(2, 0, 5n) })
  await whole.until(async () => (await whole.ask({ what: 'transaction', hash: first }))?.succeeded === true)
  for (const { to, name } of ends.toReversed()) to.ledger.take({ type: 'connected', peer: name })
  await light.until(async () => (await light.ask({ what: 'status' })).head.height === 1)
  const [account] = await light.ask({ what: 'account', addresses: [stranger] })
  assert.equal(account?.balance, 5n)
  assert.deepEqual(await light.ask({ what: 'block', at: 1 }), await whole.ask({ what: 'block', at: 1 }))
  await assert.rejects(light.ask({ what: 'lines', from: 0, limit: 1 }), { code: 'ledger_light' })
  await checkRecoveries(whole, light)
  const second = await light.ask({ what: 'submit', raw: pay(2, 1, 6n) })
  await whole.until(async () => (await whole.ask({ what: 'transaction', hash: second }))?.succeeded === true)
  await Promise.all([whole.stop(), light.stop()])
})
