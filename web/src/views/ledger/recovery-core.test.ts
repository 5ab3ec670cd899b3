import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger } from '../../../../src/sdk/types.ts'
import { bytesToFile, fileToBytes, fingerprintProblem, mayNeedRecovery, personsText } from './recovery-core.ts'

const ledger = (online: readonly boolean[], quorum: number, stuck: string | undefined = undefined) =>
  ({
    ...{ state: 'running', chain: { quorum, stuck: stuck === undefined ? null : { code: stuck, sentence: '' } } },
    validators: [...online.map((one) => ({ inSet: true, online: one })), { inSet: false, online: false }],
  }) as unknown as Ledger

test('the card is there while more are away than may be, or others went on', () => {
  assert.equal(mayNeedRecovery(ledger([true, true, true, false], 3)), false)
  assert.equal(mayNeedRecovery(ledger([true, true, false, false], 3)), true)
  assert.equal(mayNeedRecovery(ledger([true, true, true, true], 3, 'recovery_unknown')), true)
  assert.equal(mayNeedRecovery(ledger([true, true, true, true], 3, 'not_agreeing')), false)
  assert.equal(mayNeedRecovery(ledger([false], 1)), false)
  assert.equal(mayNeedRecovery({ chain: null, state: 'opening' } as unknown as Ledger), false)
  assert.equal(mayNeedRecovery({ chain: null, state: 'down' } as unknown as Ledger), true)
})

test('a fingerprint is compared while it is typed', () => {
  const own = '12ab 34cd'
  for (const right of ['', '12', '12ab', '12AB-34CD', ' 12ab  34cd '])
    assert.equal(fingerprintProblem(right, own), undefined)
  for (const wrong of ['13', '12ab 34ce', '12ab 34cd 0'])
    assert.match(fingerprintProblem(wrong, own) ?? '', /another one/)
})

test('files as text and back, and who is meant', () => {
  const bytes = Uint8Array.of(0, 15, 255)
  assert.equal(bytesToFile(bytes), '0x000fff')
  assert.deepEqual(fileToBytes('0x000fff'), bytes)
  const person = { address: `0x${'ab'.repeat(20)}`, name: '', isSelf: false, online: true }
  assert.equal(personsText([]), 'nobody')
  assert.equal(personsText([{ ...person, name: 'Ada', isSelf: true }, person]), 'Ada (this computer), 0xabab…abab')
})
