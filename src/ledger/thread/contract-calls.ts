// What validators sign of the system contract (EIP-712), and its calls (Solidity's ABI), as contracts/core/PeerhoodSystem.sol has
// them.

import { concatBytes, fromHex, utf8 } from '../../base/bytes.ts'
import { systemAddress } from '../chain/system-contract.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address } from '../types.ts'

const text = (value: string) => keccak256(utf8(value))
const word = (value: number | bigint) => fromHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array(32)
const padded = (address: Address) => word(BigInt(address))
const selector = (signature: string) => text(signature).subarray(0, 4)
const list = (addresses: readonly Address[]) => [word(addresses.length), ...addresses.map(padded)]

/** What the validators of an epoch sign to be followed by these. */
export function changeDigest(chainId: number, epoch: number, next: readonly Address[]): Uint8Array {
  return digestOf(chainId, [text('ValidatorChange(uint64 epoch,address[] validators)'), word(epoch), packed(next)])
}

/** What validators in force sign to let these in and to take those out; `change`: how many such changes there were before. */
export function membersDigest(
  chainId: number,
  { change, admitted, removed }: { change: number; admitted: readonly Address[]; removed: readonly Address[] },
): Uint8Array {
  const type = text('MemberChange(uint64 change,address[] admitted,address[] removed)')
  return digestOf(chainId, [type, word(change), packed(admitted), packed(removed)])
}

function packed(addresses: readonly Address[]): Uint8Array {
  return keccak256(concatBytes(...addresses.map(padded)))
}

function digestOf(chainId: number, struct: readonly Uint8Array[]): Uint8Array {
  const domain = keccak256(
    concatBytes(
      text('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
      ...[text('Peerhood'), text('1'), word(chainId), padded(systemAddress)],
    ),
  )
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), domain, keccak256(concatBytes(...struct))))
}

/** `admit(address[] accounts)`. */
export function admitCall(accounts: readonly Address[]): Uint8Array {
  return concatBytes(selector('admit(address[])'), ...tail([list(accounts)]))
}

/** `changeValidators(address[] next, bytes[] signatures)`. */
export function changeCall(next: readonly Address[], signatures: readonly Uint8Array[]): Uint8Array {
  return concatBytes(selector('changeValidators(address[],bytes[])'), ...tail([list(next), signed(signatures)]))
}

/** `changeMembers(address[] admitted, address[] removed, bytes[] signatures)`. */
export function membersCall(
  { admitted, removed }: { admitted: readonly Address[]; removed: readonly Address[] },
  signatures: readonly Uint8Array[],
): Uint8Array {
  const name = 'changeMembers(address[],address[],bytes[])'
  return concatBytes(selector(name), ...tail([list(admitted), list(removed), signed(signatures)]))
}

/** Arguments without a fixed length: where each begins, and then all of them. */
function tail(parts: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const bytes = parts.map((words) => concatBytes(...words))
  let place = 32 * parts.length
  const heads = bytes.map(({ length }) => {
    const head = word(place)
    place += length
    return head
  })
  return [...heads, ...bytes]
}

/** `bytes[]`; a signature of 65 bytes takes a length and three words. */
function signed(signatures: readonly Uint8Array[]): Uint8Array[] {
  const places = signatures.map((_, place) => word(32 * (signatures.length + 4 * place)))
  const bodies = signatures.flatMap((signature) => [word(65), concatBytes(signature, new Uint8Array(31))])
  return [word(signatures.length), ...places, ...bodies]
}
