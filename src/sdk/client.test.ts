import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { startApi, type TestApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import type { Share, Transfer } from '../api/schemas.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import { createPeerhood, type UploadProgress } from './client.ts'
import { callTimeoutMs, problemBytesMax } from './limits.ts'

const film = new Uint8Array(300_000).map((_, index) => index % 241)
const disk = new Map([
  ['/film.mp4', new Map([['film.mp4', film]])],
  ['/folder', new Map(Array.from({ length: 30 }, (_, i) => [`a b/${i}.txt`, new Uint8Array(i)]))],
])

let source: TestApi
let sink: TestApi
before(async () => {
  source = await startApi({ disk })
  sink = await startApi({ offers: (link) => source.services.offer(link), stepBytes: 20_000, stepMs: 2 })
})
after(() => Promise.all([source.close(), sink.close()]))

async function failure(work: Promise<unknown>): Promise<PeerhoodError> {
  try {
    await work
  } catch (error) {
    assert.ok(isPeerhoodError(error), String(error))
    return error
  }
  throw new Error('it did not fail')
}

async function filmLink(): Promise<string> {
  const { id } = await source.client.shares.add({ path: '/film.mp4' })
  return String((await source.client.shares.ready(id)).link)
}

describe('calls', () => {
  test('reach every part of the daemon', async () => {
    const { client } = source
    assert.equal((await client.status()).deviceName, (await client.settings.get()).deviceName)
    assert.equal((await client.settings.change({ deviceName: 'new name' })).deviceName, 'new name')
    assert.equal((await client.identity.get()).passphrase, false)
    assert.equal((await client.identity.phrase()).split(' ').length, 24)
    assert.equal((await client.identity.lock({ passphrase: 'secret' })).passphrase, true)
    assert.equal((await failure(client.identity.phrase())).code, 'passphrase_wrong')
    assert.equal((await client.identity.lock({ passphrase: null, current: 'secret' })).passphrase, false)
    const peer = await client.peers.connect({ address: '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWx' })
    assert.deepEqual(
      (await client.peers.list()).map(({ peerId }) => peerId),
      [peer.peerId],
    )
    assert.equal((await client.links.inspect({ link: await filmLink() })).kind, 'read')
    assert.equal((await client.doctor()).state, 'ok')
    assert.match(await client.metrics(), /^# TYPE peerhood_/)
  })

  test('files, and what they hold', async () => {
    const { id } = await source.client.shares.add({ path: '/folder' })
    const page = await source.client.shares.files(id, { offset: 28 })
    assert.deepEqual([page.total, page.files.map(({ path }) => path)], [30, ['a b/28.txt', 'a b/29.txt']])
    const share = await source.client.shares.add({ path: '/film.mp4' })
    const whole = await source.client.openContent({ share: share.id }, 'film.mp4')
    assert.deepEqual([whole.bytes, whole.mediaType], [300_000, 'video/mp4'])
    assert.deepEqual(new Uint8Array(await new Response(whole.body).arrayBuffer()), film)
    const part = await source.client.openContent({ share: share.id }, 'film.mp4', { start: 100, end: 200 })
    assert.equal(part.bytes, 300_000)
    assert.deepEqual(new Uint8Array(await new Response(part.body).arrayBuffer()), film.subarray(100, 200))
    assert.equal(
      (await failure(source.client.openContent({ share: share.id }, 'x', { start: 5, end: 5 }))).code,
      'range_malformed',
    )
    const url = source.client.contentUrl({ share: id }, 'a b/ä?#.txt', { download: true })
    assert.equal(url, `${source.url}/api/shares/${id}/content/a%20b/%C3%A4%3F%23.txt?download=1`)
  })
})

describe('waiting', () => {
  test('ready tells the progress of a scan and gives the link', async () => {
    const { id } = await source.client.shares.add({ path: '/folder' })
    const seen: Share[] = []
    const share = await source.client.shares.ready(id, { onProgress: (value) => seen.push(value) })
    assert.match(String(share.link), /^peerhood:/)
    assert.equal(seen[0]?.state === 'scanning' || seen[0]?.state === 'ready', true)
    assert.equal(seen.at(-1)?.state, 'ready')
    const scanned = seen.flatMap(({ scan }) => (scan === null ? [] : [scan.files]))
    assert.deepEqual(
      scanned,
      scanned.toSorted((a, b) => a - b),
    )
    assert.equal((await source.client.shares.ready(id)).state, 'ready') // long since
  })

  test('finished tells the progress of a transfer, through pause and resume', async () => {
    const { id } = await sink.client.transfers.add({ link: await filmLink(), to: '/there' })
    await sink.client.transfers.pause(id)
    const seen: Transfer[] = []
    const finished = sink.client.transfers.finished(id, { onProgress: (value) => seen.push(value) })
    await until(() => seen.length > 0)
    assert.equal(seen[0]?.state, 'paused')
    await sink.client.transfers.resume(id)
    const transfer = await finished
    assert.deepEqual([transfer.state, transfer.bytesDone, transfer.path], ['done', 300_000, '/there/film.mp4'])
    assert.ok(seen.length > 5)
    await sink.client.transfers.remove(id)
    assert.equal((await failure(sink.client.transfers.get(id))).code, 'transfer_unknown')
  })

  test('cancelled, removed, unknown, failed and given up are told apart', async () => {
    const unknownLink = `peerhood:${'0'.repeat(92)}`
    const add = async () => (await sink.client.transfers.add({ link: unknownLink })).id
    const cancelled = await add()
    const waiting = failure(sink.client.transfers.finished(cancelled))
    await sink.client.transfers.cancel(cancelled)
    const error = await waiting
    assert.deepEqual([error.code, error.kind], ['transfer_cancelled', 'interrupted'])
    assert.equal((await failure(sink.client.transfers.finished('nothing'))).code, 'transfer_unknown')

    await using slow = await startApi({ disk, stepMs: 100 })
    const { id } = await slow.client.shares.add({ path: '/folder' })
    const seen = Promise.withResolvers<void>()
    const gone = failure(slow.client.shares.ready(id, { onProgress: () => seen.resolve() }))
    await seen.promise
    await slow.client.shares.remove(id)
    assert.equal((await gone).code, 'share_gone')

    const failing = await add()
    const failed = failure(
      sink.client.transfers.finished(failing, {
        onProgress(transfer) {
          const problem = {
            code: 'disk_full',
            kind: 'local',
            sentence: 'The disk is full.',
            hint: 'Make room.',
          } as const
          sink.services.emit({ type: 'transfer', transfer: { ...transfer, state: 'failed', problem } })
        },
      }),
    )
    const { code, kind, message, hint } = await failed
    assert.deepEqual([code, kind, message, hint], ['disk_full', 'local', 'The disk is full.', 'Make room.'])

    const controller = new AbortController()
    const onProgress = () => controller.abort()
    const given = await failure(sink.client.transfers.finished(await add(), { signal: controller.signal, onProgress }))
    assert.equal(given.kind, 'interrupted')
  })

  test('an event that is older than what was read does not turn the state back', async () => {
    const { id } = await source.client.shares.add({ path: '/film.mp4' })
    const share = await source.client.shares.ready(id)
    const emit = (name: string) => source.services.emit({ type: 'share', share: { ...share, name } })
    const client = createPeerhood({
      url: source.url,
      token: testToken,
      fetch(input, init) {
        // The stream is open and the thing not yet read: this event is on its way when the newer answer is made.
        if (String(input).endsWith(id)) emit('older')
        return fetch(input, init)
      },
    })
    const names: (string | null)[] = []
    for await (const { name } of client.shares.watch(id)) {
      names.push(name)
      if (names.length === 1) emit('newer')
      else break
    }
    assert.deepEqual(names, ['film.mp4', 'newer'])
  })

  test('watch ends quietly when aborted, and goes on after a reset', async () => {
    const { id } = await sink.client.transfers.add({ link: `peerhood:${'1'.repeat(92)}` })
    const controller = new AbortController()
    const states: string[] = []
    for await (const { state } of sink.client.transfers.watch(id, { signal: controller.signal })) {
      states.push(state)
      if (states.length === 1) sink.services.emit({ type: 'reset' })
      else controller.abort()
    }
    assert.deepEqual(states, ['searching', 'searching'])
  })
})

describe('uploads', () => {
  test('blobs, bytes and streams are sent, counted and shared', async () => {
    const seen: UploadProgress[] = []
    const stream = new Blob([film]).stream()
    const files = [
      { path: 'd/a.bin', body: new Blob([film]) },
      { path: 'd/b.bin', body: new Uint8Array(1000) },
      { path: 'd/c/c.bin', body: stream },
    ]
    const { id } = await source.client.uploads.share(files, { onProgress: (progress) => seen.push(progress) })
    const share = await source.client.shares.ready(id)
    assert.deepEqual([share.files, share.bytes, share.visibility], [3, 601_000, 'private'])
    const last = seen.at(-1)
    assert.deepEqual([last?.bytesSent, last?.filesDone, last?.path], [601_000, 3, 'd/c/c.bin'])
    assert.equal(last?.bytesTotal, undefined) // a stream’s length is nobody’s
    const sent = seen.map(({ bytesSent }) => bytesSent)
    assert.deepEqual(
      sent,
      sent.toSorted((a, b) => a - b),
    )
    const content = await source.client.openContent({ share: id }, 'd/c/c.bin')
    assert.deepEqual(new Uint8Array(await new Response(content.body).arrayBuffer()), film)
  })

  test('a failure drops the upload and is the daemon’s own', async () => {
    await using full = await startApi({ diskBytesMax: 1000 })
    const dropped: string[] = []
    const cancel = full.services.cancelUpload
    full.services.cancelUpload = async (id) => {
      dropped.push(id)
      await cancel(id)
    }
    const error = await failure(full.client.uploads.share([{ path: 'a', body: new Uint8Array(5000) }]))
    assert.deepEqual([error.code, error.kind, dropped.length], ['disk_full', 'local', 1])
    assert.equal((await failure(full.client.uploads.share([]))).code, 'upload_empty')
    assert.equal(dropped.length, 2)
  })
})

describe('errors', () => {
  test('problem documents come back as what was thrown', async () => {
    const error = await failure(source.client.shares.add({ path: '/nothing' }))
    assert.deepEqual(
      [error.code, error.kind, error.message],
      ['path_unknown', 'not-found', 'There is no such file or folder.'],
    )
    assert.deepEqual([error.hint, error.details], ['Check the path.', { path: '/nothing' }])
    const wrong = createPeerhood({ url: source.url, token: `${testToken}x` })
    assert.equal((await failure(wrong.status())).code, 'unauthenticated')
  })

  test('nobody there, an address that is none, and somebody else there', async () => {
    const absent = createPeerhood({ url: 'http://127.0.0.1:9' })
    const error = await failure(absent.status())
    assert.deepEqual([error.code, error.kind], ['daemon_unreachable', 'no-daemon'])
    assert.throws(
      () => createPeerhood({ url: 'nonsense' }),
      (thrown) => isPeerhoodError(thrown) && thrown.kind === 'usage',
    )
    assert.throws(
      () => createPeerhood({ url: 'file:///etc/passwd' }),
      (thrown) => isPeerhoodError(thrown),
    )
    const answers: [number, string, Record<string, string>][] = [
      [200, '<html>', {}],
      [404, '<html>', {}],
      [500, '{"code":5}', {}],
      [400, JSON.stringify({ code: 'x', kind: 'nonsense', detail: '', hint: '' }), {}],
      [400, 'x'.repeat(problemBytesMax * 4), {}],
    ]
    const server = createServer((_incoming, outgoing) => {
      const [status, body, headers] = answers.shift() ?? [200, '', {}]
      outgoing.writeHead(status, headers).end(body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const other = createPeerhood({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: testToken,
    })
    for (const [status, body] of [...answers]) {
      assert.equal((await failure(other.status())).code, 'answer_malformed', `${status} ${body.slice(0, 20)}`)
    }
    server.close()
  })

  test('a redirect is not followed: the token stays here', async () => {
    const authorizations: (string | undefined)[] = []
    const elsewhere = createServer((incoming, outgoing) => {
      authorizations.push(incoming.headers.authorization)
      outgoing.end('{}')
    }).listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`
    const server = createServer((_incoming, outgoing) => outgoing.writeHead(307, { location }).end()).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    const client = createPeerhood({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: testToken,
    })
    await failure(client.status())
    assert.deepEqual(authorizations, [])
    server.close()
    elsewhere.close()
  })

  test('a call that gets no answer ends by its deadline, or when its caller gives up', async () => {
    const clock = createManualClock()
    await using hanging = await startApi({
      wrap: (services) => ({ ...services, doctor: () => new Promise(() => undefined) }),
    })
    const client = createPeerhood({ url: hanging.url, token: testToken, clock })
    const silent = failure(client.doctor())
    clock.advance(callTimeoutMs)
    assert.deepEqual([(await silent).code, (await silent).kind], ['daemon_silent', 'no-daemon'])
    const controller = new AbortController()
    const given = failure(client.doctor({ signal: controller.signal }))
    controller.abort()
    assert.equal((await given).kind, 'interrupted')
    assert.equal(clock.waiting, 0)
  })
})
