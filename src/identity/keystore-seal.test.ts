import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { openSecrets, sealSecrets } from './keystore-seal.ts'
import { passphraseCharactersMax, scryptLog2N, scryptLog2NMin } from './limits.ts'
import { failure, hexBytes, seededRandom, vector } from './testing.ts'

const secrets = { entropy: hexBytes(vector.entropy), deviceSeed: hexBytes(vector.deviceSeed) }
const cheap = () => ({ random: seededRandom('seal'), log2N: scryptLog2NMin })

test('the vector of the normative page, at the full cost', async () => {
  let calls = 0
  const random = { bytes: (length: number) => new Uint8Array(length).fill(++calls) }
  const sealed = await sealSecrets(secrets, vector.passphrase, { random, log2N: scryptLog2N })
  assert.equal(toHex(sealed.box), vector.box)
  assert.deepEqual(await openSecrets(sealed, vector.passphrase), secrets)
})

test('only the passphrase itself opens it', async () => {
  const sealed = await sealSecrets(secrets, 'Tür', cheap())
  assert.deepEqual(await openSecrets(sealed, 'Tu\u0308r'), secrets) // the same letters, typed on another keyboard
  for (const wrong of ['tür', 'Tür ', '', 'x'.repeat(passphraseCharactersMax + 1), '\ud800']) {
    const error = await failure(() => openSecrets(sealed, wrong), 'passphrase_wrong')
    assert.equal(error.message, 'The passphrase is wrong.')
  }
})

test('a changed box, salt or nonce opens with no passphrase', async () => {
  const sealed = await sealSecrets(secrets, 'p', cheap())
  for (const field of ['box', 'salt', 'nonce'] as const) {
    const changed = { ...sealed, [field]: sealed[field].map((byte, index) => (index === 3 ? byte ^ 1 : byte)) }
    await failure(() => openSecrets(changed, 'p'), 'passphrase_wrong')
  }
})

test(`passphrases of 1 to passphraseCharactersMax (${passphraseCharactersMax}) whole characters`, async () => {
  const longest = 'x'.repeat(passphraseCharactersMax)
  assert.deepEqual(await openSecrets(await sealSecrets(secrets, longest, cheap()), longest), secrets)
  for (const unusable of ['', `${longest}x`, 'a\udc00']) {
    await failure(() => sealSecrets(secrets, unusable, cheap()), 'passphrase_unusable')
  }
})

test('every seal has a salt and nonce of its own', async () => {
  const parts = cheap()
  const [one, two] = [await sealSecrets(secrets, 'p', parts), await sealSecrets(secrets, 'p', parts)]
  assert.notDeepEqual(one.salt, two.salt)
  assert.notDeepEqual(one.nonce, two.nonce)
  assert.notDeepEqual(one.box, two.box)
})
