// Limits of this folder that only numbers reach.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { transaction } from '../../base/database.ts'
import { generateShareKeys } from '../format/keys.ts'
import { createHoldingRows, keysOf } from './holding-rows.ts'
import { sharesMax } from './limits.ts'
import { openComputer, tempFolder, testRandom } from './testing.ts'

test(`share ${sharesMax + 1} is refused until another goes; those that are here are given again`, async (context) => {
  const folder = tempFolder(context)
  const home = join(folder, 'home')
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(folder, name), name)
  const before = await openComputer(context, home)
  const { id } = await before.share(join(folder, 'a.txt'))
  const rows = createHoldingRows(before.database)
  const [first] = rows.all()
  assert.ok(first !== undefined)
  // Shares whose folders are gone: nobody has to read them.
  transaction(before.database, () => {
    for (let i = 1; i < sharesMax; i++) {
      const { share, signingSeed } = generateShareKeys(testRandom)
      const keys = keysOf({ share, visibility: 'public', secret: undefined })
      const made = { ...first, ...keys, share, signingSeed, visibility: 'public', secret: undefined } as const
      rows.insert({ ...made, path: join(folder, 'gone', `${i}`), recordBytes: undefined, meta: undefined, sequence: 0 })
    }
  })
  await before.stop()
  const { shares, share } = await openComputer(context, home)
  assert.equal(shares.list().length, sharesMax)
  await assert.rejects(share(join(folder, 'b.txt')), { code: 'shares_too_many' })
  await assert.rejects(share(join(folder, 'a.txt'), 'public'), { code: 'shares_too_many' })
  assert.equal((await share(join(folder, 'a.txt'))).id, id)
  assert.equal(shares.list().length, sharesMax)
  await shares.remove(id)
  await share(join(folder, 'b.txt'))
})
