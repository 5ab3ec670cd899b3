// What may happen to the file between two starts, on a real disk and on one that dies between any two operations.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { type KeystoreDisk, nodeDisk } from './keystore-disk.ts'
import { createKeystoreStore } from './keystore-store.ts'
import { encodeKeystore, type Keystore } from './keystore-wire.ts'
import { keystoreBytesMax } from './limits.ts'
import { failure, hexBytes, recordingLog, seededRandom, temporaryHome, vector } from './testing.ts'

const one = keystoreNamed('One')
const two = keystoreNamed('Two')

function keystoreNamed(deviceName: string): Keystore {
  return {
    deviceName,
    certificate: hexBytes(vector.certificate),
    secrets: { kind: 'plain', entropy: new Uint8Array(32).fill(0xab), deviceSeed: new Uint8Array(32).fill(0xcd) },
  }
}

function storeAt(home: string, disk: KeystoreDisk = nodeDisk, log = recordingLog()) {
  return createKeystoreStore(home)({ disk, random: seededRandom('keystore'), log })
}

async function homeWith(t: TestContext, keystore?: Keystore) {
  const home = await temporaryHome(t)
  const store = storeAt(home)
  await store.prepare()
  if (keystore) await store.create(keystore)
  return { home, store, path: join(home, 'keystore.json') }
}

/** Fails, as `code`, the operation after `operations` good ones, and every one after it: the machine is gone. */
function dyingDisk(operations: number, code = 'EIO', also?: (name: string, args: unknown[]) => Promise<void>) {
  let left = operations
  let died = false
  const disk = Object.fromEntries(
    Object.entries(nodeDisk).map(([name, run]) => [
      name,
      async (...args: never[]) => {
        if (left-- > 0) return (run as (...args: never[]) => unknown)(...args)
        if (!died) await also?.(name, args)
        died = true
        throw Object.assign(new Error('the disk is gone'), { code })
      },
    ]),
  ) as unknown as KeystoreDisk
  return { disk, died: () => died }
}

test('folder 0700, file 0600, whatever the umask allows', async (t) => {
  const { home, path, store } = await homeWith(t, one)
  assert.equal((await stat(home)).mode & 0o777, 0o700)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await store.replace(two)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const kept = await store.keep(two, 5)
  assert.equal((await stat(kept)).mode & 0o777, 0o600)
  assert.deepEqual((await readdir(home)).sort(), ['keystore.json', 'keystore.replaced-5.json'])
})

test('a file that group or others may use is refused with the command that mends it', async (t) => {
  const { path, store } = await homeWith(t, one)
  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o777]) {
    await chmod(path, mode)
    const error = await failure(() => store.load(), 'keystore_exposed')
    assert.equal(error.hint, `chmod 600 '${path}'`)
    assert.deepEqual(error.details, { path, mode: mode.toString(8) })
  }
  await chmod(path, 0o600)
  assert.deepEqual(await store.load(), one)
  await chmod(path, 0o400)
  assert.deepEqual(await store.load(), one)
})

test('the command in the hint holds for any path', async (t) => {
  const home = join(await temporaryHome(t), "it's $(here)")
  const store = storeAt(home)
  await store.prepare()
  await store.create(one)
  await chmod(store.path, 0o644)
  const error = await failure(() => store.load(), 'keystore_exposed')
  assert.ok(error.hint.endsWith("it'\\''s $(here)/keystore.json'"), error.hint)
})

test('a folder that others may write into is worth a warning', async (t) => {
  const { home } = await homeWith(t)
  await chmod(home, 0o777)
  const log = recordingLog()
  await storeAt(home, nodeDisk, log).prepare()
  assert.deepEqual(log.lines, [['warn', 'home_exposed', { home, mode: '777' }]])
})

test('cut at every byte on the disk: refused, named, and left alone', async (t) => {
  const { path, store } = await homeWith(t, one)
  const whole = encodeKeystore(one)
  for (let length = 0; length < whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length))
    const error = await failure(() => store.load(), 'keystore_damaged')
    assert.ok(error.message.includes(path) && error.hint.includes(`mv '${path}' '${path}.damaged'`))
  }
  await failure(() => store.create(two), 'keystore_exists')
  assert.deepEqual(await readFile(path), Buffer.from(whole.subarray(0, whole.length - 1)))
})

test('what is no keystore file is refused without being read whole', async (t) => {
  const { home, path, store } = await homeWith(t)
  await writeFile(path, Buffer.alloc(keystoreBytesMax * 4, '{'), { mode: 0o600 })
  await failure(() => store.load(), 'keystore_damaged')
  const link = join(dirname(home), 'folder-home')
  await mkdir(join(link, 'keystore.json'), { recursive: true })
  const error = await failure(() => storeAt(link).load(), 'keystore_unreadable')
  assert.match(error.message, /not a regular file/)
})

test('a pipe or a device in its place neither holds up the start nor fills memory', async (t) => {
  for (const put of [
    (path: string) => promisify(execFile)('mkfifo', [path]),
    (path: string) => symlink('/dev/zero', path),
  ]) {
    const { path, store } = await homeWith(t)
    await put(path)
    await failure(() => store.load(), 'keystore_unreadable')
  }
})

test('a first keystore never takes the place of one that is there', async (t) => {
  const { store } = await homeWith(t, one)
  await failure(() => store.create(two), 'keystore_exists')
  assert.deepEqual(await store.load(), one)
})

test('the same on a file system without hard links', async (t) => {
  const noLinks: KeystoreDisk = {
    ...nodeDisk,
    link: async () => {
      throw Object.assign(new Error('no links here'), { code: 'EPERM' })
    },
  }
  const { home } = await homeWith(t)
  const store = storeAt(home, noLinks)
  await store.create(one)
  await failure(() => store.create(two), 'keystore_exists')
  assert.deepEqual(await store.load(), one)
  assert.deepEqual(await readdir(home), ['keystore.json'])
})

test('two kept at one instant are two files', async (t) => {
  const { home, store } = await homeWith(t, one)
  const paths = [await store.keep(one, 7), await store.keep(two, 7), await store.keep(one, 7)]
  assert.deepEqual(await store.kept(), [...paths].sort())
  assert.deepEqual(await Promise.all(paths.map((path) => store.load(path))), [one, two, one])
  assert.ok(paths.every((path) => dirname(path) === home))
})

test('a crash between any two steps of replacing leaves the old or the new one, whole', async (t) => {
  const { home, store } = await homeWith(t, one)
  for (let operations = 0, finished = false; !finished; operations++) {
    const { disk, died } = dyingDisk(operations)
    await storeAt(home, disk)
      .replace(two)
      .catch(() => undefined)
    finished = !died()
    await storeAt(home).prepare()
    const present = await store.load()
    assert.ok(present?.deviceName === 'One' || present?.deviceName === 'Two')
    // write, rename: from the third operation on it is the new one.
    assert.equal(present.deviceName, operations < 2 ? 'One' : 'Two')
    assert.deepEqual(await readdir(home), ['keystore.json'], 'no leftovers')
    await store.replace(one)
  }
})

test('a crash between any two steps of the first write leaves none or a whole one', async (t) => {
  for (let operations = 0, finished = false; !finished; operations++) {
    const { home, store } = await homeWith(t)
    const { disk, died } = dyingDisk(operations)
    await storeAt(home, disk)
      .create(one)
      .catch(() => undefined)
    finished = !died()
    await storeAt(home).prepare()
    assert.deepEqual(await store.load(), operations < 2 ? undefined : one)
    assert.deepEqual(await readdir(home), operations < 2 ? [] : ['keystore.json'], 'no leftovers')
  }
})

test('half a part file is thrown away at the next start, and nothing else is', async (t) => {
  const { home, path, store } = await homeWith(t, one)
  const { disk } = dyingDisk(0, 'EIO', async (_, [part]) => {
    await writeFile(String(part), encodeKeystore(two).subarray(0, 100))
  })
  await failure(() => storeAt(home, disk).replace(two), 'keystore_unwritable')
  const others = ['keystore.json.bak', 'keystore.json.part', 'notes.json.0123456789abcdef.part']
  for (const name of others) await writeFile(join(home, name), '')
  assert.equal((await readdir(home)).length, others.length + 2)
  const log = recordingLog()
  await storeAt(home, nodeDisk, log).prepare()
  assert.deepEqual((await readdir(home)).sort(), [...others, 'keystore.json'].sort())
  assert.deepEqual(log.lines, [['info', 'keystore_leftovers_removed', { count: 1 }]])
  assert.deepEqual(await store.load(), one)
  assert.deepEqual(await readFile(path), Buffer.from(encodeKeystore(one)))
})

test('a full or read-only disk is told in words, and leaves the old one', async (t) => {
  const { home, store } = await homeWith(t, one)
  for (const [code, words] of [
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'the disk is read-only'],
    ['EACCES', 'permission was denied'],
  ] as const) {
    const error = await failure(() => storeAt(home, dyingDisk(0, code).disk).replace(two), 'keystore_unwritable')
    assert.ok(error.message.includes(words), error.message)
    assert.equal(error.kind, 'local')
  }
  assert.deepEqual(await store.load(), one)
  const unreadable = await failure(() => storeAt(home, dyingDisk(0, 'EACCES').disk).load(), 'keystore_unreadable')
  assert.match(unreadable.message, /permission was denied/)
})

test('a folder that can’t be made is told', async (t) => {
  const { path } = await homeWith(t, one)
  const error = await failure(() => storeAt(join(path, 'below')).prepare(), 'keystore_unwritable')
  assert.match(error.message, /a file has the name of its folder/)
})
