// Every holding of this folder against the suite that the simulated holding passes, too.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import {
  type HoldingCase,
  type HoldingSetup,
  type Shape,
  type Source,
  testHolding,
} from '../../../test/support/holding-suite.ts'
import { parseLink } from '../format/link.ts'
import type { Holding, ShareLink, Visibility } from '../types.ts'
import { createDisk, type Disk } from './disk.ts'
import { storedInDatabaseBytesMax } from './limits.ts'
import { craftShare, get, openComputer, openGet, readTree, seededBytes, tempFolder, writeTree } from './testing.ts'

/** Inner nodes, leaves on both sides of what the database takes, one leaf in two files; the last one is a file's own. */
const tree = {
  'big.bin': seededBytes(1, 1_500_000),
  'docs/small.txt': 'small',
  'docs/twin.bin': seededBytes(2, 90_000),
  'docs/zwilling.bin': seededBytes(2, 90_000),
  'empty.txt': '',
  'zz/last.bin': seededBytes(3, storedInDatabaseBytesMax + 1_000),
}

interface Shared {
  readonly link: ShareLink
  readonly keepLink: ShareLink
  readonly holding: Holding
  readonly root: string
}

/** By hand, of 29,200 tiny files: one inventory page lists 29,127 blocks. Made once. */
const crafted = new Map<Visibility, ReturnType<typeof craftShare>>()
function craftPaged(visibility: Visibility): ReturnType<typeof craftShare> {
  const content = (at: number) => new TextEncoder().encode(`${at}`)
  const files = Array.from({ length: 29_200 }, (_, at) => ({ name: `${at + 10_000}`, content: content(at) }))
  const made = crafted.get(visibility) ?? craftShare(files, { visibility })
  crafted.set(visibility, made)
  return made
}

/** What an author offers. */
async function share(context: TestContext, folder: string, shape: Shape, visibility: Visibility): Promise<Shared> {
  const root = join(folder, 'root')
  if (shape === 'paged') {
    const { link, holding } = craftPaged(visibility)
    return { link, keepLink: { ...link, kind: 'keep', secret: undefined }, holding, root }
  }
  writeTree(root, tree)
  const author = await openComputer(context, join(folder, 'author'))
  const { id, link, holding } = await author.share(root, visibility)
  const { keepLink } = author.shares.link(id, [])
  return { link, keepLink: keepLink === undefined ? link : parseLink(keepLink), holding, root }
}

/** All blocks as they are now: what happens to the holding later does not touch them. */
async function snapshot(holding: Holding): Promise<Source> {
  const { inventory } = holding
  assert.ok(inventory !== undefined)
  const blocks: Uint8Array[] = []
  for (let index = 0; index < inventory.count; index++) blocks.push(await holding.readBlock(index))
  return { inventory, readBlock: async (index) => blocks[index] ?? new Uint8Array(0) }
}

/** The real disk, counting what is written to it. */
function countingDisk(): { readonly disk: Disk; readonly writes: () => number } {
  const disk = createDisk()
  let writes = 0
  const count = () => {
    writes += 1
  }
  return {
    disk: {
      ...disk,
      write: (...call) => disk.write(...call).then(count),
      writeWhole(...call) {
        disk.writeWhole(...call)
        count()
      },
    },
    writes() {
      const before = writes
      writes = 0
      return before
    },
  }
}

/** Other bytes in every file below, of the same number; returns whether all is as it was after that. */
function spoil(folder: string): () => boolean {
  for (const path of Object.keys(readTree(folder)).filter((name) => !name.endsWith('/'))) {
    const file = join(folder, path)
    writeFileSync(
      file,
      readFileSync(file).map((byte) => byte ^ 0x55),
    )
  }
  const spoilt = readTree(folder)
  return () => isDeepStrictEqual(readTree(folder), spoilt)
}

/** A setup whose folder `damage` finds again: each test opens one. */
function setupOf(
  begin: (context: TestContext, folder: string, shape: Shape, disk: Disk) => Promise<HoldingCase>,
  damaged: (folder: string, holding: Holding) => string,
  unwanted = 0,
): HoldingSetup {
  const { disk, writes } = countingDisk()
  const folders = new WeakMap<HoldingCase, string>()
  return {
    async open(context, shape) {
      const folder = tempFolder(context)
      mkdirSync(join(folder, 'to'))
      const opened = await begin(context, folder, shape, disk)
      folders.set(opened, folder)
      return opened
    },
    writes,
    damage: (opened) => spoil(damaged(folders.get(opened) ?? '', opened.holding)),
    unwanted,
  }
}

const into = (folder: string) => join(folder, 'to')

for (const visibility of ['private', 'public'] as const) {
  testHolding(
    `own share, ${visibility}`,
    'complete',
    setupOf(
      async (context, folder, shape) => {
        const { holding } = await share(context, folder, shape, visibility)
        return { holding, source: await snapshot(holding) }
      },
      (folder) => join(folder, 'root'),
    ),
  )

  testHolding(
    `get under way, ${visibility}`,
    'filled',
    setupOf(async (context, folder, shape, disk) => {
      const shared = await share(context, folder, shape, visibility)
      const reader = await openComputer(context, join(folder, 'reader'), { disk })
      return { holding: await openGet(reader, shared, into(folder)), source: await snapshot(shared.holding) }
    }, into),
  )

  testHolding(
    `kept copy, ${visibility}`,
    'filled',
    setupOf(
      async (context, folder, shape, disk) => {
        const { keepLink, holding } = await share(context, folder, shape, visibility)
        const keeper = await openComputer(context, join(folder, 'keeper'), { disk })
        const kept = await keeper.library.openKept({ link: keepLink, recordBytes: holding.recordBytes })
        return { holding: kept, source: await snapshot(holding) }
      },
      (folder, { shareId }) => join(folder, 'keeper', 'blocks', shareId),
    ),
  )
}

testHolding(
  'get of a part under way',
  'filled',
  setupOf(
    async (context, folder, shape, disk) => {
      const shared = await share(context, folder, shape, 'private')
      const reader = await openComputer(context, join(folder, 'reader'), { disk })
      const only = shape === 'paged' ? undefined : '*.bin'
      return { holding: await openGet(reader, shared, into(folder), only), source: await snapshot(shared.holding) }
    },
    into,
    2, // small.txt and empty.txt
  ),
)

for (const only of [undefined, '*.bin']) {
  const what = only === undefined ? 'get' : 'get of a part'

  testHolding(
    `finished ${what}`,
    'complete',
    setupOf(async (context, folder, shape) => {
      const shared = await share(context, folder, shape, 'private')
      const reader = await openComputer(context, join(folder, 'reader'))
      const source = await snapshot(shared.holding)
      const { holding } = await get(reader, shared, into(folder), only)
      return { holding, source }
    }, into),
  )

  testHolding(
    `finished ${what}, after a restart`,
    'complete',
    setupOf(async (context, folder, shape) => {
      const shared = await share(context, folder, shape, 'private')
      const reader = await openComputer(context, join(folder, 'reader'))
      const source = await snapshot(shared.holding)
      const { holding } = await get(reader, shared, into(folder), only)
      await reader.stop()
      const again = await openComputer(context, join(folder, 'reader'))
      const found = again.library.byShare(holding.shareId)
      assert.ok(found !== undefined)
      return { holding: found, source }
    }, into),
  )
}
