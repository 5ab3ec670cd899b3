import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { startApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { uploadFileBytesMax, uploadIdleTimeoutMs } from './limits.ts'

const headers = { authorization: `Bearer ${testToken}` }

/** Takes bytes and keeps only their hash. */
function hashing() {
  const hash = createHash('sha256')
  const seen = { bytes: 0, failed: '' }
  async function writeUpload(id: string, _path: string, body: AsyncIterable<Uint8Array>) {
    try {
      for await (const chunk of body) {
        hash.update(chunk)
        seen.bytes += chunk.length
      }
    } catch (error) {
      seen.failed = isPeerhoodError(error) ? error.code : String(error)
      throw error
    }
    return { id, bytes: seen.bytes }
  }
  return { seen, writeUpload, digest: () => hash.digest('hex') }
}

describe('uploads', () => {
  test('100 MB pass through without being gathered', async () => {
    const sink = hashing()
    await using api = await startApi({ wrap: (services) => ({ ...services, writeUpload: sink.writeUpload }) })
    const chunk = new Uint8Array(1_000_000).map((_, index) => index % 253)
    const expected = createHash('sha256')
    const outgoing = request(`${api.url}/api/uploads/u/files/a/b.bin`, { method: 'PUT', headers })
    const answered = once(outgoing, 'response')
    let between = 0
    for (let i = 0; i < 100; i++) {
      expected.update(chunk)
      if (!outgoing.write(chunk)) await once(outgoing, 'drain')
      // What has left us and not arrived there is held by somebody: two sockets, and whoever gathers.
      between = Math.max(between, (i + 1) * chunk.length - sink.seen.bytes)
    }
    outgoing.end()
    const [response] = await answered
    assert.equal(response.statusCode, 200)
    response.resume()
    assert.equal(sink.seen.bytes, 100_000_000)
    assert.equal(sink.digest(), expected.digest('hex'))
    assert.ok(between < 20_000_000, `${between} bytes were held on the way`)
  })

  test('the path reaches the services decoded, and never climbing', async () => {
    const paths: string[] = []
    const writeUpload = async (id: string, path: string, body: AsyncIterable<Uint8Array>) => {
      for await (const _ of body);
      paths.push(path)
      return { id, bytes: 0 }
    }
    await using api = await startApi({ wrap: (services) => ({ ...services, writeUpload }) })
    const put = async (path: string) =>
      (await api.get(`/api/uploads/u/files/${path}`, { method: 'PUT', body: 'x' })).status
    assert.equal(await put('a%20b/%C3%A4.txt'), 200)
    for (const path of ['..%2fx', 'a%2f..%2fb', '', 'a//b', '%00']) assert.equal(await put(path), 400, path)
    assert.deepEqual(paths, ['a b/ä.txt'])
  })

  test('a full disk is 507, and the connection is not held for the rest', async () => {
    await using api = await startApi({ diskBytesMax: 100_000 })
    const { id } = await api.client.uploads.begin()
    const outgoing = request(`${api.url}/api/uploads/${id}/files/a`, { method: 'PUT', headers })
    outgoing.on('error', () => undefined) // the server may cut while we still write
    outgoing.write(new Uint8Array(200_000))
    const [response] = await once(outgoing, 'response')
    assert.equal(response.statusCode, 507)
    outgoing.destroy()
  })

  test('a file that announces more than the limit is refused before a byte of it', async () => {
    await using api = await startApi()
    const line = `PUT /api/uploads/u/files/a HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${testToken}`
    const { status, body } = await api.raw(
      `${line}\r\nContent-Length: ${uploadFileBytesMax + 1}\r\nConnection: close\r\n\r\n`,
    )
    assert.equal(status, 413)
    assert.equal((JSON.parse(body) as { code: string }).code, 'body_too_large')
  })

  test('a sender that stops or leaves ends the write', async () => {
    const clock = createManualClock()
    const [idle, left] = [hashing(), hashing()]
    const sinks = [idle, left]
    const writeUpload = (...args: Parameters<typeof idle.writeUpload>) => (sinks.shift() ?? left).writeUpload(...args)
    await using api = await startApi({ apiClock: clock, wrap: (services) => ({ ...services, writeUpload }) })
    const start = () => {
      const outgoing = request(`${api.url}/api/uploads/u/files/a`, { method: 'PUT', headers })
      outgoing.on('error', () => undefined)
      outgoing.write(new Uint8Array(1000))
      return outgoing
    }
    const silent = start()
    const answered = once(silent, 'response')
    await until(() => idle.seen.bytes === 1000)
    clock.advance(uploadIdleTimeoutMs)
    const [response] = await answered
    assert.deepEqual([response.statusCode, idle.seen.failed], [408, 'body_timeout'])
    const gone = start()
    await until(() => left.seen.bytes === 1000)
    gone.destroy()
    await until(() => left.seen.failed !== '')
    assert.equal(left.seen.failed, 'caller_gone')
    silent.destroy()
  })
})
