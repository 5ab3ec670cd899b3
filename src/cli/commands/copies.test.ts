// `share --copies`, `shares` with copies, and `keep --for`.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startApi, type TestApi } from '../../../test/support/api.ts'
import { runIn } from '../../../test/support/cli.ts'
import type { Agreement, Contact, Share, ShareCopies } from '../../sdk/types.ts'

let api: TestApi
before(async () => {
  const files = new Map([['film.mp4', new Uint8Array(2_000)]])
  api = await startApi({ disk: new Map([['/home/ada/film.mp4', files]]) })
})
after(() => api.close())

const run = (...args: readonly string[]) => runIn(api.client, args)

test('share --copies says how many, and shares where', async () => {
  const shared = await run('share', '/home/ada/film.mp4', '--copies', '2')
  assert.equal(shared.code, 0, shared.stderr)
  assert.match(shared.stdout, /\n0 of 2 copies are alive\. `peerhood shares` shows how many there are, and where\.\n$/)
  const listed = await run('shares')
  assert.match(listed.stdout, /\n\nCOPIES OF +ALIVE AND WHERE\nfilm\.mp4 +0 of 2\. 0 of 2 copies are alive\.\n$/)
  const [shares] = (await run('shares', '--json')).json<(Share & { copies: ShareCopies | null })[]>()
  assert.equal(shares?.[0]?.copies?.copies, 2)
  const [ended] = (await run('share', '/home/ada/film.mp4', '--copies', '0', '--json')).json<{ copies: ShareCopies }>()
  assert.equal(ended?.copies.copies, 0)
  for (const wrong of ['-1', 'many', '17'])
    assert.equal((await run('share', '/home/ada/film.mp4', '--copies', wrong)).code, 2)
})

test('keep --for agrees, lists and stops', async () => {
  assert.match((await run('keep', '--for')).stdout, /^You keep copies for nobody\. /)
  const [contact] = (await run('direct', 'link', '--json')).json<Contact>()
  const link = contact?.link ?? ''
  const agreed = await run('keep', '--for', link, '--up-to', '50GB')
  assert.equal(agreed.code, 0, agreed.stderr)
  assert.match(agreed.stdout, /up to +50\.0 GB\nkept +0 B in 0 shares/)
  assert.match((await run('keep', '--for')).stdout, /^PERSON +NAME +KEPT +UP TO.*\n.* 0 B +50\.0 GB +0 +not yet/)
  const [list] = (await run('keep', '--for', '--json')).json<Agreement[]>()
  assert.equal(list?.[0]?.bytesMax, 50e9)
  const stopped = await run('keep', '--for', link, '--stop')
  assert.match(stopped.stdout, /^Nothing is kept for .* any more\.\n$/)
  assert.equal((await run('keep', '--for', link, '--stop')).code, 4)
})

test('a person is called by link, did, or the name of a conversation', async () => {
  assert.equal((await run('keep', '--for', 'did:key:zSomebody', '--up-to', '1GB')).code, 0)
  assert.equal((await run('keep', '--for', 'Nobody', '--up-to', '1GB')).code, 4)
  assert.equal((await run('keep', '--for', 'did:key:zSomebody', '--stop')).code, 0)
})

test('what makes no sense together is refused', async () => {
  for (const args of [
    [],
    ['--up-to', '1GB'],
    ['--for', 'Ada'],
    ['--for', '--stop'],
    ['--for', '--up-to', '1GB'],
    ['peerhood:abc', '--for', 'Ada', '--up-to', '1GB'],
    ['--for', 'Ada', '--up-to', 'much'],
  ]) {
    assert.equal((await run('keep', ...args)).code, 2, args.join(' '))
  }
})
