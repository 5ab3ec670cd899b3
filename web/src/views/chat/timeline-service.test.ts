import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineErrors } from '../../../../src/base/errors.ts'
import type { Event, Message, MessageRequest, Messages, MessagesOptions } from '../../../../src/sdk/types.ts'
import { createTimelineService, type Place } from './timeline-service.ts'

const errors = defineErrors({
  gone: { kind: 'no-daemon', hint: 'Start it.' },
  message_unknown: { kind: 'not-found', hint: '' },
})
const place: Place = { community: 'c', channel: 'general' }
const message = (at: number, change: Partial<Message> = {}): Message =>
  ({
    community: 'c',
    channel: 'general',
    id: `m${at}`,
    sentMs: at,
    text: `m${at}`,
    thread: null,
    replyTo: null,
    attachments: [],
    ...change,
  }) as unknown as Message

/** A channel of so many messages, whose answers the test may hold back. */
function fakeChat(count: number, where = place) {
  const all = Array.from({ length: count }, (_, at) => message(at))
  const listeners = new Set<(event: Event) => void>()
  const held: (() => void)[] = []
  const state = { isHeld: false, isGone: false, calls: 0 }
  const chat = {
    async messages(
      _community: string,
      _channel: string,
      { before, after, around, limit = 50 }: MessagesOptions = {},
    ): Promise<Messages> {
      state.calls += 1
      const sought = all.findIndex(({ id }) => id === around)
      if (around !== undefined && sought < 0) throw errors.message_unknown('It is not here.')
      const middle = around === undefined ? undefined : Math.min(all.length, sought + (limit >> 1))
      const end =
        middle ?? (after === undefined ? Number(before ?? all.length) : Math.min(all.length, Number(after) + limit))
      const start = after === undefined ? Math.max(0, end - limit) : Number(after)
      const page = {
        messages: all.slice(start, end),
        before: start === 0 ? null : String(start),
        after: end === all.length ? null : String(end),
      }
      if (state.isHeld) await new Promise<void>((resolve) => held.push(resolve))
      if (state.isGone) throw errors.gone('The daemon does not answer.')
      return page
    },
    async send(_community: string, _channel: string, request: MessageRequest): Promise<Message> {
      if (state.isGone) throw errors.gone('The daemon does not answer.')
      const sent = message(all.length, { text: request.text ?? '' })
      all.push(sent)
      return sent
    },
  }
  const service = createTimelineService(
    {
      chat,
      listen(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      schedule: (run) => run(),
      nowMs: () => 0,
    },
    where,
  )
  const tell = (event: Event) => {
    for (const listener of listeners) listener(event)
  }
  const texts = () => service.view().timeline.pages?.flatMap((page) => page.messages.map(({ text }) => text))
  return { service, state, tell, texts, held, listeners }
}

const settle = () => new Promise(setImmediate)

test('the newest page comes first, and older ones when they are asked for', async () => {
  const { service, texts, state } = fakeChat(200)
  service.open(50)
  await settle()
  assert.deepEqual([texts()?.length, texts()?.[0]], [50, 'm150'])
  await Promise.all([service.readOlder(), service.readOlder()])
  assert.equal(state.calls, 2, 'one at a time')
  assert.equal(texts()?.[0], 'm70')
  await service.readOlder()
  assert.deepEqual([texts()?.length, service.view().timeline.before], [200, null])
  await service.readOlder()
  assert.equal(state.calls, 3, 'nothing lies before the beginning')
})

test('what happens while the newest page is read is not lost', async () => {
  const { service, state, tell, held, texts } = fakeChat(3)
  state.isHeld = true
  service.open(50)
  await settle()
  tell({ type: 'chat-message', message: message(9, { text: 'meanwhile' }), isNew: true })
  tell({ type: 'chat-message', message: message(1, { text: 'edited' }), isNew: false })
  held.shift()?.()
  await settle()
  assert.deepEqual(texts(), ['m0', 'edited', 'm2', 'meanwhile'])
})

test('only what is said in this place is heard, until it is left', async () => {
  const { service, tell, texts, listeners } = fakeChat(1)
  const close = service.open(50)
  await settle()
  for (const change of [{ channel: 'other' }, { community: 'd' }, { thread: 'm0' }]) {
    tell({ type: 'chat-message', message: message(5, change), isNew: true })
  }
  assert.deepEqual(texts(), ['m0'])
  close()
  assert.equal(listeners.size, 0)

  const thread = fakeChat(0, { ...place, thread: 'm0' })
  thread.service.open(50)
  await settle()
  thread.tell({ type: 'chat-message', message: message(6, { thread: 'm0' }), isNew: true })
  thread.tell({ type: 'chat-message', message: message(7), isNew: true })
  assert.deepEqual(thread.texts(), ['m6'])
})

test('what was sent without a daemon stays, says why, and goes when it is sent again', async () => {
  const { service, state, texts } = fakeChat(0)
  service.open(50)
  await settle()
  state.isGone = true
  await service.send({ text: 'hello', replyTo: undefined, attachments: [] })
  const [failed] = service.view().timeline.pending
  assert.equal(failed?.failure?.code, 'gone')
  state.isGone = false
  await service.retry(failed?.id ?? '')
  assert.deepEqual([texts(), service.view().timeline.pending], [['hello'], []])
})

test('a message far back is read with what is around it, and the end comes again when it is wanted', async () => {
  const { service, state, tell, texts } = fakeChat(3000)
  service.open(50)
  await settle()
  const { signal } = new AbortController()
  assert.equal(await service.readTo('m12', signal), true)
  assert.equal(state.calls, 2)
  assert.deepEqual([texts()?.includes('m12'), texts()?.includes('m2999')], [true, false])
  tell({ type: 'chat-message', message: message(3000), isNew: true })
  assert.equal(texts()?.includes('m3000'), false, 'it comes with its page')

  assert.equal(await service.readTo('elsewhere', signal), false)
  assert.deepEqual(
    [service.view().failure, service.view().isSeeking, texts()?.includes('m12')],
    [undefined, false, true],
  )
  const held = texts()?.length ?? 0
  await Promise.all([service.readNewer(), service.readNewer()])
  assert.equal(texts()?.length, held + 80, 'one at a time')
  tell({ type: 'reset' })
  await settle()
  assert.equal(texts()?.includes('m2999'), false, 'it is read anew where one was')

  await service.readNewest()
  assert.deepEqual([service.view().timeline.after, texts()?.at(-1)], [null, 'm2999'])
  const { calls } = state
  await service.readNewest()
  await service.readNewer()
  assert.equal(state.calls, calls, 'it is there')
})

test('what is sent while the end is not held stands there when one goes there', async () => {
  const { service, texts } = fakeChat(3000)
  service.open(50)
  await settle()
  await service.readTo('m12', new AbortController().signal)
  await Promise.all([service.send({ text: 'hello', replyTo: undefined, attachments: [] }), service.readNewest()])
  assert.equal(texts()?.filter((text) => text === 'hello').length, 1)
  assert.deepEqual(service.view().timeline.pending, [])
})

test('a failed reading is told and can be tried again; a reset reads anew', async () => {
  const { service, state, tell, texts } = fakeChat(2)
  state.isGone = true
  service.open(50)
  await settle()
  assert.equal(service.view().failure?.sentence, 'The daemon does not answer.')
  state.isGone = false
  tell({ type: 'reset' })
  await settle()
  assert.deepEqual([service.view().failure, texts()?.length], [undefined, 2])
  tell({ type: 'chat-rebuilt', community: 'd' })
  assert.equal(state.calls, 2)
  tell({ type: 'chat-rebuilt', community: 'c' })
  assert.equal(state.calls, 3)
})
