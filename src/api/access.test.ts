import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startApi, type TestApi, testConfirmKey, testToken } from '../../test/support/api.ts'

let api: TestApi
before(async () => {
  api = await startApi()
})
after(() => api.close())

const bearer = `Authorization: Bearer ${testToken}`

/** A request as a browser or a program might send it; headers replace the usual ones. */
function request(
  line: string,
  headers: readonly string[],
  body = '',
): Promise<{ status: number; head: string; body: string }> {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`, 'Content-Type: application/json']
  return api.raw([`${line} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', body].join('\r\n'))
}

const host = () => `Host: 127.0.0.1:${api.port}`
const codeOf = (answer: { body: string }) => (JSON.parse(answer.body) as { code: string }).code

async function cookie(): Promise<string> {
  const answer = await request(`GET /?token=${testToken}`, [host()])
  const pair = /set-cookie: ([^;]+);/.exec(answer.head)?.[1]
  assert.ok(pair)
  // `head` is in lower case; the value is not.
  const response = await fetch(`${api.url}/?token=${testToken}`, { redirect: 'manual' })
  return `Cookie: ${response.headers.getSetCookie()[0]?.split(';')[0]}`
}

describe('who may call', () => {
  test('only our own names for this computer are a Host', async () => {
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      assert.equal((await request('GET /api/status', [`Host: ${name}:${api.port}`, bearer])).status, 200, name)
    }
    const foreign = [
      'evil.example',
      `evil.example:${api.port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${api.port}`,
    ]
    for (const name of [...foreign, `localhost.:${api.port}`, `user@127.0.0.1:${api.port}`, `0.0.0.0:${api.port}`]) {
      const answer = await request('GET /api/status', [`Host: ${name}`, bearer])
      assert.ok(answer.status === 421 || answer.status === 400, `${name}: ${answer.status}`)
    }
  })

  test('a page that a rebound name serves is refused, token or not, page or API', async () => {
    for (const path of ['/', '/index.html', '/api/status', '/metrics', `/?token=${testToken}`]) {
      const answer = await request(`GET ${path}`, [`Host: rebound.example:${api.port}`, bearer])
      assert.equal(answer.status, 421, path)
      assert.doesNotMatch(answer.head, /set-cookie/)
    }
  })

  test('two Host headers, none, and an absolute target do not get round it', async () => {
    const both = await request('GET /api/status', [host(), 'Host: evil.example', bearer])
    assert.ok(both.status === 421 || both.status === 400)
    assert.equal((await request('GET /api/status', [bearer])).status, 400)
    const absolute = await request('GET http://evil.example/api/status', ['Host: evil.example', bearer])
    assert.equal(absolute.status, 421)
    const old = await api.raw(`GET /api/status HTTP/1.0\r\n${bearer}\r\n\r\n`)
    assert.equal(old.status, 421)
  })

  test('any foreign Origin is refused, for every method, even with the token', async () => {
    const origins = [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${api.port}`,
      'http://127.0.0.1:1',
      `http://localhost:${api.port}`,
    ]
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
      for (const origin of origins) {
        const answer = await request(`${method} /api/status`, [host(), bearer, `Origin: ${origin}`])
        assert.equal(answer.status, 403, `${method} ${origin}`)
        assert.doesNotMatch(answer.head, /access-control/)
      }
    }
    const own = await request('GET /api/status', [host(), bearer, `Origin: http://127.0.0.1:${api.port}`])
    assert.equal(own.status, 200)
    assert.doesNotMatch(own.head, /access-control/)
  })

  test('Fetch Metadata of other pages is refused where no Origin is sent; links to the page are not', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const script = [host(), bearer, `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: script']
      assert.equal((await request('GET /api/status', script)).status, 403)
      assert.equal((await request('GET /', script)).status, 403)
      const link = [host(), `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
      assert.equal((await request('GET /', link)).status, 404) // the page is not built here
      assert.equal((await request('GET /api/status', [...link, bearer])).status, 403)
      const frame = [host(), `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe']
      assert.equal((await request('GET /', frame)).status, 403)
    }
    assert.equal((await request('GET /api/status', [host(), bearer, 'Sec-Fetch-Site: none'])).status, 200)
  })

  test('without the token there is a 401 that tells nothing, for every route and for none', async () => {
    for (const path of [
      '/api/status',
      '/api/shares/x',
      '/api/nothing',
      '/metrics',
      '/api/events',
      '/api/openapi.json',
      '/api',
    ]) {
      const answer = await request(`GET ${path}`, [host()])
      assert.equal(answer.status, 401, path)
      assert.equal(codeOf(answer), 'unauthenticated')
      assert.match(answer.head, /www-authenticate: bearer/)
    }
  })

  test('a wrong token is refused in every shape', async () => {
    const wrong = [
      'Bearer x',
      `Bearer ${testToken}x`,
      `Bearer ${testToken.slice(1)}`,
      'Bearer ',
      `Basic ${testToken}`,
      testToken,
      `Bearer ${'a'.repeat(5000)}`,
    ]
    for (const value of wrong) {
      assert.equal(
        (await request('GET /api/status', [host(), `Authorization: ${value}`])).status,
        401,
        value.slice(0, 60),
      )
    }
    // A right cookie does not mend a wrong header.
    const both = await request('GET /api/status', [host(), 'Authorization: Bearer x', await cookie()])
    assert.equal(both.status, 401)
  })

  test('the page’s address trades the token for a cookie and forgets it', async () => {
    for (const path of ['/', '/open']) {
      const answer = await request(`GET ${path}?token=${testToken}`, [host()])
      assert.equal(answer.status, 303)
      assert.match(answer.head, /\r\nlocation: \/\r\n/)
      assert.match(
        answer.head,
        new RegExp(`set-cookie: peerhood-${api.port}=[\\w-]{43}; path=/; httponly; samesite=strict\\r\\n`),
      )
      assert.match(answer.head, /cache-control: no-store/)
      assert.ok(!answer.head.includes(testToken))
    }
    const wrong = await request('GET /?token=wrong', [host()])
    assert.equal(wrong.status, 401)
    assert.doesNotMatch(wrong.head, /set-cookie/)
    assert.doesNotMatch(wrong.head, /www-authenticate: basic/)
  })

  test('the cookie reads, and changes things only from our own page', async () => {
    const page = await cookie()
    assert.ok(!page.includes(testToken))
    const own = `Origin: http://127.0.0.1:${api.port}`
    const body = JSON.stringify({ deviceName: 'x' })
    assert.equal((await request('GET /api/status', [host(), page])).status, 200)
    assert.equal((await request('PATCH /api/settings', [host(), page], body)).status, 403)
    assert.equal((await request('PATCH /api/settings', [host(), page, 'Sec-Fetch-Site: none'], body)).status, 403)
    assert.equal((await request('PATCH /api/settings', [host(), page, own], body)).status, 200)
    assert.equal(
      (await request('PATCH /api/settings', [host(), page, 'Sec-Fetch-Site: same-origin'], body)).status,
      200,
    )
    assert.equal((await request('GET /api/status', [host(), `Cookie: peerhood-${api.port}=${testToken}`])).status, 401)
    assert.equal((await request('GET /api/status', [host(), page.replace(`-${api.port}`, '-1')])).status, 401)
  })

  test('the token is in no answer and in no log line', async () => {
    await request(`GET /?token=${testToken}`, [host()])
    await request(`GET /open?token=${testToken}x`, [host()])
    assert.ok(api.lines.length > 0)
    assert.ok(!JSON.stringify(api.lines).includes(testToken))
  })
})

describe('who may confirm', () => {
  const phrase = (headers: readonly string[]) => request('POST /api/identity/phrase', [host(), ...headers], '{}')

  test('the token alone does not open the phrase; with the confirm key it does', async () => {
    const refused = await phrase([bearer])
    assert.equal(refused.status, 403)
    assert.equal(codeOf(refused), 'person_needed')
    assert.equal((await phrase([bearer, `Peerhood-Confirm: ${testConfirmKey}`])).status, 200)
    for (const wrong of [testToken, 'x', `${testConfirmKey}x`]) {
      assert.equal((await phrase([bearer, `Peerhood-Confirm: ${wrong}`])).status, 403, wrong)
    }
    assert.equal((await phrase([`Peerhood-Confirm: ${testConfirmKey}`])).status, 401, 'it is shown beside the token')
    const twice = [bearer, `Peerhood-Confirm: ${testConfirmKey}`, `Peerhood-Confirm: ${testConfirmKey}`]
    assert.equal((await phrase(twice)).status, 403)
  })

  test('the page may confirm when it was opened with the key, and holds neither secret', async () => {
    const open = async (query: string) => {
      const answer = await fetch(`${api.url}/?${query}`, { redirect: 'manual' })
      return answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
    }
    const own = `Origin: http://127.0.0.1:${api.port}`
    const looking = await open(`token=${testToken}`)
    assert.equal(looking.length, 1)
    assert.equal((await phrase([`Cookie: ${looking.join('; ')}`, own])).status, 403)
    assert.equal((await open(`token=${testToken}&confirm=wrong`)).length, 1)
    const cookies = await open(`token=${testToken}&confirm=${testConfirmKey}`)
    assert.equal(cookies.length, 2)
    assert.ok(!cookies.join().includes(testToken) && !cookies.join().includes(testConfirmKey))
    assert.equal((await phrase([`Cookie: ${cookies.join('; ')}`, own])).status, 200)
    assert.equal((await phrase([`Cookie: ${cookies[1]}`, own])).status, 401)
    assert.equal((await phrase([`Cookie: ${cookies.join('; ')}`, 'Origin: http://127.0.0.1:1'])).status, 403)
  })
})
