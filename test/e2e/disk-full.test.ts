// A disk that is really full: a tmpfs of a few MiB as the folder of a get. Refused before it begins, or ended in the
// middle when somebody else takes the space; either way with words, and with nothing lost.

import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { smallDisk } from '../support/small-disk.ts'
import { counter, type Done, fileHash, lastObject, mebibyte, peersOf, sampleBytes, share, until } from './support.ts'

interface Problem {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly details: { readonly free?: number }
}

/** An author on the usual disk with one shared file, and a reader whose folder `to` is on a small one. */
async function setup(t: TestContext, options: { readonly diskMebibytes: number; readonly fileMebibytes: number }) {
  const peers = peersOf(t)
  const to = peers.folder()
  const disk = smallDisk(to, options.diskMebibytes)
  if (disk === undefined) {
    t.skip('this user may not mount a tmpfs in a namespace of their own')
    return undefined
  }
  const [author, reader] = await Promise.all([peers.start(), peers.start({ within: disk.within })])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', options.fileMebibytes * mebibyte))
  const { link } = await share(author, file)
  return { author, reader, file, link, to, seen: disk.seenBy(reader.process.pid) }
}

test('a get that can not fit is refused before it begins: exit 6, and how much is missing', async (t) => {
  const scene = await setup(t, { diskMebibytes: 24, fileMebibytes: 32 })
  if (scene === undefined) return
  const { reader, link, to, seen } = scene
  const result = await reader.run('get', link, '--to', to, '--json')
  assert.equal(result.code, 6, result.stdout)
  const problem = lastObject<Problem>(result)
  assert.equal(problem.code, 'disk_full')
  // 32 MiB and a reserve of 16 MiB on a disk of 24 MiB, in MB and rounded up.
  assert.match(problem.message, /needs 33\.6 MB, .* 25\.2 MB are free, so 25\.2 MB are missing/)
  assert.match(problem.hint, /Free some space/)
  assert.deepEqual(readdirSync(seen), [])
})

test('space that goes in the middle of a get ends it; freed, the same command goes on with what was there', async (t) => {
  const scene = await setup(t, { diskMebibytes: 64, fileMebibytes: 32 })
  if (scene === undefined) return
  const { author, reader, file, link, to, seen } = scene
  const running = reader.spawn('get', link, '--to', to, '--json')
  const transfer = async () => (await reader.client.transfers.list())[0]
  await until('some bytes', async () => ((await transfer())?.bytesDone ?? 0) > 0)
  // Held still, so that the disk is full while bytes are yet to come.
  author.process.kill('SIGSTOP')
  t.after(() => author.process.kill('SIGCONT'))
  fill(join(seen, 'somebody-else'))
  author.process.kill('SIGCONT')
  const result = await running.done
  assert.equal(result.code, 6, result.stdout)
  const problem = lastObject<Problem>(result)
  assert.equal(problem.code, 'disk_full')
  const failed = await transfer()
  assert.equal(failed?.state, 'failed')
  assert.ok(failed.bytesDone > 0 && failed.bytesDone < failed.bytes, `${failed.bytesDone} of ${failed.bytes}`)

  rmSync(join(seen, 'somebody-else'))
  const sentBefore = await counter(author, 'transfer_bytes_out')
  const again = await reader.run('get', link, '--to', to, '--json')
  assert.equal(again.code, 0, again.stdout + again.stderr)
  const done = lastObject<Done>(again)
  assert.ok(done.bytesReused >= failed.bytesDone, `${done.bytesReused} of ${failed.bytesDone} were taken up`)
  const sent = (await counter(author, 'transfer_bytes_out')) - sentBefore
  // One block is larger than its content by what seals it.
  assert.ok(sent <= 1.01 * (done.bytes - failed.bytesDone), `${sent} bytes were sent again`)
  assert.equal((await reader.client.transfers.list()).length, 1)
  assert.equal(fileHash(join(seen, 'film.bin')), fileHash(file))
})

/** Writes until there is no room left. */
function fill(path: string): void {
  const descriptor = openSync(path, 'w')
  const chunk = Buffer.alloc(64 * 1024)
  try {
    for (;;) writeSync(descriptor, chunk)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  } finally {
    closeSync(descriptor)
  }
}
