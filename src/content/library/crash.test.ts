// Kills a process that gets a share, at seeded moments, and looks at what the next one makes of it: everything that was
// acknowledged is there, nothing is believed unread, and the share ends up whole.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseLink } from '../format/link.ts'
import type { FetchedHolding, ShareId } from '../types.ts'
import { openComputer, openGet, readTree, seededBytes, tempFolder, transfer, writeTree } from './testing.ts'

const roleOfChild = 'get-and-die'

/** What the child is to do; it tells every acknowledged block, then "finishing", then "finished", a line each. */
interface Orders {
  readonly folder: string
  readonly id: ShareId
  readonly mode: 'get' | 'keep'
  readonly seed: number
}

if (process.argv[2] === roleOfChild) await runChild(JSON.parse(process.argv[3] ?? '') as Orders)
else defineTests()

async function runChild({ folder, id, mode, seed }: Orders): Promise<void> {
  const context = { after() {} }
  const author = await openComputer(context, join(folder, 'author'))
  await author.shares.settled(id)
  const reader = await openComputer(context, join(folder, 'reader'))
  const source = author.library.byShare(id)
  assert.ok(source)
  const link = parseLink(author.shares.link(id, []).link)
  const shared = { link, holding: source }
  const target =
    mode === 'get'
      ? await openGet(reader, shared, join(folder, 'to'))
      : await reader.library.openKept({ link, recordBytes: source.recordBytes })
  const random = seededNumbers(seed)
  const tell = (line: string) => void writeSync(1, `${line}\n`)
  await transfer(source, target, {
    order: (indexes) => shuffle(indexes, random),
    onPut: (index) => tell(`${index}`),
  })
  tell('finishing')
  if (mode === 'get') await (target as FetchedHolding).finish()
  tell('finished')
  // Lives on until it is killed.
  process.stdin.resume()
}

function seededNumbers(seed: number): () => number {
  const bytes = seededBytes(seed, 4096)
  let at = 0
  return () => (bytes[at++ % bytes.length] ?? 0) * 256 + (bytes[at++ % bytes.length] ?? 0)
}

function shuffle(indexes: readonly number[], random: () => number): number[] {
  return indexes
    .map((index) => [random(), index] as const)
    .sort(([a], [b]) => a - b)
    .map(([, index]) => index)
}

/** Starts the child and kills it when `isTime` says so of the lines so far; resolves with the lines it told. */
function runAndKill(orders: Orders, isTime: (lines: readonly string[]) => boolean, delayMs: number): Promise<string[]> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), roleOfChild, JSON.stringify(orders)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines: string[] = []
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('no output')
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line)
      if (isTime(lines)) setTimeout(() => child.kill('SIGKILL'), delayMs)
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(lines)
      else reject(new Error(`the child ended by itself with ${code}`))
    })
  })
}

function defineTests(): void {
  const tree = {
    'big.bin': seededBytes(1, 5_000_000),
    'twin.bin': seededBytes(1, 5_000_000),
    'middle.bin': seededBytes(2, 400_000),
    'empty.txt': '',
    'none/': '',
    ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`small/${n % 4}/${n}.txt`, `file ${n}`.repeat(n)])),
  }

  async function prepare(context: Parameters<typeof tempFolder>[0] & { after(done: () => Promise<void>): void }) {
    const folder = tempFolder(context)
    writeTree(join(folder, 'root'), tree)
    mkdirSync(join(folder, 'to'))
    const author = await openComputer(context, join(folder, 'author'))
    const shared = await author.share(join(folder, 'root'))
    await author.stop()
    return { folder, ...shared }
  }

  for (const seed of [11, 12, 13]) {
    test(`killed while blocks arrive (seed ${seed}), nothing that was acknowledged is lost`, async (context) => {
      const { folder, id, link, holding } = await prepare(context)
      const random = seededNumbers(seed)
      let before = 0
      for (let round = 0; round < 3; round++) {
        const dieAt = 1 + (random() % 18)
        const isTime = (lines: readonly string[]) => lines.length === dieAt || lines.at(-1) === 'finished'
        const lines = await runAndKill({ folder, id, mode: 'get', seed: seed + round }, isTime, random() % 4)
        const reader = await openComputer(context, join(folder, 'reader'))
        const again = await openGet(reader, { link, holding }, join(folder, 'to'))
        const missing = lines.filter((line) => /^\d+$/.test(line) && !again.have.has(Number(line)))
        assert.deepEqual(missing, [], `round ${round}`)
        assert.ok(again.have.ones >= before)
        before = again.have.ones
        await reader.stop()
      }
      const author = await openComputer(context, join(folder, 'author'))
      const source = author.library.byShare(id)
      assert.ok(source)
      const reader = await openComputer(context, join(folder, 'reader'))
      const last = await openGet(reader, { link, holding }, join(folder, 'to'))
      assert.equal(await transfer(source, last), source.record.blocks - before)
      await last.finish()
      assert.deepEqual(readdirSync(join(folder, 'to')), ['root'])
      assert.deepEqual(readTree(join(folder, 'to', 'root')), readTree(join(folder, 'root')))
    })
  }

  test('killed while it finishes, a get ends without fetching anything again', async (context) => {
    const { folder, id, link, holding } = await prepare(context)
    const deaths = [0, 2, 5, 10, 20].map((delayMs) => ({ after: 'finishing', delayMs }))
    for (const [round, { after, delayMs }] of [...deaths, { after: 'finished', delayMs: 0 }].entries()) {
      const isTime = (lines: readonly string[]) => lines.at(-1) === after
      const orders = { folder, id, mode: 'get', seed: round } as const
      const lines = await runAndKill(orders, isTime, delayMs)
      const reader = await openComputer(context, join(folder, 'reader'))
      const again = await openGet(reader, { link, holding }, join(folder, 'to'))
      assert.equal(again.complete, true, `round ${round}, told ${lines.at(-1)}`)
      await again.finish()
      assert.deepEqual(readdirSync(join(folder, 'to')), ['root'])
      assert.deepEqual(readTree(join(folder, 'to', 'root')), readTree(join(folder, 'root')))
      // The next round begins anew, from nothing.
      await reader.library.removeHolding(id)
      await reader.stop()
      rmSync(join(folder, 'to', 'root'), { recursive: true })
    }
  })

  test('killed while blocks are kept, nothing that was acknowledged is lost', async (context) => {
    const { folder, id, link, holding } = await prepare(context)
    const random = seededNumbers(21)
    for (let round = 0; round < 2; round++) {
      const dieAt = 3 + (random() % 15)
      const isTime = (lines: readonly string[]) => lines.length === dieAt || lines.at(-1) === 'finished'
      const lines = await runAndKill({ folder, id, mode: 'keep', seed: round }, isTime, random() % 4)
      const reader = await openComputer(context, join(folder, 'reader'))
      const again = await reader.library.openKept({ link, recordBytes: holding.recordBytes })
      assert.deepEqual(
        lines.filter((line) => /^\d+$/.test(line) && !again.have.has(Number(line))),
        [],
      )
      for (let index = 0; index < again.record.blocks; index++) if (again.have.has(index)) await again.readBlock(index)
      await reader.stop()
    }
  })
}
