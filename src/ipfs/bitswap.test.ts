// Bitswap between two peers over real sockets: what is public goes out, what is private does not, and streams that no
// honest peer opens end with their code.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isPeerhoodError } from '../base/errors.ts'
import { cidOf } from '../content/format/cid.ts'
import { digestOf } from '../content/format/keys.ts'
import { readTree, seededBytes, tempFolder, writeTree } from '../content/library/testing.ts'
import { parseCid } from './cid.ts'
import { saveDag } from './save.ts'
import { connect, startIpfsPeer } from './testing.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code

test('a public folder is got by its CID, block by block', async (t) => {
  const [author, reader] = await Promise.all([startIpfsPeer(t), startIpfsPeer(t)])
  const folder = join(tempFolder(t), 'site')
  writeTree(folder, { 'a.txt': 'hello', 'deep/b.bin': seededBytes(1, 3_200_000), 'deep/empty': '', 'void/': '' })
  const { id } = await author.share(folder, 'public')
  const cid = parseCid(author.shares.get(id).cid ?? '')
  await connect(reader.network, author.network)
  const session = reader.bitswap.client.session([author.network.self])
  const to = tempFolder(t)
  const signal = AbortSignal.timeout(20_000)
  const saved = await saveDag({ get: session.get, cid, to, name: 'got', signal, onProgress() {} })
  session.close()
  assert.deepEqual(readTree(saved.path), readTree(folder))
  assert.equal(saved.files, 3)
  assert.equal(saved.bytesDone, 3_200_005)
  assert.equal(author.bitswap.ledgers()[0]?.peerId, reader.network.self)
  assert.ok((author.bitswap.ledgers()[0]?.bytesSent ?? 0) > 3_200_005)
})

test('no block of a private share goes out, nor whether it is there', async (t) => {
  const [author, reader] = await Promise.all([startIpfsPeer(t), startIpfsPeer(t)])
  const file = join(tempFolder(t), 'secret.bin')
  writeFileSync(file, seededBytes(2, 1_500_000))
  const { holding } = await author.share(file, 'private')
  await connect(reader.network, author.network)
  const session = reader.bitswap.client.session([author.network.self])
  t.after(() => session.close())
  const { inventory } = holding
  assert.ok(inventory !== undefined && inventory.count > 1)
  for (let index = 0; index < inventory.count; index++) {
    for (const codec of [0x55, 0x70] as const) {
      const cid = cidOf(codec, inventory.digest(index))
      await assert.rejects(session.get(cid), withCode('ipfs_block_not_found'))
      assert.equal(author.blocks.find(cid), undefined)
    }
  }
  // Nor by what the file's blocks would be called if it were public.
  const plain = seededBytes(2, 1_500_000)
  for (const leaf of [plain.subarray(0, 1_048_576), plain.subarray(1_048_576)]) {
    await assert.rejects(session.get(cidOf(0x55, digestOf(leaf))), withCode('ipfs_block_not_found'))
  }
  assert.deepEqual(
    author.bitswap.ledgers().map(({ bytesSent }) => bytesSent),
    [0],
  )
})
