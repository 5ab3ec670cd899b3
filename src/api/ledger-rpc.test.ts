import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { startApi } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { defineErrors } from '../base/errors.ts'
import type { LedgerRpcServices, LedgerRpcSocket } from './ledger-rpc-services.ts'
import {
  ledgerRpcBodiesBytesMax,
  ledgerRpcBodyBytesMax,
  ledgerRpcCallerCharsMax,
  ledgerRpcTimeoutMs,
  ledgerSocketPingMs,
  ledgerSocketRequestsMax,
  ledgerSocketsMax,
  ledgerSocketUnsentBytesMax,
} from './limits.ts'

const wallet = 'https://wallet.example'
const path = '/communities/c1/rpc'
const json = { 'content-type': 'application/json' }
const errors = defineErrors({ ledger_none: { kind: 'not-found', hint: 'Found one.' } })

/** Echoes bodies; `quiet` is answered by nothing, community `c2` has no ledger. */
function createEcho() {
  const sockets: LedgerRpcSocket[] = []
  let closed = 0
  const asked: string[] = []
  const answer = async (body: string) => {
    asked.push(body)
    return body === 'quiet' ? undefined : `echo ${body.length > 100 ? body.length : body}`
  }
  const ledgerRpc: LedgerRpcServices = {
    originAllowed: (community, origin) => community === 'c1' && origin === wallet,
    async ask(community, body) {
      if (community !== 'c1') throw errors.ledger_none('This community has no ledger.')
      return answer(body)
    },
    open(community, socket) {
      if (community !== 'c1') throw errors.ledger_none('This community has no ledger.')
      sockets.push(socket)
      return { handle: answer, close: () => (closed += 1) }
    },
  }
  return { ledgerRpc, sockets, asked, closed: () => closed }
}

async function start(change: Partial<LedgerRpcServices> = {}, options: Parameters<typeof startApi>[0] = {}) {
  const echo = createEcho()
  const ledgerRpc = { ...echo.ledgerRpc, ...change }
  const api = await startApi({ ...options, wrap: (services) => ({ ...services, ledgerRpc }) })
  const post = (body: string, headers: Record<string, string> = {}, to = path) =>
    fetch(api.url + to, { method: 'POST', body, headers: { ...json, ...headers } })
  return { ...echo, api, post, [Symbol.asyncDispose]: api.close }
}

function open(port: number, headers: Record<string, string> = {}, to = path): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${to}`, { headers, perMessageDeflate: false })
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  socket.once('open', () => resolve(socket)).once('error', reject)
  return promise
}

const next = (socket: WebSocket, event: string) =>
  new Promise<unknown[]>((resolve) => socket.once(event, (...all) => resolve(all)))

test('programs ask without a token, and get what the ledger says', async () => {
  await using api = await start()
  const answer = await api.post('hello')
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), await answer.text()],
    [200, 'application/json', 'echo hello'],
  )
  assert.equal((await api.post('quiet')).status, 204)
  assert.equal((await api.post('hello', {}, '/communities/c1/rpc/')).status, 200)
})

test('who asks is told apart by origin, token or program, not by connection; a token goes no further', async () => {
  const callers: string[] = []
  await using api = await start({
    async ask(_community, _body, { caller }) {
      callers.push(caller)
      return '{}'
    },
  })
  await api.post('1', { origin: wallet })
  for (const agent of ['cast', 'cast', 'hardhat']) await api.post('1', { 'user-agent': agent })
  await api.post('1', { authorization: 'Bearer secret' })
  await api.post('1', { 'user-agent': 'x'.repeat(1_000) })
  assert.deepEqual(callers.slice(0, 4), [`origin ${wallet}`, 'program cast', 'program cast', 'program hardhat'])
  assert.match(callers[4] ?? '', /^token [A-Za-z0-9_-]{43}$/)
  assert.equal(callers[5], `program ${'x'.repeat(ledgerRpcCallerCharsMax)}`)
})

test('pages of an allowed origin ask, by preflight too; all others get nothing', async () => {
  await using api = await start()
  const asked = await api.post('hello', { origin: wallet })
  assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin')], [200, wallet])
  const preflight = await fetch(api.api.url + path, {
    method: 'OPTIONS',
    headers: {
      origin: wallet,
      'access-control-request-method': 'POST',
      'access-control-request-private-network': 'true',
    },
  })
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /content-type/)
  assert.equal(preflight.headers.get('access-control-allow-private-network'), 'true')
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost:1',
    `${wallet}:8443`,
    'https://WALLET.example',
  ]) {
    for (const method of ['POST', 'OPTIONS']) {
      const refused = await fetch(api.api.url + path, {
        method,
        headers: { ...json, origin },
        ...(method === 'POST' && { body: 'hello' }),
      })
      assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [403, null], origin)
    }
  }
  // An origin that one community allows is not allowed for another.
  assert.equal((await api.post('hello', { origin: wallet }, '/communities/c2/rpc')).status, 403)
  assert.equal((await api.post('hello', { origin: api.api.url })).status, 200)
  // Pictures and links send no Origin, but say that they come from elsewhere.
  const link = await fetch(api.api.url + path, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(link.status, 403)
  assert.deepEqual(api.asked, ['hello', 'hello'])
})

test('other hosts, methods and types of body are refused before the body is read', async () => {
  await using api = await start()
  const head = (lines: string[]) => `${[...lines, 'connection: close', '', ''].join('\r\n')}`
  const rebound = await api.api.raw(
    head([`POST ${path} HTTP/1.1`, `host: evil.example:${api.api.port}`, 'content-type: application/json']),
  )
  assert.equal(rebound.status, 421)
  const get = await fetch(api.api.url + path)
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST, OPTIONS'])
  assert.equal((await api.post('hello', { 'content-type': 'text/plain' })).status, 415)
  const unknown = await api.post('hello', {}, '/communities/c2/rpc')
  assert.equal(unknown.status, 404)
  assert.partialDeepStrictEqual(await unknown.json(), {
    jsonrpc: '2.0',
    id: null,
    error: {
      code: -32000,
      message: 'This community has no ledger.',
      data: { code: 'ledger_none', hint: 'Found one.' },
    },
  })
  assert.deepEqual(api.asked, [])
})

test('a body, and all bodies together, have limits', async () => {
  await using api = await start()
  async function statusOf(body: string): Promise<number> {
    const answer = await api.post(body)
    await answer.arrayBuffer()
    return answer.status
  }
  assert.equal(await (await api.post('x'.repeat(ledgerRpcBodyBytesMax))).text(), `echo ${ledgerRpcBodyBytesMax}`)
  assert.equal(await statusOf('x'.repeat(ledgerRpcBodyBytesMax + 1)), 413)
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${api.api.port}\r\ncontent-type: application/json\r\n`
  const slow: Socket[] = []
  // Again while one is still answered: it may have had the place that all of the others came too early for.
  await until(async () => {
    for (let bytes = 0; bytes < 2 * ledgerRpcBodiesBytesMax; bytes += ledgerRpcBodyBytesMax) {
      const socket = connect(api.api.port, '127.0.0.1').on('error', () => undefined)
      socket.write(`${head}content-length: ${ledgerRpcBodyBytesMax}\r\n\r\nx`)
      slow.push(socket)
    }
    return (await statusOf('x'.repeat(ledgerRpcBodyBytesMax))) === 429
  })
  // Short ones still find room.
  assert.equal(await statusOf('hello'), 200)
  for (const socket of slow) socket.destroy()
  await until(async () => (await statusOf('x'.repeat(ledgerRpcBodyBytesMax))) === 200)
})

test('an answer has a deadline', async () => {
  const clock = createManualClock()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  await using api = await start(
    {
      ask: () => {
        resolve()
        return new Promise(() => undefined)
      },
    },
    { apiClock: clock },
  )
  const answer = api.post('hello')
  await asked
  clock.advance(ledgerRpcTimeoutMs)
  assert.equal((await answer).status, 504)
})

test('over WebSocket: answers, notifications, and the end of one side is that of the other', async () => {
  await using api = await start()
  const socket = await open(api.api.port, { origin: wallet })
  socket.send('hello')
  assert.equal(String((await next(socket, 'message'))[0]), 'echo hello')
  const noted = next(socket, 'message')
  assert.equal(api.sockets[0]?.note('news'), true)
  assert.equal(String((await noted)[0]), 'news')
  socket.close()
  await until(() => api.closed() === 1)
  assert.equal(api.sockets[0]?.note('late'), false)
  const second = await open(api.api.port)
  const over = next(second, 'close')
  api.sockets[1]?.over()
  assert.equal((await over)[0], 1013)
})

test('a WebSocket needs our host, an allowed origin and a ledger', async () => {
  await using api = await start()
  await assert.rejects(open(api.api.port, { origin: 'https://evil.example' }), /403/)
  await assert.rejects(open(api.api.port, { host: `evil.example:${api.api.port}` }), /421/)
  // Elsewhere, asking to upgrade changes nothing.
  await assert.rejects(open(api.api.port, {}, '/api/events'), /401/)
  const none = await open(api.api.port, {}, '/communities/c2/rpc')
  const [code, reason] = await next(none, 'close')
  assert.deepEqual([code, String(reason)], [1008, 'ledger_none'])
})

test('a WebSocket that asks faster than it is answered is not read meanwhile', async () => {
  let handled = 0
  const release = Promise.withResolvers<void>()
  const handle = async () => {
    handled += 1
    await release.promise
    return 'x'
  }
  await using api = await start({ open: () => ({ handle, close: () => undefined }) })
  const socket = await open(api.api.port)
  let answers = 0
  socket.on('message', () => (answers += 1))
  const sends = 4 * ledgerSocketRequestsMax
  for (let at = 0; at < sends; at++) socket.send(`${'x'.repeat(64 * 1024)}`)
  await until(() => handled >= ledgerSocketRequestsMax)
  // What had been read when it was paused may still come.
  assert.ok(handled < sends, String(handled))
  release.resolve()
  await until(() => answers === sends)
  socket.terminate()
})

test('a message that is too long, or is none of text, ends its WebSocket', async () => {
  await using api = await start()
  const long = await open(api.api.port)
  const closed = next(long, 'close')
  long.send('x'.repeat(ledgerRpcBodyBytesMax + 1))
  assert.equal((await closed)[0], 1009)
  const binary = await open(api.api.port)
  const ended = next(binary, 'close')
  binary.send(Buffer.from('hello'))
  assert.equal((await ended)[0], 1003)
})

test('who takes nothing of what it is sent is cut off', async () => {
  await using api = await start()
  const socket = await open(api.api.port)
  socket.pause()
  const text = 'x'.repeat(4 * 1024 * 1024)
  const sends = ledgerSocketUnsentBytesMax / text.length + 16
  let taken = 0
  for (let at = 0; at < sends; at++) if (api.sockets[0]?.note(text) === true) taken += 1
  assert.ok(taken < sends, String(taken))
  await until(() => api.closed() === 1)
  socket.terminate()
})

test('who does not answer pings is gone', async () => {
  const clock = createManualClock()
  await using api = await start({}, { apiClock: clock })
  const alive = await open(api.api.port)
  const dead = await open(api.api.port)
  const pinged = next(alive, 'ping')
  dead.pause()
  clock.advance(ledgerSocketPingMs)
  await pinged
  // Its pong is on its way before this is answered.
  alive.send('hello')
  await next(alive, 'message')
  clock.advance(ledgerSocketPingMs)
  await until(() => api.closed() === 1)
  assert.equal(alive.readyState, WebSocket.OPEN)
  alive.terminate()
  dead.terminate()
})

test('WebSockets are counted, and closing the daemon ends them', async () => {
  const api = await start()
  const sockets = await Promise.all(Array.from({ length: ledgerSocketsMax }, () => open(api.api.port)))
  await assert.rejects(open(api.api.port), /429/)
  sockets[0]?.terminate()
  await until(() => api.closed() === 1)
  await open(api.api.port)
  const ends = sockets.slice(1).map((socket) => next(socket, 'close'))
  await api.api.close()
  await Promise.all(ends)
})
