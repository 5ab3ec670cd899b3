// What people read when something fails, over all folders: each hint says what to do next, commands stand in backticks,
// and a hint says more than the sentence before it.

import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorFactory, PeerhoodError } from '../src/base/errors.ts'
import { parseLink } from '../src/content/format/link.ts'
import { identityErrors } from '../src/identity/errors.ts'

const src = join(import.meta.dirname, '../src')

/** Every code of every folder, with its hint. */
async function allHints(): Promise<readonly { readonly code: string; readonly hint: string }[]> {
  const modules = await Promise.all(globSync('*/{,*/}errors.ts', { cwd: src }).map((file) => import(join(src, file))))
  const tables = modules.flatMap((module) => Object.values<object>(module)).filter((value) => typeof value === 'object')
  const factories = tables.flatMap((table) => Object.values(table)).filter((value) => typeof value === 'function')
  return factories.map((create: ErrorFactory<string>) => create('')).map(({ code, hint }) => ({ code, hint }))
}

function failureOf(run: () => unknown): PeerhoodError {
  try {
    run()
  } catch (error) {
    return error as PeerhoodError
  }
  throw new Error('assertion failed: it does not fail')
}

test('commands in hints stand in backticks, everywhere', async () => {
  const hints = await allHints()
  assert.ok(hints.length > 150, `${hints.length} hints were found`)
  const outside = hints.filter(({ hint }) => /\bpeerhood [a-z-]/.test(hint.replaceAll(/`[^`]*`/g, '')))
  assert.deepEqual(outside, [])
  assert.deepEqual(
    hints.filter(({ hint }) => !/[.!]$/.test(hint)),
    [],
    'a hint is a sentence',
  )
})

test('the hint of a link that is cut off says what to do, not again what is wrong', () => {
  const { code, hint, message } = failureOf(() => parseLink('peerhood:aiaa'))
  assert.equal(code, 'link_cut_off')
  assert.match(message, /missing/)
  assert.doesNotMatch(hint, /missing/)
  assert.match(hint, /^Copy .*ask whoever sent it/)
})

test('who has to give a passphrase is told both ways', () => {
  const { hint } = identityErrors.passphrase_needed('')
  assert.match(hint, /`peerhood start` asks/)
  assert.match(hint, /PEERHOOD_PASSPHRASE/)
})
