// A share with three holders of which any two die at any moments: every reader still finishes. A failure names its seed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { createWorld, type World } from './world.ts'

const seeds = 32
const mebibyte = 1024 * 1024
/** Three holders of 1 MiB/s each need some 2 s for two readers, one of them 5 s; deaths come before, in and after that. */
const deathsWithinMs = 2_500

test(`any two of three holders die at any moments, ${seeds} seeds`, async () => {
  let between = 0
  for (let number = 0; number < seeds; number++) {
    const seed = `holders-${number}`
    const world = createWorld(seed)
    try {
      const { elapsedMs, deaths } = await play(world)
      between += deaths.filter((atMs) => atMs > 0 && atMs < elapsedMs).length
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  assert.ok(between > seeds, `most die while readers read: ${between} of ${2 * seeds}`)
})

async function play(world: World): Promise<{ elapsedMs: number; deaths: readonly number[] }> {
  const { random } = world
  const content = world.content({ blocks: 40, blockBytes: 65_536, nodes: 2 })
  const holders = []
  for (let at = 0; at < 3; at++) holders.push(await world.peer({ up: mebibyte, delayMs: 5 + random.below(40) }))
  for (const holder of holders) holder.share(content)
  const link = world.linkTo(content, ...holders)
  const readers: { peer: (typeof holders)[number]; id: Awaited<ReturnType<(typeof holders)[number]['get']>> }[] = []
  for (let at = 0; at < 2; at++) {
    const peer = await world.peer({ up: mebibyte, delayMs: 5 + random.below(40) })
    readers.push({ peer, id: await peer.get(link) })
  }
  const beganMs = world.clock.nowMs()
  const survivor = random.pick(holders)
  const dying = holders.filter((holder) => holder !== survivor)
  const deaths = dying.map(() => random.below(deathsWithinMs)).sort((a, b) => a - b)
  for (const [at, momentMs] of deaths.entries()) {
    await world.pass(Math.max(0, beganMs + momentMs - world.clock.nowMs()))
    dying[at]?.crash()
  }
  const isDone = ({ peer, id }: (typeof readers)[number]) => peer.service.view(id).state === 'done'
  await world.until('every reader is done', () => readers.every(isDone), 120_000)
  const elapsedMs = Math.max(...readers.map(({ peer, id }) => peer.service.view(id).endedAtMs ?? 0)) - beganMs
  for (const { peer } of readers) {
    assert.deepEqual(peer.blamed(), [], 'nobody honest is blamed')
    for (const block of content.blocks.keys()) {
      const digest = peer.library.sim(content.shareId)?.inventory?.digest(block) ?? new Uint8Array(0)
      const here = peer.disk.blocks.get(toHex(digest)) ?? new Uint8Array(0)
      assert.ok(equalBytes(here, content.blocks[block] ?? new Uint8Array(1)), `block ${block} differs`)
    }
  }
  await world.stop()
  return { elapsedMs, deaths }
}
