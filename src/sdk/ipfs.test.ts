// The SDK's calls about IPFS, against the API over an in-memory daemon.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../../test/support/api.ts'
import { missingCid } from '../../test/support/services-ipfs.ts'
import { isPeerhoodError } from '../base/errors.ts'

test('a get by CID is begun, followed and ended', async (t) => {
  const api = await startApi()
  t.after(() => api.close())
  const { ipfs } = api.client
  const begun = await ipfs.add({ kind: 'get', cid: 'bafkqaaa', to: '/there' })
  assert.equal(begun.state, 'running')
  const seen: string[] = []
  const done = await ipfs.finished(begun.id, { onProgress: ({ state }) => seen.push(state) })
  assert.deepEqual([done.state, done.path], ['done', '/there/got'])
  assert.equal(seen.at(-1), 'done')
  assert.deepEqual(
    (await ipfs.jobs()).map(({ id }) => id),
    [begun.id],
  )
  assert.equal((await ipfs.job(begun.id)).kind, 'get')
  assert.equal((await ipfs.status()).gateway, null)
})

test('what fails is thrown with its code and kind', async (t) => {
  const api = await startApi()
  t.after(() => api.close())
  const { ipfs } = api.client
  const missing = await ipfs.add({ kind: 'get', cid: missingCid, to: '/there' })
  await assert.rejects(ipfs.finished(missing.id), withCode('ipfs_block_not_found', 'not-found'))
  await assert.rejects(ipfs.add({ kind: 'get', cid: 'nonsense', to: '/there' }), withCode('cid_malformed', 'usage'))
  await assert.rejects(ipfs.job('0'), withCode('ipfs_job_unknown', 'not-found'))
  const cancelled = await ipfs.add({ kind: 'import', file: '/a.car', to: '/there' })
  await ipfs.cancel(cancelled.id)
  await assert.rejects(ipfs.finished(cancelled.id), withCode('transfer_cancelled', 'interrupted'))
})

function withCode(code: string, kind: string) {
  return (error: unknown) => isPeerhoodError(error) && error.code === code && error.kind === kind
}
