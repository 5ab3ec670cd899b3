// Keys that follow from others. The figures are fixed: another result would be another validator, another account.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import { accountProof } from './account.ts'
import { chainIdMax } from './chain/limits.ts'
import {
  accountText,
  addressOfSecret,
  chainIdOf,
  signDigest,
  signerOfDigest,
  textDigest,
  validatorSecret,
  willingDigest,
} from './keys.ts'

const community = 'c0'.repeat(32) as CommunityId
const other = 'c1'.repeat(32) as CommunityId
const device = 'd0'.repeat(32) as DeviceId
const person = 'did:key:z6MkfX' as PersonDid
const seed = new Uint8Array(32).fill(7)

test('a validator’s key is of one device and one community', () => {
  const secret = validatorSecret(seed, community)
  assert.equal(toHex(secret), toHex(validatorSecret(seed, community)))
  assert.notEqual(toHex(secret), toHex(validatorSecret(seed, other)))
  assert.notEqual(toHex(secret), toHex(validatorSecret(new Uint8Array(32).fill(8), community)))
  assert.equal(
    addressOfSecret(secret),
    signerOfDigest(willingDigest(community, device), signDigest(willingDigest(community, device), secret)),
  )
})

test('an address is that of Ethereum', () => {
  // The key 1; widely published.
  const one = new Uint8Array(32)
  one[31] = 1
  assert.equal(addressOfSecret(one), '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf')
})

test('an account is announced with the signature that a wallet gives', () => {
  // BIP-39's test phrase; every wallet shows this account for it.
  const phrase = 'test test test test test test test test test test test junk'
  const proof = accountProof(phrase, community, person)
  const digest = textDigest(accountText(community, person))
  assert.equal(signerOfDigest(digest, proof), '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
  assert.notEqual(
    signerOfDigest(textDigest(accountText(other, person)), proof),
    '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  )
  // EIP-191's own example text, hashed by ethers and geth alike.
  assert.equal(toHex(textDigest('hello')), '50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750')
})

test('what is no signature has no signer', () => {
  const digest = new Uint8Array(32).fill(1)
  for (const proof of [new Uint8Array(0), new Uint8Array(65), new Uint8Array(65).fill(255), new Uint8Array(64)]) {
    assert.equal(signerOfDigest(digest, proof), undefined)
  }
})

test('a chain id is one that wallets take, and no other community has', () => {
  assert.ok(chainIdOf(community) >= 2 ** 40 && chainIdOf(community) <= chainIdMax)
  assert.notEqual(chainIdOf(community), chainIdOf(other))
})
