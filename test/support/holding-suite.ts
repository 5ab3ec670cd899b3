// What every `Holding` (src/content/types.ts) must do, as tests that each implementation runs: an own share, a get under
// way and done, a kept copy, and the simulated one. Blocks come from a `source`, as they would from a peer.
//
//   open ──► pages ──► inventory ──► blocks ──► complete          (those that are filled)
//   open ──► complete                                             (own shares, finished gets)
//
// What only some do is named in `HoldingSetup`: nothing else may differ.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { equalBytes } from '../../src/base/bytes.ts'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { digestOf } from '../../src/content/format/keys.ts'
import type { Holding, HoldingEvent, Inventory } from '../../src/content/types.ts'

/** Where blocks and pages come from. */
export interface Source {
  readonly inventory: Inventory
  readBlock(index: number): Promise<Uint8Array>
}

export interface HoldingCase {
  readonly holding: Holding
  readonly source: Source
}

/**
 * `small`: a few blocks, of which the last is a leaf in one place, and wanted. `paged`: as many as two inventory pages
 * list; only its pages are put.
 */
export type Shape = 'small' | 'paged'

export interface HoldingSetup {
  /** Opens a holding: empty where it is filled, else complete. */
  open(context: TestContext, shape: Shape): Promise<HoldingCase>
  /**
   * How many times a block has been written since the last call, in all holdings of the test. Absent: nothing is ever
   * put into this holding.
   */
  readonly writes?: () => number
  /**
   * Changes every leaf where it lies, as a person who edits a file would; what it returns says whether all that is
   * still as that person left it. Absent: what is held is memory, and cannot change.
   */
  readonly damage?: (opened: HoldingCase) => () => boolean
  /** A get of a part: this many leaves are outside of what is wanted. */
  readonly unwanted?: number
}

/** `filled`: it begins empty and takes blocks; otherwise it is complete from the start and takes none. */
export function testHolding(name: string, kind: 'filled' | 'complete', setup: HoldingSetup): void {
  describe(`holding: ${name}`, () => {
    if (kind === 'filled') testFilling(setup)
    else testComplete(setup)
    testReading(kind, setup)
  })
}

// ---- what is asked of all

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

/** A refusal is as good as doing nothing; anything else is a defect. */
function ignoreOwn(error: unknown): void {
  if (!isPeerhoodError(error)) throw error
}

const indexesOf = ({ inventory }: Source) => Array.from({ length: inventory.count }, (_, index) => index)

/** `have`, `isWanted` and `complete` say the same, and each block is either readable and right, or not here. */
async function checkAgrees({ holding, source }: HoldingCase): Promise<void> {
  const indexes = indexesOf(source)
  const has = (index: number) => holding.have.has(index)
  const here = indexes.filter(has)
  assert.equal(holding.have.length, holding.record.blocks)
  assert.equal(holding.have.ones, here.length)
  const isDone = holding.inventory !== undefined && indexes.every((index) => !holding.isWanted(index) || has(index))
  assert.equal(holding.complete, isDone, 'complete: everything wanted is here')
  for (const index of indexes) {
    if (has(index)) assert.ok(equalBytes(digestOf(await holding.readBlock(index)), source.inventory.digest(index)))
    else await assert.rejects(holding.readBlock(index), withCode('block_not_here'))
  }
}

async function putPages({ holding, source }: HoldingCase): Promise<void> {
  for (const page of holding.record.pages.keys()) await holding.putPage(page, source.inventory.page(page))
}

/** Puts what is wanted, also what the layout makes wanted meanwhile; `except`: all but that leaf. */
async function fill(opened: HoldingCase, except?: number): Promise<void> {
  const { holding, source } = opened
  if (holding.inventory === undefined) await putPages(opened)
  for (let next = nextOf(opened, except); next !== undefined; next = nextOf(opened, except)) {
    await holding.putBlock(next, await source.readBlock(next))
  }
}

/** The first block that is wanted and not here. */
function nextOf({ holding, source }: HoldingCase, except?: number): number | undefined {
  return indexesOf(source).find((index) => index !== except && holding.isWanted(index) && !holding.have.has(index))
}

function eventsOf(holding: Holding): HoldingEvent[] {
  const events: HoldingEvent[] = []
  holding.on((event) => events.push(event))
  return events
}

const typesOf = (events: readonly HoldingEvent[]) => events.map(({ type }) => type)

/** The last block: a leaf that is wanted, in one place. */
const leafOf = ({ source }: HoldingCase) => source.inventory.count - 1

async function openFilled(context: TestContext, kind: 'filled' | 'complete', setup: HoldingSetup) {
  const opened = await setup.open(context, 'small')
  if (kind === 'filled') await fill(opened)
  return opened
}

function testReading(kind: 'filled' | 'complete', setup: HoldingSetup): void {
  test('a block outside of the version is not here', async (context) => {
    const { holding, source } = await openFilled(context, kind, setup)
    for (const index of [source.inventory.count, source.inventory.count + 8, 2 ** 32 - 1]) {
      assert.equal(holding.have.has(index), false)
      await assert.rejects(holding.readBlock(index), withCode('block_not_here'))
    }
  })

  test('a signal that is aborted ends a read with its reason, and takes nothing away', async (context) => {
    const opened = await openFilled(context, kind, setup)
    const { holding } = opened
    const leaf = leafOf(opened)
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(holding.readBlock(leaf, { signal }), /enough/)
    assert.equal(holding.have.has(leaf), true)
    await checkAgrees(opened)
  })

  test('many read at once', async (context) => {
    const opened = await openFilled(context, kind, setup)
    const { holding, source } = opened
    const here = indexesOf(source).filter((index) => holding.have.has(index))
    const blocks = await Promise.all([...here, ...here, ...here].map((index) => holding.readBlock(index)))
    for (const [at, block] of blocks.entries()) {
      assert.ok(equalBytes(digestOf(block), source.inventory.digest(here[at % here.length] ?? 0)))
    }
  })

  const { damage } = setup
  if (damage === undefined) return
  test('a block that changed where it lies is never handed out, and not here from then on', async (context) => {
    const opened = await openFilled(context, kind, setup)
    const { holding, source } = opened
    const leaf = leafOf(opened)
    const isUntouched = damage(opened)
    await assert.rejects(holding.readBlock(leaf), withCode('block_changed'))
    assert.equal(holding.have.has(leaf), false)
    assert.equal(holding.complete, false)
    await assert.rejects(holding.readBlock(leaf), withCode('block_not_here'))
    if (kind === 'complete') {
      await holding.putBlock(leaf, await source.readBlock(leaf)).catch(ignoreOwn)
      assert.equal(isUntouched(), true, 'what a person changed is not written over')
      assert.equal(holding.have.has(leaf), false, 'and have says only what can be read')
      return
    }
    await holding.putBlock(leaf, await source.readBlock(leaf))
    assert.ok(equalBytes(await holding.readBlock(leaf), await source.readBlock(leaf)))
  })
}

// ---- own shares, finished gets

function testComplete(setup: HoldingSetup): void {
  test('everything is here from the start', async (context) => {
    const opened = await setup.open(context, 'small')
    const { holding, source } = opened
    assert.equal(holding.complete, true)
    assert.equal(holding.inventory?.count, source.inventory.count)
    for (const page of holding.record.pages.keys()) {
      assert.equal(holding.hasPage(page), true)
      assert.deepEqual(holding.inventory?.page(page), source.inventory.page(page))
    }
    assert.equal(holding.hasPage(holding.record.pages.length), false)
    await checkAgrees(opened)
  })

  test('what is put into it changes nothing and tells nothing', async (context) => {
    const opened = await setup.open(context, 'small')
    const { holding, source } = opened
    const events = eventsOf(holding)
    await putPages(opened)
    for (const index of indexesOf(source)) {
      await holding.putBlock(index, await source.readBlock(index)).catch(ignoreOwn)
      await holding.putBlock(index, new Uint8Array(7)).catch(ignoreOwn)
    }
    assert.deepEqual(events, [])
    await checkAgrees(opened)
  })
}

// ---- gets and kept copies

function testFilling(setup: HoldingSetup): void {
  const open = (context: TestContext, shape: Shape = 'small') => setup.open(context, shape)

  test('it begins with nothing', async (context) => {
    const { holding, source } = await open(context)
    assert.deepEqual([holding.inventory, holding.have.ones, holding.complete], [undefined, 0, false])
    assert.equal(holding.hasPage(0), false)
    await assert.rejects(holding.readBlock(0), withCode('block_not_here'))
    await assert.rejects(holding.putBlock(0, await source.readBlock(0)), withCode('block_not_wanted'))
  })

  test('pages arrive in any order, once; wrong ones change nothing', async (context) => {
    const { holding, source } = await open(context, 'paged')
    const [first, second] = [source.inventory.page(0), source.inventory.page(1)]
    const events = eventsOf(holding)
    const wrong = second.slice()
    wrong[5] = (wrong[5] ?? 0) ^ 1
    await assert.rejects(holding.putPage(1, wrong), withCode('block_hash_wrong'))
    await assert.rejects(holding.putPage(1, first), withCode('inventory_malformed'))
    await assert.rejects(holding.putPage(1, second.subarray(1)), withCode('inventory_malformed'))
    await assert.rejects(holding.putPage(2, second), withCode('inventory_malformed'))
    assert.deepEqual([holding.hasPage(0), holding.hasPage(1), holding.hasPage(2)], [false, false, false])
    const lent = second.slice()
    await holding.putPage(1, lent)
    lent.fill(0) // the buffer is its owner's again
    await holding.putPage(1, second)
    assert.deepEqual([holding.hasPage(0), holding.hasPage(1), holding.inventory], [false, true, undefined])
    assert.deepEqual(events, [])
    await Promise.all([holding.putPage(0, first), holding.putPage(0, first)])
    await holding.putPage(1, wrong).catch(ignoreOwn) // it is here: checked again or not, nothing may change
    assert.deepEqual(
      typesOf(events).filter((type) => type === 'inventory'),
      ['inventory'],
    )
    assert.equal(holding.inventory?.count, source.inventory.count)
    for (const [page, bytes] of [first, second].entries()) assert.deepEqual(holding.inventory?.page(page), bytes)
  })

  test('blocks fill it one by one; each is told once, and the end once', async (context) => {
    const opened = await open(context)
    const { holding, source } = opened
    const events = eventsOf(holding)
    await putPages(opened)
    await checkAgrees(opened)
    // The last first: any order will do.
    const last = () => indexesOf(source).findLast((index) => holding.isWanted(index) && !holding.have.has(index))
    for (let index = last(); index !== undefined; index = last()) {
      await holding.putBlock(index, await source.readBlock(index))
      assert.equal(holding.have.has(index), true, 'have says so once the put is through')
      await checkAgrees(opened)
    }
    assert.equal(holding.complete, true)
    const told = events.flatMap((event) => (event.type === 'block' ? [event.index] : []))
    assert.deepEqual(
      told.toSorted((a, b) => a - b),
      indexesOf(source).filter((index) => holding.have.has(index)),
    )
    assert.deepEqual(typesOf(events).filter((type) => type === 'complete').length, 1)
    assert.equal(typesOf(events).at(-1), 'complete')
  })

  test('a wrong block is refused and changes nothing; the right one is taken after it', async (context) => {
    const opened = await open(context)
    const { holding, source } = opened
    const leaf = leafOf(opened)
    await fill(opened, leaf)
    const events = eventsOf(holding)
    const right = await source.readBlock(leaf)
    const flipped = right.slice()
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    const other = await source.readBlock(0)
    setup.writes?.()
    for (const wrong of [flipped, other, right.subarray(1), new Uint8Array(0), new Uint8Array([...right, 0])]) {
      await assert.rejects(holding.putBlock(leaf, wrong), withCode('block_hash_wrong'))
      assert.equal(holding.have.has(leaf), false)
    }
    assert.deepEqual([events, setup.writes?.()], [[], 0])
    await checkAgrees(opened)
    const race = await Promise.allSettled([holding.putBlock(leaf, flipped), holding.putBlock(leaf, right)])
    assert.deepEqual(
      race.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    assert.equal(holding.complete, true)
    await checkAgrees(opened)
  })

  test('a block that is put many times at once is written once and told once', async (context) => {
    const opened = await open(context)
    const { holding, source } = opened
    const leaf = leafOf(opened)
    await fill(opened, leaf)
    const events = eventsOf(holding)
    const right = await source.readBlock(leaf)
    setup.writes?.()
    await Promise.all(Array.from({ length: 8 }, () => holding.putBlock(leaf, right.slice())))
    assert.equal(setup.writes?.(), 1)
    await holding.putBlock(leaf, right)
    await holding.putBlock(leaf, new Uint8Array(3)).catch(ignoreOwn) // it is here: checked again or not
    assert.equal(setup.writes?.(), 0)
    assert.deepEqual(typesOf(events), ['block', 'complete'])
    await checkAgrees(opened)
  })

  test('the bytes of a block are the caller’s again once it is put', async (context) => {
    const opened = await open(context)
    const { holding, source } = opened
    await putPages(opened)
    for (let index = nextOf(opened); index !== undefined; index = nextOf(opened)) {
      const lent = (await source.readBlock(index)).slice()
      await holding.putBlock(index, lent)
      lent.fill(0xaa)
    }
    assert.equal(holding.complete, true)
    await checkAgrees(opened)
  })

  test('a block that is not of the version, or not wanted, is refused', async (context) => {
    const opened = await open(context)
    const { holding, source } = opened
    await fill(opened)
    const outside = indexesOf(source).filter((index) => !holding.isWanted(index))
    assert.equal(outside.length, setup.unwanted ?? 0)
    for (const index of outside) {
      await assert.rejects(holding.putBlock(index, await source.readBlock(index)), withCode('block_not_wanted'))
    }
    await assert.rejects(holding.putBlock(source.inventory.count, new Uint8Array(9)), withCode('block_not_wanted'))
    assert.equal(holding.complete, true)
    await checkAgrees(opened)
  })

  test('who stopped listening hears no more', async (context) => {
    const opened = await open(context)
    const heard: string[] = []
    const cancel = opened.holding.on(({ type }) => heard.push(type))
    cancel()
    await fill(opened)
    assert.deepEqual(heard, [])
  })
}
