// The simulated holding keeps to what real ones keep to: a simulation is worth as much as that.

import { createInventory } from '../../src/content/format/inventory.ts'
import { type HoldingSetup, type Shape, type Source, testHolding } from '../support/holding-suite.ts'
import { createVirtualClock } from './clock.ts'
import { type Content, createDisk, createHolding, createLibrary, makeContent } from './holdings.ts'
import { createRandom } from './random.ts'

const shapes = { small: { blocks: 9, blockBytes: 3_000, nodes: 2 }, paged: { blocks: 29_200, blockBytes: 8 } }

const contentOf = (shape: Shape) => makeContent(createRandom(`holding/${shape}`), shapes[shape])

const sourceOf = (content: Content): Source => ({
  inventory: createInventory(content.pages, content.record),
  readBlock: async (index) => content.blocks[index] ?? new Uint8Array(0),
})

/** The disk counts no writes, but each takes of its room once. */
function filled(storeMs: number, wanted?: (index: number) => boolean): HoldingSetup {
  let disk = createDisk()
  let freeBytes = 0
  return {
    async open(context, shape) {
      const content = contentOf(shape)
      const clock = createVirtualClock()
      const pump = setInterval(() => clock.advance(Number.POSITIVE_INFINITY))
      context.after(() => clearInterval(pump))
      disk = createDisk()
      disk.freeBytes = freeBytes = 1_000_000
      const options = { ...content, disk, clock, storeMs }
      const holding = createHolding(wanted === undefined ? options : { ...options, wanted })
      return { holding, source: sourceOf(content) }
    },
    writes() {
      const writes = (freeBytes - disk.freeBytes) / shapes.small.blockBytes
      freeBytes = disk.freeBytes
      return writes
    },
    unwanted: wanted === undefined ? 0 : 1,
  }
}

testHolding('simulated get', 'filled', filled(0))
testHolding('simulated get on a slow disk', 'filled', filled(20))
testHolding(
  'simulated get of a part',
  'filled',
  filled(0, (index) => index !== 4),
)
testHolding('simulated share', 'complete', {
  async open(_context, shape) {
    const content = contentOf(shape)
    const library = createLibrary(createDisk(), createVirtualClock(), () => content.meta)
    return { holding: library.share(content), source: sourceOf(content) }
  },
})
