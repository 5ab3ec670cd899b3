// The small parts: watchers and their budget, turns, open files, target names, the registry's choice, the real disk.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import type { Holding } from '../types.ts'
import { createDisk } from './disk.ts'
import { writeError } from './errors.ts'
import { flushOneByOneMax, ignoreFileBytesMax, nameTriesMax, openFilesMax, pollMs, watchersMax } from './limits.ts'
import { createOpenFiles } from './open-files.ts'
import { createRegistry } from './registry.ts'
import { freePath } from './target-folder.ts'
import { tempFolder, testClock, until, writeTree } from './testing.ts'
import { walk } from './walk.ts'
import { createWatchBudget, watchShare } from './watch.ts'

/** A clock whose timers run when told. */
function handClock(): Clock & { timers: Map<number, () => void> } {
  const timers = new Map<number, () => void>()
  return {
    timers,
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(delayMs, run) {
      timers.set(delayMs, run)
      return () => timers.delete(delayMs)
    },
  }
}

test('changes below a watched folder are told; what is let go of is silent and gives its watcher back', async (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { 'root/sub/a.txt': 'a', 'root/other/b.txt': 'b' })
  const budget = createWatchBudget()
  assert.equal(budget.left, watchersMax)
  let changes = 0
  const watch = watchShare({ clock: testClock, budget }, join(folder, 'root'), () => {
    changes += 1
  })
  context.after(() => watch.close())
  const look = (...folders: string[]) => {
    watch.begin()
    for (const one of folders) watch.add(join(folder, one))
    watch.end()
  }
  look('root', 'root/sub', 'root/other')
  assert.equal(watch.watching, 'events')
  assert.equal(budget.left, watchersMax - 4)
  writeFileSync(join(folder, 'root', 'sub', 'a.txt'), 'changed')
  await until(() => changes > 0)
  look('root', 'root/sub')
  assert.equal(budget.left, watchersMax - 3)
  // A neighbour of the shared path is none of its business.
  changes = 0
  writeFileSync(join(folder, 'neighbour.txt'), 'x')
  writeFileSync(join(folder, 'root', 'last.txt'), 'x')
  await until(() => changes > 0)
  watch.close()
  assert.equal(budget.left, watchersMax)
})

test('without watchers left a share is looked at from time to time', (context) => {
  const folder = tempFolder(context)
  const clock = handClock()
  let looks = 0
  const watch = watchShare({ clock, budget: { left: 1 } }, folder, () => {
    looks += 1
  })
  watch.begin()
  watch.add(folder)
  watch.end()
  assert.equal(watch.watching, 'polling')
  clock.timers.get(pollMs)?.()
  clock.timers.get(pollMs)?.()
  assert.equal(looks, 2)
  watch.close()
  assert.equal(clock.timers.size, 0)
})

test('turns run so many at once, in order, whatever becomes of each', async () => {
  const turns = createTurns(2)
  let running = 0
  let most = 0
  const order: number[] = []
  const job = (number: number) => async () => {
    running += 1
    most = Math.max(most, running)
    order.push(number)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    if (number % 3 === 0) throw new Error('no')
  }
  await Promise.allSettled(Array.from({ length: 12 }, (_, number) => turns(job(number))))
  assert.equal(most, 2)
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('so many files are open at once and no more; one in use stays open', async (context) => {
  const folder = tempFolder(context)
  const real = createDisk()
  let open = 0
  let most = 0
  const files = createOpenFiles({
    open(path) {
      open += 1
      most = Math.max(most, open)
      return real.open(path)
    },
    close(descriptor) {
      open -= 1
      real.close(descriptor)
    },
  })
  await files.use(join(folder, 'kept'), async (kept) => {
    for (let number = 0; number < openFilesMax * 2; number++) {
      const path = join(folder, `${number}`)
      await files.use(path, (descriptor) => real.write(descriptor, path, new Uint8Array([1]), 0))
    }
    await real.write(kept, 'kept', new Uint8Array([7]), 0)
  })
  assert.equal(most, openFilesMax)
  files.closeBelow(folder)
  assert.equal(open, 0)
  assert.deepEqual([...readFileSync(join(folder, 'kept'))], [7])
})

test('a free name is looked for, but not for ever', (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { 'a.txt': '', 'a (2).txt': '' })
  symlinkSync('nowhere', join(folder, 'a (3).txt'))
  assert.equal(
    freePath(join(folder, 'a.txt'), () => false),
    join(folder, 'a (4).txt'),
  )
  let tries = 0
  const taken = () => {
    tries += 1
    return true
  }
  assert.throws(() => freePath(join(folder, 'a.txt'), taken), { code: 'disk_failed' })
  assert.equal(tries, nameTriesMax)
})

test('one holding stands for a share: own before fetched before kept, newer before older', () => {
  const registry = createRegistry()
  const events: string[] = []
  const holding = (name: string, sequence: number) =>
    ({ name, shareId: 's', discovery: new Uint8Array(32), record: { sequence } }) as unknown as Holding & {
      name: string
    }
  registry.on(({ type, holding: one }) => events.push(`${type} ${(one as Holding & { name: string }).name}`))
  const kept = holding('kept', 9)
  const old = holding('old', 1)
  const fetched = holding('fetched', 2)
  const own = holding('own', 1)
  registry.add(kept, 'kept')
  registry.add(old, 'fetched')
  registry.add(fetched, 'fetched')
  registry.add(own, 'own')
  registry.remove(old)
  registry.remove(own)
  registry.remove(fetched)
  registry.remove(kept)
  assert.deepEqual(events, [
    ...['added kept', 'removed kept', 'added old', 'removed old', 'added fetched', 'removed fetched', 'added own'],
    ...['removed own', 'added fetched', 'removed fetched', 'added kept', 'removed kept'],
  ])
  assert.deepEqual(registry.holdings(), [])
})

test('the real disk: writes in place, never through a link, flushes few and many', async (context) => {
  const folder = tempFolder(context)
  const disk = createDisk()
  assert.ok((await disk.freeBytes(folder)) > 0)
  assert.equal(await disk.isWritable(folder), true)
  assert.equal(await disk.isWritable(join(folder, 'missing')), false)
  symlinkSync(join(folder, 'outside'), join(folder, 'link'))
  assert.throws(() => disk.open(join(folder, 'link')), { kind: 'local' })
  assert.throws(() => disk.writeWhole(join(folder, 'link'), new Uint8Array(1)), { kind: 'local' })
  assert.equal(existsSync(join(folder, 'outside')), false)
  assert.throws(() => disk.open(join(folder, 'no', 'folder')), { code: 'folder_missing' })
  const paths = Array.from({ length: flushOneByOneMax + 1 }, (_, number) => join(folder, `${number}`))
  for (const path of paths) disk.writeWhole(path, new Uint8Array([1, 2]))
  await disk.flush(folder, paths.slice(0, 3))
  await disk.flush(folder, paths)
  await disk.flushFolder(folder)
  rmSync(join(folder, '0'))
  await assert.rejects(disk.flush(folder, [join(folder, '0')]), { kind: 'local' })
})

test('system errors of a write become words', () => {
  const codes = { ENOSPC: 'disk_full', EDQUOT: 'disk_full', EROFS: 'folder_read_only', EACCES: 'folder_read_only' }
  for (const [system, code] of Object.entries({ ...codes, ENOENT: 'folder_missing', EIO: 'disk_failed' })) {
    const error = writeError(Object.assign(new Error(system), { code: system }), '/x')
    assert.deepEqual([error.code, error.kind], [code, 'local'])
  }
})

test('an ignore file is read up to its limit, and folders down to theirs', async (context) => {
  const folder = tempFolder(context)
  writeTree(folder, { '.gitignore': `early\n${'#'.repeat(ignoreFileBytesMax)}\nlate\n`, early: '', late: '' })
  mkdirSync(join(folder, ...Array.from({ length: 130 }, () => 'd')), { recursive: true })
  const found: string[] = []
  const depths: number[] = []
  for await (const step of walk(folder)) {
    if (step.kind === 'file') found.push(step.path.join('/'))
    if (step.kind === 'skipped') assert.deepEqual([step.code, step.path.length], ['too_deep', 128])
    depths.push(step.path.length)
  }
  assert.deepEqual(found, ['.gitignore', 'late'])
  assert.equal(Math.max(...depths), 128)
})
