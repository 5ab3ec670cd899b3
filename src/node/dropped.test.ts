import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createLog, systemClock, systemRandom } from './adapters.ts'
import { createDropped } from './dropped.ts'
import { temporaryHome } from './testing.ts'
import { createUploads } from './uploads.ts'

const signal = new AbortController().signal

/** Uploads over one folder and one database; `again` is what the next start has. */
function setup(t: TestContext) {
  const { dropped: folder } = temporaryHome(t)
  const shared: string[] = []
  const database = new DatabaseSync(':memory:')
  const begin = () => {
    const dropped = createDropped({ folder, database, log: createLog([]) })
    const uploads = createUploads({
      ...{ folder, clock: systemClock, random: systemRandom, log: createLog([]), dropped },
      shared: () => shared,
    })
    t.after(() => uploads.stop())
    return uploads
  }
  const uploads = begin()
  const drop = async (...paths: string[]) => {
    const { id } = await uploads.begin()
    for (const path of paths) await uploads.write(id, path, Readable.from([Buffer.from(path)]), { signal })
    return uploads.finish(id, async (path) => {
      shared.push(path)
      return path
    })
  }
  const unshare = async (path: string) => {
    shared.splice(shared.indexOf(path), 1)
    await uploads.clear()
  }
  const names = () => readdirSync(folder).filter((name) => name !== '.unfinished')
  return { folder, shared, uploads, drop, unshare, names, again: begin }
}

test('a copy goes with the last share that needs it, be it of the whole, of a part, or of all around it', async (t) => {
  const { folder, shared, drop, unshare, names } = setup(t)
  const file = await drop('a.txt')
  const trip = await drop('trip/day 1/a.txt', 'trip/b.txt')
  const others = [trip, join(trip, 'day 1'), join(trip.toUpperCase(), 'b.txt'), folder]
  shared.push(...others)
  await unshare(trip)
  for (const path of others) {
    assert.deepEqual(names().sort(), ['a.txt', 'trip'])
    await unshare(path)
  }
  assert.deepEqual(names(), ['a.txt'])
  await unshare(file)
  assert.deepEqual(names(), [])
})

test('a name that begins alike is another one', async (t) => {
  const { drop, unshare, names } = setup(t)
  const trip = await drop('trip/a.txt')
  await drop('trip 2/a.txt')
  await unshare(trip)
  assert.deepEqual(names(), ['trip 2'])
})

test('what a person put there, wrote to or exchanged stays', async (t) => {
  const { folder, drop, unshare, names } = setup(t)
  const own = join(folder, 'own.txt')
  writeFileSync(own, 'mine')
  const trip = await drop('trip/same.txt', 'trip/edited.txt', 'trip/exchanged.txt', 'trip/deep/x.txt')
  writeFileSync(join(trip, 'edited.txt'), 'longer than it was')
  writeFileSync(join(trip, 'new'), 'trip/exchanged.txt')
  renameSync(join(trip, 'new'), join(trip, 'exchanged.txt'))
  writeFileSync(join(trip, 'added.txt'), 'mine')
  await unshare(trip)
  assert.deepEqual(names().sort(), ['own.txt', 'trip'])
  assert.deepEqual(readdirSync(trip).sort(), ['added.txt', 'edited.txt', 'exchanged.txt'])
  // A file of the same name that comes later was never uploaded.
  writeFileSync(join(trip, 'same.txt'), 'trip/same.txt')
  await unshare(trip)
  assert.ok(existsSync(join(trip, 'same.txt')))
})

test('a folder that was moved away and linked to is not followed', async (t) => {
  const { folder, drop, unshare } = setup(t)
  const trip = await drop('trip/photos/a.jpg', 'trip/b.txt')
  const away = join(dirname(folder), 'away')
  renameSync(join(trip, 'photos'), away)
  symlinkSync(away, join(trip, 'photos'))
  await unshare(trip)
  assert.deepEqual(readdirSync(away), ['a.jpg'])
  assert.deepEqual(readdirSync(trip), ['photos'])
})

test('a touched file counts as changed', async (t) => {
  const { drop, unshare, names } = setup(t)
  const file = await drop('a.txt')
  utimesSync(file, 1, 1)
  await unshare(file)
  assert.deepEqual(names(), ['a.txt'])
})

test('the next start deletes the copies that a crash left without a share, and no others', async (t) => {
  const { folder, shared, drop, names, again } = setup(t)
  await drop('kept.txt')
  await drop('orphan.txt')
  shared.splice(1)
  mkdirSync(join(folder, 'by hand'))
  await again().clear()
  assert.deepEqual(names().sort(), ['by hand', 'kept.txt'])
})

test('an upload that can not be shared leaves no copy; one that is about to be shared is not deleted', async (t) => {
  const { uploads, drop, names } = setup(t)
  const { id } = await uploads.begin()
  await uploads.write(id, 'a.txt', Readable.from([Buffer.from('a')]), { signal })
  const failing = uploads.finish(id, async (path) => {
    await uploads.clear()
    assert.ok(existsSync(path))
    throw new Error('too many shares')
  })
  await assert.rejects(failing, /too many shares/)
  assert.deepEqual(names(), [])

  // Two at once never get the same name.
  const paths = await Promise.all([drop('same.txt'), drop('same.txt'), drop('same.txt')])
  assert.equal(new Set(paths).size, 3)
  assert.equal(names().length, 3)
})
