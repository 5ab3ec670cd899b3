import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { startApi, type TestApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { eventsClientsMax, eventsHeartbeatMs, eventsKeptMax, eventsStallTimeoutMs } from './limits.ts'
import type { Event } from './schemas.ts'

interface Stream {
  /** All text so far. */
  text(): string
  /** Ids and events so far; id-only messages have none. */
  messages(): { id: string; event: Event | undefined }[]
  readonly ended: boolean
  readonly contentType: string | undefined
  cut(): void
  pause(): void
  resume(): void
}

/** Reads the stream as bytes, so that the tests see what is on the wire. */
async function open(api: TestApi, lastEventId?: string): Promise<Stream> {
  const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const headers = { authorization: `Bearer ${testToken}`, ...resume }
  const outgoing = request(`${api.url}/api/events`, { headers, agent: false }).end()
  const [incoming] = await once(outgoing, 'response')
  let text = ''
  let ended = false
  incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  incoming.on('error', () => undefined).once('close', () => (ended = true))
  const messages = () =>
    [...text.matchAll(/id: (.*)\n(?:data: (.*)\n)?\n/g)].map(([, id = '', data]) => ({
      id,
      event: data === undefined ? undefined : (JSON.parse(data) as Event),
    }))
  return {
    text: () => text,
    messages,
    get ended() {
      return ended
    },
    contentType: incoming.headers['content-type'],
    cut: () => outgoing.destroy(),
    pause: () => incoming.pause(),
    resume: () => incoming.resume(),
  }
}

const removed = (number: number): Event => ({ type: 'share-removed', id: String(number) })
const idsOf = (stream: Stream) =>
  stream.messages().flatMap(({ event }) => (event?.type === 'share-removed' ? [event.id] : []))

describe('the event stream', () => {
  test('starts with where it stands, then brings each event once, in order', async () => {
    await using api = await startApi()
    api.services.emit(removed(0))
    const stream = await open(api)
    assert.match(String(stream.contentType), /^text\/event-stream/)
    await until(() => stream.messages().length === 1)
    assert.match(stream.text(), /^retry: 1000\nid: [0-9a-z]+-1\n\n$/)
    for (let i = 1; i <= 50; i++) api.services.emit(removed(i))
    await until(() => idsOf(stream).length === 50)
    assert.deepEqual(
      idsOf(stream),
      Array.from({ length: 50 }, (_, i) => String(i + 1)),
    )
    stream.cut()
  })

  test('goes on after the last id, without a gap or a repetition', async () => {
    await using api = await startApi()
    const first = await open(api)
    for (let i = 1; i <= 10; i++) api.services.emit(removed(i))
    await until(() => idsOf(first).length === 10)
    first.cut()
    const seventh = first.messages()[7]
    assert.deepEqual(seventh?.event, removed(7))
    for (let i = 11; i <= 12; i++) api.services.emit(removed(i))
    const second = await open(api, seventh.id)
    await until(() => idsOf(second).length === 5)
    assert.deepEqual(idsOf(second), ['8', '9', '10', '11', '12'])
    second.cut()
  })

  test('a drop before the first event loses nothing either', async () => {
    await using api = await startApi()
    const first = await open(api)
    await until(() => first.messages().length === 1)
    first.cut()
    api.services.emit(removed(1))
    const second = await open(api, first.messages()[0]?.id)
    await until(() => idsOf(second).length === 1)
    second.cut()
  })

  test('ids that have left the ring, come from another run or are nonsense get one reset', async () => {
    await using api = await startApi()
    const start = await open(api)
    await until(() => start.messages().length === 1)
    start.cut()
    const old = String(start.messages()[0]?.id)
    const [epoch = ''] = old.split('-')
    for (let i = 0; i <= eventsKeptMax; i++) api.services.emit(removed(i))
    const kept = await open(api, `${epoch}-1`)
    await until(() => idsOf(kept).length === eventsKeptMax)
    kept.cut()
    for (const id of [old, `${epoch}-999999`, 'abc-1', 'nonsense', `${epoch}--1`, '9'.repeat(5000)]) {
      const stream = await open(api, id)
      await until(() => stream.messages().length === 1)
      assert.deepEqual(stream.messages()[0]?.event, { type: 'reset' }, id.slice(0, 20))
      api.services.emit(removed(1))
      await until(() => idsOf(stream).length === 1)
      stream.cut()
    }
  })

  test('a heartbeat goes out when nothing else does', async () => {
    const clock = createManualClock()
    await using api = await startApi({ apiClock: clock })
    const stream = await open(api)
    clock.advance(eventsHeartbeatMs)
    await until(() => stream.text().endsWith(': beat\n\n'))
    stream.cut()
    await until(() => {
      clock.advance(eventsHeartbeatMs)
      return clock.waiting === 0
    })
  })

  /** A client that stops reading while this many events of 200 kB go by, and one that keeps up. */
  async function slowAndQuick(api: TestApi, events: number): Promise<{ slow: Stream; quick: Stream }> {
    const slow = await open(api)
    const quick = await open(api)
    slow.pause()
    const big = { type: 'share-removed', id: 'x'.repeat(200_000) } as const
    for (let i = 1; i <= events; i++) {
      api.services.emit(big)
      await until(() => quick.text().length > i * big.id.length, 1)
    }
    return { slow, quick }
  }

  test('a client that takes nothing is dropped after a while; others are not kept waiting', async () => {
    const clock = createManualClock()
    await using api = await startApi({ apiClock: clock })
    const { slow, quick } = await slowAndQuick(api, 60)
    clock.advance(eventsStallTimeoutMs)
    await until(() => api.lines.some(({ code }) => code === 'events_client_stalled'))
    slow.resume()
    await until(() => slow.ended)
    assert.ok(slow.text().length < quick.text().length)
    assert.equal(quick.ended, false)
    quick.cut()
  })

  test('a client that falls out of the ring is dropped when it reads again, and told so when it comes back', async () => {
    await using api = await startApi()
    const { slow, quick } = await slowAndQuick(api, 130)
    slow.resume()
    await until(() => slow.ended)
    assert.ok(api.lines.some(({ code }) => code === 'events_client_slow'))
    const back = await open(api, slow.messages().at(-1)?.id)
    await until(() => back.messages().length === 1)
    assert.deepEqual(back.messages()[0]?.event, { type: 'reset' })
    back.cut()
    quick.cut()
  })

  test('HEAD says what it would be, and ends', async () => {
    await using api = await startApi()
    const { status, headers } = await api.get('/api/events', { method: 'HEAD' })
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/event-stream; charset=utf-8'])
  })

  test(`client ${eventsClientsMax + 1} is told to wait, until one leaves`, async () => {
    await using api = await startApi()
    const streams = await Promise.all(Array.from({ length: eventsClientsMax }, () => open(api)))
    const refused = await api.get('/api/events')
    assert.equal(refused.status, 429)
    assert.equal(((await refused.json()) as { code: string }).code, 'too_many_events_clients')
    streams[0]?.cut()
    await until(async () => {
      const again = await api.get('/api/events')
      await again.body?.cancel()
      return again.status === 200
    })
    for (const stream of streams) stream.cut()
  })
})

test('pages that listen are counted, programs are not', async () => {
  const counts: number[] = []
  await using api = await startApi({
    wrap: (services) => ({ ...services, pagesOpen: (count) => void counts.push(count) }),
  })
  const shown = await fetch(`${api.url}/open?token=${testToken}`, { redirect: 'manual' })
  const cookie = (shown.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const page = async () => {
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    const outgoing = request(`${api.url}/api/events`, { headers, agent: false }).end()
    const [incoming] = await once(outgoing, 'response')
    incoming.on('error', () => undefined).resume()
    assert.equal(incoming.statusCode, 200)
    return outgoing
  }
  const program = await open(api)
  const pages = [await page(), await page()]
  assert.deepEqual(counts, [1, 2])
  for (const one of pages) one.destroy()
  await until(() => counts.at(-1) === 0)
  assert.deepEqual(counts, [1, 2, 1, 0])
  program.cut()
})
