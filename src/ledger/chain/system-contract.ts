// The system contract as nodes see it: where it stands, what genesis writes into it, and what is read from its storage after
// each block. contracts/core/PeerhoodSystem.sol is the source; the slots below are its variables, in their order.

import type { StateReader } from '../evm/types.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { bytesOfHex, keccak } from './header-wire.ts'
import artifact from './system-contract.json' with { type: 'json' }

/** ASCII "peerhood". */
export const systemAddress = '0x00000000000000000000000070656572686f6f64' as Address
export const systemCode = bytesOfHex(artifact.deployedBytecode as Hash)
/** For clients: viem takes it as it is. */
export const systemAbi = artifact.abi

const slot = { epoch: 0n, validators: 1n, members: 2n, memberPlace: 3n, validatorUntil: 4n } as const

/** 32 bytes of a number, as keys and values of storage are. */
export function word(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, '0')}` as Hash
}

/** Solidity, "Layout of mappings and dynamic arrays". */
function itemSlot(array: bigint, place: number): Hash {
  return word((BigInt(keccak(bytesOfHex(word(array)))) + BigInt(place)) % 2n ** 256n)
}
function entrySlot(mapping: bigint, account: Address): Hash {
  return keccak(bytesOfHex(word(BigInt(account))), bytesOfHex(word(mapping)))
}

/** Storage at block 0: epoch 0 with these validators; they and the members are members. */
export function systemSlots(validators: readonly Address[], members: readonly Address[]): (readonly [Hash, bigint])[] {
  const all = [...new Set([...validators, ...members])]
  return [
    [word(slot.validators), BigInt(validators.length)],
    ...validators.map((address, place) => [itemSlot(slot.validators, place), BigInt(address)] as const),
    ...validators.map((address) => [entrySlot(slot.validatorUntil, address), 1n] as const),
    [word(slot.members), BigInt(all.length)],
    ...all.map((address, place) => [itemSlot(slot.members, place), BigInt(address)] as const),
    ...all.map((address, place) => [entrySlot(slot.memberPlace, address), BigInt(place + 1)] as const),
  ]
}

/** The epoch that the block after this state belongs to. */
export async function readEpoch(state: StateReader): Promise<number> {
  const packed = await state.slot(systemAddress, word(slot.epoch))
  return Number(packed & (2n ** 64n - 1n))
}

/** How many changes of members a quorum has made. */
export async function readMemberChanges(state: StateReader): Promise<number> {
  const packed = await state.slot(systemAddress, word(slot.epoch))
  return Number((packed >> 128n) & (2n ** 64n - 1n))
}

export async function readMemberCount(state: StateReader): Promise<number> {
  return Number(await state.slot(systemAddress, word(slot.members)))
}

/** In the contract's order, at most `limit`. */
export async function readMembers(state: StateReader, limit: number): Promise<readonly Address[]> {
  const count = Math.min(await readMemberCount(state), limit)
  const members: Address[] = []
  for (let place = 0; place < count; place++) {
    const value = await state.slot(systemAddress, itemSlot(slot.members, place))
    members.push(`0x${value.toString(16).padStart(40, '0')}` as Address)
  }
  return members
}

/** Storage that makes the contract say what a recovery does: this set in its epoch, its validators members. */
export async function recoveryWrites(state: StateReader, set: ValidatorSet) {
  const read = (key: Hash) => state.slot(systemAddress, key)
  const packed = await read(word(slot.epoch))
  const before = Number(await read(word(slot.validators)))
  const writes: [Address, Hash, bigint][] = []
  const write = (key: Hash, value: bigint) => writes.push([systemAddress, key, value])
  write(word(slot.epoch), ((packed >> 64n) << 64n) | BigInt(set.epoch))
  write(word(slot.validators), BigInt(set.validators.length))
  for (let place = 0; place < Math.max(before, set.validators.length); place++) {
    write(itemSlot(slot.validators, place), BigInt(set.validators[place] ?? 0))
  }
  let members = Number(await read(word(slot.members)))
  for (const address of set.validators) {
    write(entrySlot(slot.validatorUntil, address), BigInt(set.epoch + 1))
    if (await readIsMember(state, address)) continue
    write(itemSlot(slot.members, members), BigInt(address))
    members += 1
    write(entrySlot(slot.memberPlace, address), BigInt(members))
  }
  write(word(slot.members), BigInt(members))
  return writes
}

/** Who decides on the block after this state. */
export async function readSet(state: StateReader): Promise<ValidatorSet> {
  const epoch = await readEpoch(state)
  const count = Number(await state.slot(systemAddress, word(slot.validators)))
  const places = Array.from({ length: count }, (_, place) => itemSlot(slot.validators, place))
  const values = await Promise.all(places.map((key) => state.slot(systemAddress, key)))
  return { epoch, validators: values.map((value) => `0x${value.toString(16).padStart(40, '0')}` as Address) }
}

export async function readIsMember(state: StateReader, account: Address): Promise<boolean> {
  return (await state.slot(systemAddress, entrySlot(slot.memberPlace, account))) !== 0n
}
