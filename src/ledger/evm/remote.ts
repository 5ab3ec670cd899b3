// Calls on a state that is elsewhere: what the EVM reads is fetched when it is first asked for, by somebody who checks proofs, and
// kept for the next call. The EVM awaits its state; only what is ours reads without, so that is fetched before.
//
// Must stay true: nothing is read that was not fetched; one call fetches no more than its limit, however it was written.

import type { AccountFields } from '@ethereumjs/common'
import type { Account, Address as EvmAddress } from '@ethereumjs/util'
import { BoundedMap } from '../../base/bounded.ts'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import {
  type AccountRecord,
  addressOf,
  type BytesKey,
  bytesOf,
  bytesOfHex,
  emptyCodeHash,
  hashOf,
  keyOf,
  keyOfHex,
} from './account-wire.ts'
import { type AccessListResult, accessListOn, callOnState } from './call.ts'
import { CallEnded } from './interpreter.ts'
import type { MachineOptions } from './machine.ts'
import { bigintToBytes } from './rlp.ts'
import { LedgerState } from './state-manager.ts'
import { noBytes, type StateView } from './states.ts'
import type { BlockEnvironment, CallOptions, CallRequest, CallResult } from './types.ts'

/** What is fetched has been checked. */
export interface RemoteReader {
  account(address: Address): Promise<{ nonce: bigint; balance: bigint; codeHash: Hash; storageRoot: Hash } | undefined>
  slot(address: Address, key: Hash): Promise<bigint>
  code(address: Address, codeHash: Hash): Promise<Uint8Array>
}

export interface RemoteOptions {
  readonly machine: MachineOptions
  /** Of one call. */
  readonly readsMax: number
  readonly entriesMax: number
}

/** The state after one block; calls on it share what was fetched. */
export interface RemoteState {
  account(address: Address): Promise<AccountRecord | undefined>
  slot(address: Address, key: Hash): Promise<bigint>
  code(address: Address): Promise<Uint8Array>
  call(environment: BlockEnvironment, request: CallRequest, options: CallOptions): Promise<CallResult>
  accessList(environment: BlockEnvironment, request: CallRequest, options: CallOptions): Promise<AccessListResult>
}

export function createRemoteState(options: RemoteOptions) {
  return ({ reader, clock }: { readonly reader: RemoteReader; readonly clock: Clock }): RemoteState => {
    const fetched = new Fetched(reader, options.entriesMax)
    const begin = async ({ from, overrides = [] }: CallRequest): Promise<LedgerState> => {
      const state = new FetchingState(fetched, options.readsMax)
      await state.needAccount(keyOfHex(from ?? zeroAddress))
      for (const { address, state: whole = [], stateDiff = [] } of overrides) {
        await state.needAccount(keyOfHex(address))
        for (const [slot] of [...whole, ...stateDiff]) await state.needSlot(keyOfHex(address), keyOfHex(slot))
      }
      return state
    }
    return {
      async account(address) {
        await fetched.account(keyOfHex(address))
        return fetched.view.account(keyOfHex(address))
      },
      async slot(address, key) {
        await fetched.slot(keyOfHex(address), keyOfHex(key))
        const value = fetched.view.slot(keyOfHex(address), keyOfHex(key))
        return value.length === 0 ? 0n : BigInt(hashOf(value))
      },
      async code(address) {
        await fetched.code(keyOfHex(address))
        const account = fetched.view.account(keyOfHex(address))
        return account === undefined ? noBytes : fetched.view.code(account.codeHash)
      },
      async call(environment, request, callOptions) {
        return (await callOnState(options.machine, clock, await begin(request), environment, request, callOptions))
          .result
      },
      accessList: (environment, request, callOptions) =>
        accessListOn(options.machine, clock, begin, environment, request, callOptions),
    }
  }
}

const zeroAddress = `0x${'00'.repeat(20)}` as Address

/** What of one state is here. */
class Fetched {
  readonly #reader: RemoteReader
  readonly #accounts: BoundedMap<BytesKey, AccountRecord | null>
  readonly #slots: BoundedMap<BytesKey, Uint8Array>
  readonly #codes: BoundedMap<BytesKey, Uint8Array>
  readonly view: StateView

  constructor(reader: RemoteReader, entriesMax: number) {
    this.#reader = reader
    this.#accounts = new BoundedMap(entriesMax)
    this.#slots = new BoundedMap(entriesMax)
    this.#codes = new BoundedMap(entriesMax)
    this.view = {
      ...{ height: 0, diskHeight: 0, root: noBytes },
      account: (address) => present(this.#accounts.get(address)) ?? undefined,
      slot: (address, slot) => present(this.#slots.get(address + slot)),
      code: (hash) => (keyOf(hash) === emptyCodeKey ? noBytes : present(this.#codes.get(keyOf(hash)))),
      accountTrie: absent,
      storageTrie: absent,
    }
  }

  /** True: it was not here before. */
  async account(address: BytesKey): Promise<boolean> {
    if (this.#accounts.get(address) !== undefined) return false
    const found = await this.#reader.account(addressOf(bytesOf(address)))
    this.#accounts.set(address, found === undefined ? null : recordOf(found))
    return true
  }

  async slot(address: BytesKey, slot: BytesKey): Promise<boolean> {
    if (this.#slots.get(address + slot) !== undefined) return false
    const value = await this.#reader.slot(addressOf(bytesOf(address)), hashOf(bytesOf(slot)))
    this.#slots.set(address + slot, bigintToBytes(value))
    return true
  }

  async code(address: BytesKey): Promise<boolean> {
    await this.account(address)
    const { codeHash = emptyCodeHash } = this.#accounts.get(address) ?? {}
    const key = keyOf(codeHash)
    if (key === emptyCodeKey || this.#codes.get(key) !== undefined) return false
    this.#codes.set(key, await this.#reader.code(addressOf(bytesOf(address)), hashOf(codeHash)))
    return true
  }
}

const emptyCodeKey = keyOf(emptyCodeHash)

function recordOf({
  nonce,
  balance,
  codeHash,
  storageRoot,
}: NonNullable<Awaited<ReturnType<RemoteReader['account']>>>) {
  return { nonce, balance, codeHash: bytesOfHex(codeHash), storageRoot: bytesOfHex(storageRoot) }
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('assertion failed: it is fetched before it is read')
  return value
}

function absent(): never {
  throw new Error('assertion failed: a state that is elsewhere has no tries here')
}

/** Each question of the EVM fetches what it is about, then asks as ever. */
class FetchingState extends LedgerState {
  readonly #fetched: Fetched
  #readsLeft: number

  constructor(fetched: Fetched, readsMax: number) {
    super(fetched.view, absent)
    this.#fetched = fetched
    this.#readsLeft = readsMax
  }

  async #need(fetch: () => Promise<boolean>): Promise<void> {
    if (this.#readsLeft <= 0) throw new CallEnded('the call reads more of the state than a light client fetches')
    if (await fetch()) this.#readsLeft -= 1
  }

  needAccount(address: BytesKey): Promise<void> {
    return this.#need(() => this.#fetched.account(address))
  }

  needSlot(address: BytesKey, slot: BytesKey): Promise<void> {
    return this.#need(() => this.#fetched.slot(address, slot))
  }

  override async getAccount(address: EvmAddress): Promise<Account | undefined> {
    await this.needAccount(keyOf(address.bytes))
    return super.getAccount(address)
  }

  override async putAccount(address: EvmAddress, account?: Account): Promise<void> {
    await this.needAccount(keyOf(address.bytes))
    return super.putAccount(address, account)
  }

  override async deleteAccount(address: EvmAddress): Promise<void> {
    await this.needAccount(keyOf(address.bytes))
    return super.deleteAccount(address)
  }

  override async modifyAccountFields(address: EvmAddress, fields: AccountFields): Promise<void> {
    await this.needAccount(keyOf(address.bytes))
    return super.modifyAccountFields(address, fields)
  }

  override async putCode(address: EvmAddress, value: Uint8Array): Promise<void> {
    await this.needAccount(keyOf(address.bytes))
    return super.putCode(address, value)
  }

  override async getCode(address: EvmAddress): Promise<Uint8Array> {
    const key = keyOf(address.bytes)
    await this.needAccount(key)
    const { codeHash = emptyCodeHash } = this.account(key) ?? {}
    // Code that this call put there is here.
    if (!this.codes.has(keyOf(codeHash))) await this.#need(() => this.#fetched.code(key))
    return super.getCode(address)
  }

  override async getStorage(address: EvmAddress, slot: Uint8Array): Promise<Uint8Array> {
    await this.needSlot(keyOf(address.bytes), keyOf(slot))
    return super.getStorage(address, slot)
  }

  override async putStorage(address: EvmAddress, slot: Uint8Array, value: Uint8Array): Promise<void> {
    await this.needSlot(keyOf(address.bytes), keyOf(slot))
    return super.putStorage(address, slot, value)
  }

  override async clearStorage(address: EvmAddress): Promise<void> {
    await this.needAccount(keyOf(address.bytes))
    return super.clearStorage(address)
  }

  override readonly originalStorageCache = {
    get: async (address: EvmAddress, slot: Uint8Array): Promise<Uint8Array> => {
      await this.needSlot(keyOf(address.bytes), keyOf(slot))
      return this.originalSlot(address, slot)
    },
    clear: (): void => this.forgetOriginals(),
  }
}
