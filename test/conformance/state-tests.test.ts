import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCases, runCase } from './state-tests.ts'

// One in ten; `node test/conformance/state-tests.ts` runs all.
const step = 10

test('a spread part of ethereum’s state tests leaves the roots and logs that it should', async () => {
  const cases = readCases().filter((_, index) => index % step === 0)
  assert.ok(cases.length > 300)
  for (const one of cases) assert.equal(await runCase(one), undefined, one.name)
})

test('some of them also with the interpreter that the package brings: both do the same', async () => {
  const cases = readCases('stSStoreTest').filter((_, index) => index % step === 3)
  for (const one of cases) assert.equal(await runCase(one, true), undefined, one.name)
})
