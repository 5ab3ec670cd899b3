import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { startApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import type { Event } from '../api/schemas.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { type ConnectionState, createPeerhood } from './client.ts'
import { eventsSilenceTimeoutMs, reconnectDelayMsMax } from './limits.ts'

const removed = (number: number): Event => ({ type: 'share-removed', id: String(number) })

/** A server that lets a test play the daemon: `next` is the next request for events. */
async function playDaemon() {
  const requests: { lastEventId: string | undefined; answer: ServerResponse }[] = []
  const server = createServer((incoming, answer) => {
    requests.push({ lastEventId: incoming.headers['last-event-id'] as string | undefined, answer })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async next() {
      await until(() => requests.length > 0)
      return requests.shift() as (typeof requests)[number]
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const begin = (answer: ServerResponse) => answer.writeHead(200, { 'content-type': 'text/event-stream' })

describe('events', () => {
  test('come through a real daemon, and abort ends them quietly', async () => {
    await using api = await startApi()
    const controller = new AbortController()
    const states: ConnectionState[] = []
    const seen: string[] = []
    const onState = (state: ConnectionState) => {
      states.push(state)
      if (state === 'open') for (let i = 1; i <= 3; i++) api.services.emit(removed(i))
    }
    for await (const { id, event } of api.client.events({ signal: controller.signal, onState })) {
      assert.match(id, /-\d+$/)
      if (event.type === 'share-removed') seen.push(event.id)
      if (seen.length === 3) controller.abort()
    }
    assert.deepEqual(seen, ['1', '2', '3'])
    assert.deepEqual(states, ['connecting', 'open'])
  })

  test('a restarted daemon is found again; what was missed is a reset', async () => {
    const controller = new AbortController()
    let api = await startApi()
    const { port, client } = api
    const seen: Event[] = []
    const states: ConnectionState[] = []
    const onState = (state: ConnectionState) => states.push(state)
    const reading = (async () => {
      for await (const { event } of client.events({ signal: controller.signal, onState })) seen.push(event)
    })()
    await until(() => states.includes('open'))
    api.services.emit(removed(1))
    await until(() => seen.length === 1)
    await api.close()
    api = await startApi({ port })
    await until(() => seen.length === 2)
    assert.deepEqual(seen[1], { type: 'reset' })
    api.services.emit(removed(2))
    await until(() => seen.length === 3)
    assert.ok(states.includes('waiting'))
    controller.abort()
    await reading
    await api.close()
  })

  test('after a drop it goes on from the last id, a little later each time', async () => {
    await using daemon = await playDaemon()
    const clock = createManualClock()
    const client = createPeerhood({ url: daemon.url, clock })
    const states: ConnectionState[] = []
    const events = client.events({ onState: (state) => states.push(state) })[Symbol.asyncIterator]()
    const isWaiting = () => states.at(-1) === 'waiting' && clock.waiting === 1
    const first = events.next()
    const one = await daemon.next()
    assert.equal(one.lastEventId, undefined)
    begin(one.answer).write('id: a-5\n\nid: a-6\ndata: {"type":"reset"}\n\n')
    assert.equal((await first).value?.id, 'a-6')
    const second = events.next()
    one.answer.destroy()
    for (const delayMs of [250, 500, 1000, 2000, 4000, reconnectDelayMsMax, reconnectDelayMsMax]) {
      await until(isWaiting)
      clock.advance(delayMs - 1)
      assert.ok(isWaiting(), `a try came before ${delayMs} ms`)
      clock.advance(1)
      const again = await daemon.next()
      assert.equal(again.lastEventId, 'a-6')
      again.answer.destroy()
    }
    await until(isWaiting)
    clock.advance(reconnectDelayMsMax)
    begin((await daemon.next()).answer).write('id: a-7\ndata: {"type":"reset"}\n\n')
    assert.equal((await second).value?.id, 'a-7')
    await events.return?.()
    assert.equal(clock.waiting, 0)
  })

  test('a daemon that falls silent is left and asked again', async () => {
    await using daemon = await playDaemon()
    const clock = createManualClock()
    const states: ConnectionState[] = []
    const client = createPeerhood({ url: daemon.url, clock })
    const events = client.events({ onState: (state) => states.push(state) })[Symbol.asyncIterator]()
    const next = events.next()
    begin((await daemon.next()).answer).write(': beat\n\n')
    await until(() => states.at(-1) === 'open' && clock.waiting === 1)
    await until(() => {
      // Each line that arrives sets the deadline anew, so one look may come too early.
      if (states.at(-1) === 'open') clock.advance(eventsSilenceTimeoutMs)
      return states.at(-1) === 'waiting'
    })
    clock.advance(reconnectDelayMsMax)
    begin((await daemon.next()).answer).write('data: {"type":"reset"}\n\n')
    assert.deepEqual((await next).value?.event, { type: 'reset' })
    await events.return?.()
  })

  test('a refusal is thrown at once; absence is thrown after as many tries as wanted', async () => {
    await using api = await startApi()
    const wrong = createPeerhood({ url: api.url, token: `${testToken}x` })
    const codeOf = async (reading: AsyncIterable<unknown>) => {
      try {
        for await (const _ of reading);
      } catch (error) {
        return isPeerhoodError(error) ? `${error.code} ${error.kind}` : String(error)
      }
      return 'nothing'
    }
    assert.equal(await codeOf(wrong.events()), 'unauthenticated refused')
    const clock = createManualClock()
    const absent = createPeerhood({ url: 'http://127.0.0.1:9', clock })
    const reading = codeOf(absent.events({ attemptsMax: 3 }))
    await until(() => {
      clock.advance(reconnectDelayMsMax)
      return Promise.race([reading.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))])
    })
    assert.equal(await reading, 'daemon_unreachable no-daemon')
  })

  test('what is no event of ours is an error, not a hang', async () => {
    await using daemon = await playDaemon()
    const next = createPeerhood({ url: daemon.url }).events()[Symbol.asyncIterator]().next()
    begin((await daemon.next()).answer).write('data: nonsense\n\n')
    await assert.rejects(next, (error) => isPeerhoodError(error) && error.code === 'answer_malformed')
  })
})
