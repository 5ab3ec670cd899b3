import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { startApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { bodyTimeoutMs, closeGraceMs, connectionsMax, handlerTimeoutMs, problemFieldsMax } from './limits.ts'

test('closing waits for none of event streams, downloads, uploads and calls', async () => {
  const api = await startApi({
    wrap: (services) => ({
      ...services,
      doctor: () => new Promise(() => undefined),
      file: async () => ({ path: 'x', bytes: 1e9, bytesDone: 0, wanted: true, mediaType: '' }),
      async *openFile() {
        for (;;) yield new Uint8Array(65536)
      },
    }),
  })
  const streams = await Promise.all([api.get('/api/events'), api.get('/api/shares/a/content/x')])
  const call = api.get('/api/doctor')
  const upload = api.get('/api/uploads/u/files/a', { method: 'PUT', body: new ReadableStream(), duplex: 'half' })
  const idle = connect(api.port, '127.0.0.1')
  upload.catch(() => undefined)
  idle.on('error', () => undefined)
  await until(() => !idle.connecting)
  const startMs = performance.now()
  await api.close()
  const tookMs = performance.now() - startMs
  // Nothing that is open here would end by itself within a minute.
  assert.ok(tookMs < closeGraceMs + 5_000, `took ${tookMs} ms`)
  const answer = await call
  assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [503, 'stopping'])
  assert.match(await (streams[0] as Response).text(), /^retry/) // ended in order
  await assert.rejects((streams[1] as Response).arrayBuffer())
})

test('a taken port is a conflict; closing before listening is fine', async () => {
  await using api = await startApi()
  await assert.rejects(startApi({ port: api.port }), (error) => {
    assert.ok(isPeerhoodError(error))
    assert.deepEqual([error.code, error.kind, error.details.port], ['port_taken', 'conflict', api.port])
    return true
  })
})

test('no other address of this computer answers', async () => {
  await using api = await startApi()
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address?.internal === false)
  for (const address of [...others.map((other) => other?.address ?? ''), '127.0.0.2']) {
    const socket = connect(api.port, address)
    const reached = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    assert.equal(reached, false, address)
  }
})

test('stop is answered before it begins', async () => {
  const stopped = Promise.withResolvers<void>()
  await using api = await startApi({ onStop: stopped.resolve })
  assert.equal((await api.get('/api/stop', { method: 'POST' })).status, 202)
  await stopped.promise
})

test('a body that does not come and an answer that does not come have deadlines', async () => {
  const clock = createManualClock()
  let aborted: unknown
  await using api = await startApi({
    apiClock: clock,
    wrap: (services) => ({
      ...services,
      doctor: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (aborted = signal.reason))
        }),
    }),
  })
  const head = `Host: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${testToken}\r\nConnection: close`
  const json = 'Content-Type: application/json\r\nContent-Length: 100'
  const silent = api.raw(`POST /api/links HTTP/1.1\r\n${head}\r\n${json}\r\n\r\n{`)
  await until(() => clock.waiting === 2) // the route's deadline and the body's
  clock.advance(bodyTimeoutMs)
  assert.equal((await silent).status, 408)
  const endless = api.raw(`GET /api/doctor HTTP/1.1\r\n${head}\r\n\r\n`)
  await until(() => clock.waiting === 1)
  clock.advance(handlerTimeoutMs)
  assert.equal((await endless).status, 504)
  assert.ok(isPeerhoodError(aborted) && aborted.code === 'answer_timeout')
})

test('work ends when its caller goes away', async () => {
  let aborted: unknown
  await using api = await startApi({
    wrap: (services) => ({
      ...services,
      connect: (_address, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = signal.reason
            reject(signal.reason)
          })
          caller.abort()
        }),
    }),
  })
  const caller = new AbortController()
  const body = JSON.stringify({ address: '/p2p/x' })
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json' }, signal: caller.signal }
  await assert.rejects(api.get('/api/peers', init))
  await until(() => isPeerhoodError(aborted) && aborted.code === 'caller_gone')
})

test(`connection ${connectionsMax + 1} is closed unheard; there is room again when one leaves`, async () => {
  await using api = await startApi()
  const isOver = (socket: Socket) => socket.closed || socket.readableEnded
  const open = (): Promise<Socket> => {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const socket = connect(api.port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject).resume()
    return promise
  }
  const sockets: Socket[] = []
  for (let i = 0; i < connectionsMax; i++) sockets.push(await open())
  const surplus = await open()
  await until(() => isOver(surplus))
  assert.ok(!sockets.some(isOver), 'those within the limit stay')
  sockets.pop()?.destroy()
  const head = `Host: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${testToken}\r\nConnection: close`
  const ask = () => api.raw(`GET /api/status HTTP/1.1\r\n${head}\r\n\r\n`).then(({ status }) => status === 200)
  await until(() => ask().catch(() => false))
  for (const socket of [...sockets, surplus]) socket.destroy()
})

test('a refusal names so many fields, and counts the rest', async () => {
  await using api = await startApi()
  const bootstrap = Array.from({ length: problemFieldsMax + 5 }, () => 7)
  const body = JSON.stringify({ bootstrap })
  const init = { method: 'PATCH', body, headers: { 'content-type': 'application/json' } }
  const answer = await api.get('/api/settings', init)
  const problem = (await answer.json()) as { code: string; details: { fields: unknown[]; count: number } }
  assert.equal(problem.code, 'request_malformed')
  assert.equal(problem.details.fields.length, problemFieldsMax)
  assert.equal(problem.details.count, problemFieldsMax + 5)
})
