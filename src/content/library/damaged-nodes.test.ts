// Inner nodes of a get that the database has no longer as they were: noticed where they are read, told in the log, and
// fetched again by the same run.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Log } from '../../base/ports.ts'
import { openComputer, openGet, readTree, seededBytes, silentLog, tempFolder, transfer, writeTree } from './testing.ts'

async function scene(context: TestContext) {
  const folder = tempFolder(context)
  const root = join(folder, 'root')
  writeTree(root, { 'a/x.txt': 'x', 'b/y.txt': 'y', 'big.bin': seededBytes(1, 2_500_000) })
  mkdirSync(join(folder, 'to'))
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (code, details) => warnings.push(`${code} ${details?.block}`) }
  const author = await openComputer(context, join(folder, 'author'))
  const reader = await openComputer(context, join(folder, 'reader'), { log })
  const shared = await author.share(root)
  const holding = await openGet(reader, shared, join(folder, 'to'))
  const { inventory } = shared.holding
  assert.ok(inventory !== undefined && holding.meta.nodes > 2)
  const damage = (index: number) => {
    const { changes } = reader.database
      .prepare('UPDATE library_stored SET wire = ? WHERE digest = ?')
      .run(new Uint8Array(inventory.length(index)), inventory.digest(index))
    assert.equal(changes, 1)
  }
  return { root, source: shared.holding, holding, damage, warnings }
}

test('a node that is damaged after the layout is known counts as missing once it is read', async (context) => {
  const { root, source, holding, damage, warnings } = await scene(context)
  await transfer(source, holding)
  assert.equal(holding.complete, true)
  const events: string[] = []
  holding.on(({ type }) => events.push(type))
  damage(1)
  await assert.rejects(holding.readBlock(1), { code: 'block_changed' })
  assert.deepEqual(warnings, ['block_changed 1'])
  assert.deepEqual([holding.have.has(1), holding.isWanted(1), holding.complete], [false, true, false])
  await assert.rejects(holding.readBlock(1), { code: 'block_not_here' })
  await assert.rejects(holding.finish(), { code: 'get_not_finished' })
  assert.equal(await transfer(source, holding), 1)
  assert.deepEqual(await holding.readBlock(1), await source.readBlock(1))
  assert.deepEqual(events, ['wanted', 'block', 'complete'])
  assert.deepEqual(readTree((await holding.finish()).path), readTree(root))
})

test('a node that is damaged before all nodes are here holds nothing up but itself', async (context) => {
  const { root, source, holding, damage, warnings } = await scene(context)
  const { nodes } = holding.meta
  assert.equal(await transfer(source, holding, { blocksMax: nodes - 1 }), nodes - 1)
  damage(1)
  // With the last one the layout is read, which finds the damage.
  await holding.putBlock(nodes - 1, await source.readBlock(nodes - 1))
  assert.deepEqual(warnings, ['block_changed 1'])
  assert.deepEqual([holding.layout, holding.have.ones, holding.have.has(1)], [undefined, nodes - 1, false])
  assert.equal(await transfer(source, holding), holding.record.blocks - nodes + 1)
  assert.deepEqual(readTree((await holding.finish()).path), readTree(root))
})
