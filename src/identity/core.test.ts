// Every derivation against the vectors that its standard publishes.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { toHex } from '../base/bytes.ts'
import {
  deviceKeyOf,
  didOf,
  ed25519Child,
  entropyToPhrase,
  entropyToSeed,
  ethereumAddress,
  ethereumAddressFromSeed,
  peerIdOf,
  personFromSeed,
  personPath,
} from './core.ts'
import { readPhrase } from './phrase.ts'
import { hexBytes, vector } from './testing.ts'
import type { PersonKey } from './types.ts'

/** The 24-word English vectors of BIP-39 (trezor/python-mnemonic, vectors.json). */
const phrases: readonly [entropy: string, phrase: string][] = [
  [vector.entropy, vector.phrase],
  [
    '7f'.repeat(32),
    `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
  ],
  [
    '80'.repeat(32),
    `${'letter advice cage absurd amount doctor acoustic avoid '.repeat(2)}letter advice cage absurd amount doctor acoustic bless`,
  ],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
  [
    '00ac97c48106f0aeb8ba061e0250a559b3251dc35854e694780ba51d53a50120',
    'absent gorilla van acoustic humor firm title dolphin bulk barely citizen recall crane moment aspect appear track phrase actual enforce steel spoon afraid benefit',
  ],
  [
    '3edc83b60740d77af3afa2fcb82c2f1bc541ee4e2518ddef4996d32453f54a3c',
    'disagree tomato unique attend aspect runway solid violin witness scrap armed daring favorite warm decade perfect target kid grant play early wide cigar night',
  ],
  [
    '89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4',
    'meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue water purchase clarify book magic ribbon daughter menu eye ritual orchard',
  ],
  [
    '911fec0fbd88029f6fa99164896c18d898c9232af18bdcca3e42d53b86493104',
    'much youth advance kitchen lens exile salt cram goose enter alert raise milk muscle profit cousin system faint mouse price reveal cause series long',
  ],
]

test('BIP-39: phrases of its vectors, both ways', () => {
  for (const [entropy, phrase] of phrases) {
    assert.equal(entropyToPhrase(hexBytes(entropy)), phrase)
    assert.equal(toHex(readPhrase(phrase)), entropy)
  }
})

test('BIP-39: the seed of a phrase without passphrase', () => {
  assert.equal(toHex(entropyToSeed(hexBytes(vector.entropy))), vector.seed)
})

test('SLIP-0010: ed25519 test vector 1, the whole chain', () => {
  const seed = hexBytes('000102030405060708090a0b0c0d0e0f')
  const chain: readonly [path: number[], secret: string, chainCode: string][] = [
    [
      [],
      '2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7',
      '90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb',
    ],
    [
      [0],
      '68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3',
      '8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69',
    ],
    [
      [0, 1],
      'b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2',
      'a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14',
    ],
    [
      [0, 1, 2],
      '92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9',
      '2e69929e00b5ab250f49c3fb1c12f252de4fed2c1db88387094a0f8c4c9ccd6c',
    ],
    [
      [0, 1, 2, 2],
      '30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662',
      '8f6d87f93d750e0efccda017d662a1b31a266e4a6f5993b15f5c1f07f74dd5cc',
    ],
    [
      [0, 1, 2, 2, 1_000_000_000],
      '8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793',
      '68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230',
    ],
  ]
  for (const [path, secret, chainCode] of chain) {
    const child = ed25519Child(seed, path)
    assert.deepEqual([toHex(child.secret), toHex(child.chainCode)], [secret, chainCode])
  }
})

test('a step past 31 bits is a programming error', () => {
  assert.throws(() => ed25519Child(new Uint8Array(64), [0x80000000]), /31-bit/)
  assert.throws(() => ed25519Child(new Uint8Array(64), [-1]), /31-bit/)
})

test('RFC 8032 §7.1: public keys of tests 1 to 3', () => {
  for (const [secret, key] of [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    ],
  ] as const) {
    assert.equal(toHex(deviceKeyOf(hexBytes(secret))), key)
  }
})

test('did:key: the Ed25519 vectors of its specification', () => {
  const dids = [
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG',
    'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf',
    'did:key:z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ',
    'did:key:z6MkwW6aqMnjgrhJXFUko3NnZPGzVpkNzhYK7yEhnsibmLwL',
  ]
  dids.forEach((did, last) => {
    const seed = new Uint8Array(32)
    seed[31] = last
    assert.equal(didOf(deviceKeyOf(seed) as Uint8Array as PersonKey), did)
  })
})

test('BIP-32: the last private key of test vector 1', () => {
  const master = HDKey.fromMasterSeed(hexBytes('000102030405060708090a0b0c0d0e0f'))
  assert.equal(
    master.derive("m/0'/1/2'/2/1000000000").privateExtendedKey,
    'xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76',
  )
})

test('BIP-44: the accounts that wallets open for well-known phrases', () => {
  for (const [phrase, address] of [
    [`${'test '.repeat(11)}junk`, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'],
    [`${'abandon '.repeat(11)}about`, '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'],
    [vector.phrase, vector.ethereumAddress],
  ] as const) {
    assert.equal(ethereumAddressFromSeed(mnemonicToSeedSync(phrase)), address)
  }
})

test('EIP-55: capitals of all its examples', () => {
  for (const address of [
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
    '0xde709f2102306220921060314715629080e2fb77',
    '0x27b1fdb04752bbc536007a920d24acb045561c26',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ]) {
    assert.equal(ethereumAddress(hexBytes(address.slice(2).toLowerCase())), address)
  }
})

test('the peer id is the one that libp2p makes from the same seed', async () => {
  const seed = hexBytes(vector.deviceSeed)
  const theirs = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString()
  assert.equal(peerIdOf(deviceKeyOf(seed)), theirs)
  assert.equal(theirs, vector.peerId)
})

test('person and wallet share nothing but the phrase', () => {
  const seed = hexBytes(vector.seed)
  const person = personFromSeed(seed)
  const walletSecret = HDKey.fromMasterSeed(seed).derive("m/44'/60'/0'/0/0").privateKey
  assert.deepEqual([toHex(person.secret), toHex(person.key)], [vector.personSecret, vector.person])
  assert.notEqual(walletSecret && toHex(walletSecret), vector.personSecret)
  assert.equal(String.fromCharCode(...new Uint8Array(Uint32Array.of(personPath[0]).buffer).reverse()), 'peer')
})

test('the normative page states these vectors', async () => {
  const page = await readFile(new URL('../../docs/protocol/identity.md', import.meta.url), 'utf8')
  const joined = page.replace(/\n\s*/g, '')
  const { entropy: _, phrase: __, issuedMs: ___, deviceSeed: ____, ...stated } = vector
  for (const [name, value] of Object.entries(stated)) assert.ok(joined.includes(value), `${name} is on the page`)
})
