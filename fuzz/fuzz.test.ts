// Every decoder against 10,000 changed inputs (fewer where each costs signatures), and against all that was ever found.
// `npm run fuzz` does the same for as long as one likes, and keeps what it finds.

import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { toHex } from '../src/base/bytes.ts'
import { findDecoders, isThere } from './decoders.ts'
import { runTarget, shrink, tryInput } from './engine.ts'
import { groups, targets } from './registry.ts'
import { keptInputs, vectorsFolder } from './vectors.ts'

test('every decoder is fuzzed', () => {
  const covered = new Set(targets.flatMap(({ covers }) => covers))
  assert.deepEqual(
    findDecoders().filter((decoder) => !covered.has(decoder)),
    [],
    'add a target to fuzz/targets, or say in fuzz/decoders.ts why it is no decoder',
  )
  assert.deepEqual(
    [...covered].filter((decoder) => !isThere(decoder)),
    [],
  )
})

test('names are used once, and every folder of finds has its target', () => {
  const names = targets.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const folders = existsSync(vectorsFolder) ? globSync(`${vectorsFolder}/*/`).map((folder) => basename(folder)) : []
  assert.deepEqual(
    folders.filter((folder) => !names.includes(folder)),
    [],
  )
})

describe('fuzz', () => {
  const { stackTraceLimit } = Error
  // Where an error was made is of no use here, and takes most of the time.
  before(() => {
    Error.stackTraceLimit = 0
  })
  after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  for (const [group, some] of Object.entries(groups)) {
    describe(group, () => {
      for (const target of some) {
        test(target.name, async () => {
          for (const { name, input } of keptInputs(target.name))
            assert.equal(await tryInput(target, input), undefined, name)
          const { find, accepted } = await runTarget(target, { seed: 'ci', runs: target.runs })
          if (find !== undefined) {
            const { input, reason } = await shrink(target, find)
            assert.fail(`${reason}\n${toHex(input)}\nkeep it: npm run fuzz -- --target ${target.name} --seed ci`)
          }
          assert.ok(accepted > 0, 'no input was ever read: the seeds are wrong')
        })
      }
    })
  }
})
