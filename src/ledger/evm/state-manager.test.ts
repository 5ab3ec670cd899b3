import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { Account, createAddressFromBigInt } from '@ethereumjs/util'
import fc from 'fast-check'
import { toHex } from '../../base/bytes.ts'
import { addressOf, bytesOfHex, hashOf } from './account-wire.ts'
import { keccak256 } from './keccak.ts'
import { bigintToBytes } from './rlp.ts'
import { type LayerWorkshop, layerWorkshop } from './testing.ts'

// The slow obvious model: Maps that are copied whole at each checkpoint.
interface ModelAccount {
  nonce: bigint
  balance: bigint
  code: Uint8Array
  slots: Map<string, bigint>
}
type Model = Map<string, ModelAccount>

const copy = (model: Model): Model =>
  new Map([...model].map(([key, account]) => [key, { ...account, slots: new Map(account.slots) }]))

async function rootOfModel(model: Model): Promise<string> {
  const accounts = await createMPT({ useKeyHashing: true })
  for (const [address, { nonce, balance, code, slots }] of model) {
    const storage = await createMPT({ useKeyHashing: true })
    for (const [slot, value] of slots) await storage.put(bytesOfHex(slot), RLP.encode(bigintToBytes(value)))
    const value = RLP.encode([bigintToBytes(nonce), bigintToBytes(balance), storage.root(), keccak256(code)])
    await accounts.put(bytesOfHex(address), value)
  }
  return `0x${toHex(accounts.root())}`
}

type Step =
  | { readonly kind: 'put'; readonly who: number; readonly nonce: bigint; readonly balance: bigint }
  | { readonly kind: 'slot'; readonly who: number; readonly slot: number; readonly value: bigint }
  | { readonly kind: 'code'; readonly who: number; readonly code: Uint8Array }
  | { readonly kind: 'delete' | 'clear'; readonly who: number }
  | { readonly kind: 'checkpoint' | 'commit' | 'revert' | 'transaction' | 'block' | 'settle' }

const who = fc.nat({ max: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), who, nonce: fc.bigInt(0n, 3n), balance: fc.bigInt(0n, 1n << 200n) }),
  fc.record({ kind: fc.constant('slot' as const), who, slot: fc.nat({ max: 4 }), value: fc.bigInt(0n, 300n) }),
  fc.record({ kind: fc.constant('slot' as const), who, slot: fc.nat({ max: 4 }), value: fc.constant(0n) }),
  fc.record({ kind: fc.constant('code' as const), who, code: fc.uint8Array({ maxLength: 5 }) }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'clear' as const), who }),
  fc.record({
    kind: fc.constantFrom('checkpoint', 'checkpoint', 'commit', 'revert', 'transaction', 'block', 'settle'),
  }),
) as fc.Arbitrary<Step>

const addressAt = (index: number) => createAddressFromBigInt(BigInt(index + 1) * 0x1234567n)
const slotAt = (index: number) => hashOf(keccak256(Uint8Array.of(index)))

/** One run: our state and the model take the same steps and are compared at each. */
class Pair {
  readonly workshop: LayerWorkshop = layerWorkshop()
  model: Model = new Map()
  readonly kept: Model[] = []

  async take(step: Step): Promise<void> {
    const { state } = this.workshop
    if ('who' in step) await this.#change(step)
    else if (step.kind === 'checkpoint') {
      this.kept.push(copy(this.model))
      await state.checkpoint()
    } else if (step.kind === 'commit') {
      if (this.kept.pop() !== undefined) await state.commit()
    } else if (step.kind === 'revert') {
      const before = this.kept.pop()
      if (before === undefined) return
      this.model = before
      await state.revert()
    } else {
      while (this.kept.pop() !== undefined) await state.commit()
      state.originalStorageCache.clear()
      if (step.kind === 'transaction') return
      assert.equal(this.workshop.endBlock(), await rootOfModel(this.model))
      if (step.kind === 'settle') this.workshop.settle()
    }
  }

  async #change(step: Extract<Step, { who: number }>): Promise<void> {
    const { state } = this.workshop
    const address = addressAt(step.who)
    const key = addressOf(address.bytes)
    const account = this.model.get(key)
    if (step.kind === 'put') {
      this.model.set(key, {
        code: new Uint8Array(0),
        slots: new Map(),
        ...account,
        nonce: step.nonce,
        balance: step.balance,
      })
      const now = (await state.getAccount(address)) ?? new Account()
      now.nonce = step.nonce
      now.balance = step.balance
      await state.putAccount(address, now)
    } else if (step.kind === 'delete') {
      this.model.delete(key)
      await state.deleteAccount(address)
    } else if (account === undefined) {
      assert.equal(await state.getAccount(address), undefined)
    } else if (step.kind === 'clear') {
      account.slots.clear()
      await state.clearStorage(address)
    } else if (step.kind === 'code') {
      account.code = step.code
      await state.putCode(address, step.code)
    } else if (step.kind === 'slot') {
      // Asked first, as SSTORE does.
      await state.originalStorageCache.get(address, bytesOfHex(slotAt(step.slot)))
      if (step.value === 0n) account.slots.delete(slotAt(step.slot))
      else account.slots.set(slotAt(step.slot), step.value)
      const word = bytesOfHex(`0x${step.value.toString(16).padStart(64, '0')}`)
      await state.putStorage(address, bytesOfHex(slotAt(step.slot)), word)
    }
  }

  async compare(): Promise<void> {
    const { state } = this.workshop
    for (let index = 0; index <= 5; index++) {
      const address = addressAt(index)
      const expected = this.model.get(addressOf(address.bytes))
      const account = await state.getAccount(address)
      assert.equal(account?.nonce, expected?.nonce)
      assert.equal(account?.balance, expected?.balance)
      assert.deepEqual(await state.getCode(address), expected?.code ?? new Uint8Array(0))
      for (let slot = 0; slot <= 4; slot++) {
        const value = expected?.slots.get(slotAt(slot)) ?? 0n
        assert.deepEqual(await state.getStorage(address, bytesOfHex(slotAt(slot))), bigintToBytes(value))
      }
    }
  }
}

test('the state is what a model of copied Maps says, with any checkpoints, blocks and settling; roots are ethereumjs’', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const pair = new Pair()
      for (const one of steps) {
        await pair.take(one)
        await pair.compare()
      }
      await pair.take({ kind: 'settle' })
      await pair.compare()
      pair.workshop.mendedIsWhole()
    }),
    { seed: 7, numRuns: 150 },
  )
})

test('the original value of a slot is that before the transaction, also after a revert and a second write', async () => {
  const { state } = layerWorkshop()
  const address = addressAt(0)
  const key = bytesOfHex(slotAt(0))
  await state.putAccount(address, new Account(1n, 1n))
  await state.putStorage(address, key, Uint8Array.of(5))
  state.originalStorageCache.clear()
  await state.checkpoint()
  await state.putStorage(address, key, Uint8Array.of(6))
  assert.deepEqual(await state.originalStorageCache.get(address, key), Uint8Array.of(5))
  await state.revert()
  await state.putStorage(address, key, Uint8Array.of(7))
  assert.deepEqual(await state.originalStorageCache.get(address, key), Uint8Array.of(5))
  state.originalStorageCache.clear()
  assert.deepEqual(await state.originalStorageCache.get(address, key), Uint8Array.of(7))
})
