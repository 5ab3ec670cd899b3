import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startApi, type TestApi } from '../../test/support/api.ts'
import { until } from '../../test/support/until.ts'
import { pageFilesMax } from './limits.ts'
import { createPage } from './page.ts'
import { requestSignal } from './scope.ts'

const folder = mkdtempSync(join(tmpdir(), 'peerhood-page-'))
const root = join(folder, 'web')
let api: TestApi

before(async () => {
  mkdirSync(join(root, 'assets'), { recursive: true })
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>Peerhood</title>')
  writeFileSync(join(root, 'assets', 'index-B7x3kQ1z.js'), 'export {}')
  writeFileSync(join(root, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  writeFileSync(join(root, 'empty.txt'), '')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  symlinkSync(join(folder, 'secret.txt'), join(root, 'link.txt'))
  symlinkSync(folder, join(root, 'up'))
  api = await startApi({ pageRoot: root })
})
after(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

const get = (path: string, init?: RequestInit) => fetch(api.url + path, init)

describe('the page', () => {
  test('comes without the token, with a policy that lets nothing else in', async () => {
    const { status, headers } = await get('/')
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(headers.get('cache-control'), 'no-cache')
    const policy = String(headers.get('content-security-policy'))
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|http:|https:|\*/)
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
  })

  test('hashed assets stay, other files are asked for again', async () => {
    const asset = await get('/assets/index-B7x3kQ1z.js')
    assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8')
    assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.equal(await asset.text(), 'export {}')
    const icon = await get('/icon.svg')
    const etag = String(icon.headers.get('etag'))
    assert.match(etag, /^"[\w-]+"$/)
    assert.equal((await get('/icon.svg', { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await get('/icon.svg', { headers: { 'if-none-match': '"other"' } })).status, 200)
    const head = await get('/icon.svg', { method: 'HEAD' })
    assert.deepEqual([head.headers.get('content-length'), await head.text()], ['41', ''])
    assert.deepEqual([(await get('/empty.txt')).status, await (await get('/empty.txt')).text()], [200, ''])
  })

  test('paths of the page’s own are the page; missing files are not', async () => {
    for (const path of ['/shares', '/transfers/abc', '/a/b/c/']) {
      const response = await get(path)
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/html; charset=utf-8'], path)
      await response.body?.cancel()
    }
    for (const path of ['/assets/gone-12345678.js', '/nothing.txt']) assert.equal((await get(path)).status, 404, path)
  })

  test('nothing outside the folder is ever served, by dots, links, or bytes', async () => {
    const paths = [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '/link.txt',
      '/up/secret.txt',
    ]
    for (const path of [...paths, '/..%5csecret.txt', '/secret.txt%00.js', `/${folder}/secret.txt`, '//secret.txt']) {
      const { status, body } = await api.raw(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nConnection: close\r\n\r\n`,
      )
      assert.doesNotMatch(body, /^secret/, path)
      assert.ok(status === 404 || status === 400, `${path}: ${status}`)
    }
  })

  test('other methods are refused; a rebuilt page is seen', async () => {
    const post = await get('/', { method: 'POST' })
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
    writeFileSync(join(root, 'index.html'), '<!doctype html><title>Rebuilt</title>')
    assert.match(await (await get('/')).text(), /Rebuilt/)
  })

  test('of a folder that holds more files than a page has, so many are served, the page itself first', async () => {
    const crowded = join(folder, 'crowded')
    mkdirSync(crowded)
    for (let i = 0; i < pageFilesMax + 3; i++) writeFileSync(join(crowded, `${i}.txt`), 'x')
    writeFileSync(join(crowded, 'index.html'), 'the page')
    await using wide = await startApi({ pageRoot: crowded })
    assert.equal(await (await fetch(wide.url)).text(), 'the page')
    let served = 0
    for (let i = 0; i < pageFilesMax + 3; i++) {
      const answer = await fetch(`${wide.url}/${i}.txt`, { method: 'HEAD' })
      if (answer.status === 200) served += 1
    }
    assert.equal(served, pageFilesMax - 1)
  })

  test('a page that is not built says how to build it', async () => {
    await using bare = await startApi()
    const response = await fetch(bare.url)
    assert.equal(response.status, 404)
    assert.match(await response.text(), /not built yet.*npm run build/s)
    assert.match(String(response.headers.get('content-type')), /^text\/plain/)
  })

  test('callers that leave, whenever they do, leave nothing open behind', async () => {
    const page = createPage(root)
    const served: Promise<void>[] = []
    const asked = Promise.withResolvers<void>()
    const server = createServer((incoming, outgoing) => {
      const signal = requestSignal(incoming, outgoing, new AbortController().signal)
      served.push(page.serve(incoming, outgoing, '/', signal))
      if (served.length === 5) asked.resolve()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const head = 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'
    // Gone while the file is looked up; cut for bytes that are no request; several that wait behind each other.
    for (const sent of [head, `${head}{}`, head.repeat(3)]) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      await new Promise((resolve) => socket.write(sent, resolve))
      if (sent !== `${head}{}`) socket.resetAndDestroy()
    }
    await asked.promise
    await Promise.all(served)
    await until(() => openFiles().length === 0)
    server.close()
  })
})

/** Descriptors of this process that lie in the page's folder; none where nobody tells. */
function openFiles(): string[] {
  const names = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd') : []
  return names.flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`)
      return target.startsWith(root) ? [target] : []
    } catch {
      return []
    }
  })
}
