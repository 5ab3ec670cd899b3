import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { startApi, type TestApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { defineErrors } from '../base/errors.ts'
import { contentHeadWaitMs, contentStreamsMax } from './limits.ts'
import { mediaOf } from './media.ts'

const errors = defineErrors({ block_not_here: { kind: 'not-found', hint: 'Wait.' } })
const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
const names = [
  'film.mp4',
  'page.html',
  'drawing.svg',
  'paper.pdf',
  'notes.txt',
  'program.exe',
  'empty.bin',
  'ä "b"\u202e.png',
]
const files = new Map(names.map((name) => [name, name === 'empty.bin' ? new Uint8Array() : bytes]))

let api: TestApi
let base: string
before(async () => {
  api = await startApi({ disk: new Map([['/files', files]]) })
  const { id } = await api.client.shares.add({ path: '/files' })
  base = `/api/shares/${id}/content`
})
after(() => api.close())

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())

describe('ranges', () => {
  test('the whole file, and what it is', async () => {
    const response = await api.get(`${base}/film.mp4`)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'video/mp4')
    assert.equal(response.headers.get('content-length'), '200000')
    assert.equal(response.headers.get('accept-ranges'), 'bytes')
    assert.deepEqual(await bytesOf(response), bytes)
  })

  test('first, middle, open and last parts are 206 with their place', async () => {
    const cases: [string, number, number][] = [
      ['bytes=0-99', 0, 100],
      ['bytes=70000-140000', 70_000, 140_001],
      ['bytes=199000-', 199_000, 200_000],
      ['bytes=-1', 199_999, 200_000],
      ['bytes=0-999999', 0, 200_000],
    ]
    for (const [range, start, end] of cases) {
      const response = await api.get(`${base}/film.mp4`, { headers: { range } })
      assert.equal(response.status, 206, range)
      assert.equal(response.headers.get('content-range'), `bytes ${start}-${end - 1}/200000`)
      assert.equal(response.headers.get('content-length'), String(end - start))
      assert.deepEqual(await bytesOf(response), bytes.subarray(start, end), range)
    }
  })

  test('outside the file is 416 and says the size; several parts are the whole file', async () => {
    for (const range of ['bytes=200000-', 'bytes=-0']) {
      const response = await api.get(`${base}/film.mp4`, { headers: { range } })
      assert.equal(response.status, 416)
      assert.equal(response.headers.get('content-range'), 'bytes */200000')
      assert.equal(((await response.json()) as { code: string }).code, 'range_unsatisfiable')
    }
    const several = await api.get(`${base}/film.mp4`, { headers: { range: 'bytes=0-1,5-6' } })
    assert.deepEqual([several.status, (await bytesOf(several)).length], [200, 200_000])
    const stale = await api.get(`${base}/film.mp4`, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } })
    assert.deepEqual([stale.status, (await bytesOf(stale)).length], [200, 200_000])
  })

  test('HEAD says the same without a body; an empty file is empty', async () => {
    const head = await api.get(`${base}/film.mp4`, { method: 'HEAD', headers: { range: 'bytes=5-9' } })
    assert.deepEqual([head.status, head.headers.get('content-length'), (await bytesOf(head)).length], [206, '5', 0])
    const empty = await api.get(`${base}/empty.bin`)
    assert.deepEqual([empty.status, (await bytesOf(empty)).length], [200, 0])
  })
})

describe('a stranger’s file under our origin', () => {
  test('no file gets a type that a browser runs, and none may script', async () => {
    for (const name of names) {
      const { headers, body } = await api.get(`${base}/${encodeURIComponent(name)}`)
      await body?.cancel()
      assert.doesNotMatch(String(headers.get('content-type')), /html|svg|xml|javascript|css/, name)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      const policy = String(headers.get('content-security-policy'))
      assert.match(policy, /default-src 'none'/)
      assert.doesNotMatch(policy, /script-src|allow-scripts|allow-forms|connect-src|unsafe-eval/)
      if (!name.endsWith('.pdf')) assert.match(policy, /^sandbox/)
    }
  })

  test('what a browser can show is inline, the rest is saved, and no name breaks out of the header', async () => {
    const disposition = async (path: string) =>
      (await api.get(path, { method: 'HEAD' })).headers.get('content-disposition')
    assert.equal(await disposition(`${base}/film.mp4`), "inline; filename*=UTF-8''film.mp4")
    assert.equal(await disposition(`${base}/film.mp4?download=1`), "attachment; filename*=UTF-8''film.mp4")
    assert.equal(await disposition(`${base}/program.exe`), "attachment; filename*=UTF-8''program.exe")
    const odd = await disposition(`${base}/${encodeURIComponent('ä "b"\u202e.png')}`)
    assert.equal(odd, "inline; filename*=UTF-8''%C3%A4%20%22b%22%E2%80%AE.png")
  })

  test('types follow the last extension only', () => {
    assert.equal(mediaOf('a.mp4.html').type, 'text/plain; charset=utf-8')
    assert.equal(mediaOf('A.MP4').type, 'video/mp4')
    for (const name of ['mp4', '.mp4', 'a.', 'a.constructor', 'a.b/mp4', ''])
      assert.equal(mediaOf(name).inline, false, name)
  })

  test('paths that climb or do not exist are problems', async () => {
    const codes: string[] = []
    for (const path of ['/..%2f..%2fetc', '/', '', '/a%00', '/nothing', '/%2e%2e%2fx']) {
      const { code } = (await (await api.get(`${base}${path}`)).json()) as { code: string }
      codes.push(code)
    }
    const malformed = 'path_malformed'
    assert.deepEqual(codes, [malformed, malformed, malformed, malformed, 'file_unknown', malformed])
  })
})

describe('streams', () => {
  /** An endless file that counts what is taken of it. */
  function endless() {
    const seen = { chunks: 0, ended: false }
    async function* openFile(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          seen.chunks += 1
          yield new Uint8Array(64 * 1024)
        }
      } finally {
        seen.ended = true
      }
    }
    const file = async () => ({ path: 'x', bytes: 1e12, bytesDone: 0, wanted: true, mediaType: '' })
    return { seen, openFile, file }
  }

  test('a reader that stops reading stops the work; one that leaves ends it', async () => {
    const { seen, ...source } = endless()
    await using slow = await startApi({ wrap: (services) => ({ ...services, ...source }) })
    const headers = { authorization: `Bearer ${testToken}` }
    const outgoing = request(`${slow.url}/api/shares/a/content/x`, { headers }).end()
    const [incoming] = await once(outgoing, 'response')
    incoming.pause()
    let before = -1
    // Settled: the sockets' buffers are full and nothing more is asked for.
    await until(async () => {
      const settled = seen.chunks === before
      before = seen.chunks
      return settled
    }, 50)
    assert.ok(seen.chunks < 400, `took ${seen.chunks} chunks of 64 KiB for a reader that reads nothing`)
    outgoing.destroy()
    await until(() => seen.ended)
  })

  test('failing at once is a problem; failing later cuts the connection short', async () => {
    async function* failAfter(chunks: number): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < chunks; i++) yield new Uint8Array(1000)
      throw errors.block_not_here('It is not here.')
    }
    let chunks = 0
    const { file } = endless()
    await using failing = await startApi({
      wrap: (services) => ({ ...services, file, openFile: () => failAfter(chunks) }),
    })
    const response = await failing.get('/api/shares/a/content/x')
    assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [404, 'block_not_here'])
    chunks = 3
    const broken = await failing.get('/api/shares/a/content/x')
    assert.equal(broken.status, 200)
    await assert.rejects(broken.arrayBuffer())
    await until(() =>
      failing.lines.some(({ code, fields }) => code === 'content_broke_off' && fields.reason === 'block_not_here'),
    )
  })

  test('the head does not wait for ever for the first bytes', async () => {
    const clock = createManualClock()
    const arrived = Promise.withResolvers<void>()
    async function* late(): AsyncGenerator<Uint8Array> {
      await arrived.promise
      yield new Uint8Array(10)
    }
    const file = async () => ({ path: 'x', bytes: 10, bytesDone: 0, wanted: true, mediaType: '' })
    await using waiting = await startApi({
      apiClock: clock,
      wrap: (services) => ({ ...services, file, openFile: late }),
    })
    const answer = waiting.get('/api/transfers/a/content/x')
    await until(() => clock.waiting > 0)
    clock.advance(contentHeadWaitMs)
    const response = await answer
    assert.equal(response.headers.get('content-length'), '10')
    arrived.resolve()
    assert.equal((await bytesOf(response)).length, 10)
  })

  test(`past ${contentStreamsMax} streams at once a reader is told to wait`, async () => {
    const { seen: _seen, ...source } = endless()
    await using busy = await startApi({ wrap: (services) => ({ ...services, ...source }) })
    const open = await Promise.all(Array.from({ length: contentStreamsMax }, () => busy.get('/api/shares/a/content/x')))
    assert.ok(open.every(({ status }) => status === 200))
    const refused = await busy.get('/api/shares/a/content/x')
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('retry-after'), '1')
    await open[0]?.body?.cancel()
    await until(async () => {
      const again = await busy.get('/api/shares/a/content/x')
      await again.body?.cancel()
      return again.status === 200
    })
    await Promise.all(open.slice(1).map(({ body }) => body?.cancel()))
  })

  test('bytes of a transfer come as they arrive', async () => {
    await using source = await startApi({ disk: new Map([['/film.mp4', new Map([['film.mp4', bytes]])]]) })
    const { id } = await source.client.shares.add({ path: '/film.mp4' })
    const { link } = await source.client.shares.ready(id)
    await using sink = await startApi({ offers: (text) => source.services.offer(text), stepBytes: 10_000 })
    const transfer = await sink.client.transfers.add({ link: String(link) })
    const response = await sink.get(`/api/transfers/${transfer.id}/content/film.mp4`)
    assert.deepEqual(await bytesOf(response), bytes)
  })
})
