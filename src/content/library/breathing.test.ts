// Shares of many files are opened, prepared, updated and ended with pauses in which others have the thread.

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import { itemsPerStep } from '../format/steps.ts'
import type { ReadableHolding } from '../types.ts'
import { createBreath, createPace, forEachLimited } from './breathe.ts'
import { createDisk } from './disk.ts'
import { sliceMs } from './limits.ts'
import { craftShare, openComputer, openGet, tempFolder, testClock, transfer, until } from './testing.ts'

const files = 600

/** For which a slice has passed whenever somebody asks; `looks` counts how often. */
function hastyClock(): Clock & { looks: number } {
  return {
    ...testClock,
    looks: 0,
    monotonicMs() {
      this.looks += 1
      return this.looks * sliceMs
    },
  }
}

test('every long loop of a get looks at the clock for each of its files, or a few', async (context) => {
  const folder = tempFolder(context)
  mkdirSync(join(folder, 'to'))
  const clock = hastyClock()
  const looksIn = async (work: () => Promise<unknown>) => {
    const before = clock.looks
    await work()
    return clock.looks - before
  }
  const disk = createDisk()
  const reader = await openComputer(context, join(folder, 'reader'), { clock, disk })
  const content = Array.from({ length: files }, (_, at) => ({ name: `${at}`, content: utf8(`${at}`) }))
  const shared = craftShare(content, { visibility: 'public' })
  const open = () => openGet(reader, shared, join(folder, 'to'))

  const holding = await open()
  const steps = files / itemsPerStep
  // Names, sorting, children, entries; then paths (four times) and places.
  assert.ok((await looksIn(() => transfer(shared.holding, holding, { blocksMax: 1 }))) > 9 * steps)
  await transfer(shared.holding, holding)
  // Stamps and rows.
  assert.ok((await looksIn(() => holding.finish())) > 2 * files)

  let again = holding
  const opening = async () => {
    again = await open()
  }
  // Each file in place.
  assert.ok((await looksIn(opening)) > files)
  assert.equal(again.complete, true)
  // Each once more, the files of the version before, and the rows.
  assert.ok((await looksIn(() => again.finish())) > 3 * files)
})

test('a get that is discarded while its layout is read leaves nothing', async (context) => {
  const folder = tempFolder(context)
  const to = join(folder, 'to')
  mkdirSync(to)
  const reader = await openComputer(context, join(folder, 'reader'), { clock: hastyClock(), disk: createDisk() })
  const content = Array.from({ length: files }, (_, at) => ({ name: `${at}`, content: utf8(`${at}`) }))
  const shared = craftShare(content, { visibility: 'public' })
  const holding = await openGet(reader, shared, to)
  const inventory = shared.holding.inventory
  assert.ok(inventory !== undefined && holding.meta.nodes === 1)
  await holding.putPage(0, inventory.page(0))
  const last = holding.putBlock(0, await shared.holding.readBlock(0))
  const ended = assert.rejects(last, { name: 'AbortError' })
  await until(() => holding.have.has(0), 'the node')
  assert.equal(holding.layout, undefined)
  await holding.discard()
  await ended
  assert.deepEqual([readdirSync(to), holding.layout, reader.library.facts()], [[], undefined, []])
})

test('the list of a share that is complete is read with pauses, and is the same as the one read at once', async (context) => {
  const folder = tempFolder(context)
  const source = join(folder, 'source')
  mkdirSync(source)
  for (let at = 0; at < files; at++) writeFileSync(join(source, `${at}`), `${at}`)
  const clock = hastyClock()
  const author = await openComputer(context, join(folder, 'author'), { clock })
  const holding = (await author.share(source)).holding as ReadableHolding
  const before = clock.looks
  const layout = await holding.readLayout?.()
  assert.ok(clock.looks - before > files / itemsPerStep)
  assert.equal(layout?.length, files)
  assert.equal(holding.layout, layout, 'it is kept while somebody uses it')
})

/** Counts what is done in each turn of the event loop; a piece of work takes a millisecond of the clock. */
function createTurnCount() {
  let nowMs = 0
  let turn = 0
  let running = true
  const counts: number[] = []
  const next = () => {
    turn += 1
    if (running) setImmediate(next)
  }
  setImmediate(next)
  return {
    clock: { monotonicMs: () => nowMs },
    work() {
      nowMs += 1
      counts[turn] = (counts[turn] ?? 0) + 1
    },
    stop() {
      running = false
      return Math.max(...counts.filter((count) => count !== undefined))
    },
  }
}

test('those who share a breath share its slice, too', async () => {
  const count = createTurnCount()
  const breathe = createBreath(count.clock)
  await forEachLimited(Array.from({ length: 200 }), 4, async () => {
    count.work()
    await breathe()
  })
  assert.ok(count.stop() < 2 * sliceMs)
})

test('short work that many ask for at once is done in slices, in order', async () => {
  const count = createTurnCount()
  const pace = createPace(count.clock)
  const done: number[] = []
  const all = Array.from({ length: 200 }, (_, at) => at)
  await Promise.all(
    all.map((at) =>
      pace(() => {
        count.work()
        done.push(at)
      }),
    ),
  )
  assert.deepEqual(done, all)
  assert.ok(count.stop() < 2 * sliceMs)
  await assert.rejects(
    pace(() => {
      throw new Error('the disk is full')
    }),
    { message: 'the disk is full' },
  )
})

test('small blocks that come all at once are written in slices', async (context) => {
  const folder = tempFolder(context)
  mkdirSync(join(folder, 'to'))
  const count = createTurnCount()
  const real = createDisk()
  const writeWhole: typeof real.writeWhole = (path, bytes) => {
    count.work()
    real.writeWhole(path, bytes)
  }
  const clock = { ...testClock, ...count.clock }
  const reader = await openComputer(context, join(folder, 'reader'), { clock, disk: { ...real, writeWhole } })
  const content = Array.from({ length: 100 }, (_, at) => ({ name: `${at}`, content: utf8(`${at}`) }))
  const shared = craftShare(content, { visibility: 'public' })
  const holding = await openGet(reader, shared, join(folder, 'to'))
  const { inventory, readBlock } = shared.holding
  assert.ok(inventory !== undefined && holding.meta.nodes === 1)
  await holding.putPage(0, inventory.page(0))
  await holding.putBlock(0, await readBlock(0))
  const leaves = Array.from({ length: inventory.count - 1 }, (_, at) => at + 1)
  await Promise.all(leaves.map(async (index) => holding.putBlock(index, await readBlock(index))))
  assert.equal(holding.complete, true)
  assert.ok(count.stop() < 2 * sliceMs)
})
