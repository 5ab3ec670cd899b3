import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Message } from '../../../../src/sdk/types.ts'
import {
  emptyTimeline,
  findMessage,
  lastMessage,
  messageCount,
  type Pending,
  pageMessagesMax,
  stepTimeline,
  type Timeline,
} from './timeline-core.ts'

const message = (id: string, sentMs: number, change: Partial<Message> = {}): Message =>
  ({ id, sentMs, text: id, replyTo: null, attachments: [], ...change }) as unknown as Message
const run = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => message(`m${from + at}`, from + at))
const textsOf = ({ pages = [] }: Timeline) => pages.flatMap(({ messages }) => messages.map(({ text }) => text))
const newest = (messages: readonly Message[], before: string | null = null) =>
  stepTimeline(emptyTimeline, { type: 'stretch', messages, before, after: null })
const pending = (id: string, change: Partial<Pending> = {}): Pending => ({
  id,
  text: id,
  replyTo: undefined,
  attachments: [],
  sentMs: 1,
  failure: undefined,
  ...change,
})

test('older pages come before, and an answer that comes too late is dropped', () => {
  const held = newest(run(100, 150), 'mark-100')
  const more = stepTimeline(held, { type: 'older', asked: 'mark-100', messages: run(0, 100), before: null })
  assert.deepEqual(
    textsOf(more),
    run(0, 150).map(({ text }) => text),
  )
  assert.equal(more.before, null)
  assert.equal(stepTimeline(more, { type: 'older', asked: 'mark-100', messages: run(0, 100), before: null }), more)
  const kept = held.pages?.length ?? 0
  assert.ok(
    kept > 1 && held.pages?.every((page, at) => more.pages?.at(at - kept) === page),
    'what was there stays as it is',
  )
})

test('whatever order news comes in, messages stand by time, each once', () => {
  const news = fc.array(fc.record({ id: fc.nat(60), late: fc.boolean() }), { maxLength: 200 })
  fc.assert(
    fc.property(news, (all) => {
      let timeline = newest(run(0, 20))
      for (const { id, late } of all) {
        const text = late ? `changed ${id}` : `m${id}`
        timeline = stepTimeline(timeline, { type: 'message', message: message(`m${id}`, id, { text }) })
      }
      const held = timeline.pages?.flatMap(({ messages }) => messages) ?? []
      assert.deepEqual(
        held.map(({ sentMs }) => sentMs),
        [...new Set([...run(0, 20).map(({ sentMs }) => sentMs), ...all.map(({ id }) => id)])].sort((a, b) => a - b),
      )
      assert.ok(timeline.pages?.every(({ messages }) => messages.length > 0 && messages.length <= pageMessagesMax))
      assert.equal(new Set(timeline.pages?.map(({ key }) => key)).size, timeline.pages?.length)
    }),
  )
})

test('of equal times, what came later stands later, and a change finds its message', () => {
  let timeline = newest([message('a', 5), message('b', 5)])
  timeline = stepTimeline(timeline, { type: 'message', message: message('c', 5) })
  timeline = stepTimeline(timeline, { type: 'message', message: message('a', 5, { text: 'edited' }) })
  assert.deepEqual(textsOf(timeline), ['edited', 'b', 'c'])
})

test('what lies before all that is held waits for its page', () => {
  const held = newest(run(100, 110), 'mark')
  assert.equal(stepTimeline(held, { type: 'message', message: message('old', 3) }), held)
  assert.equal(messageCount(stepTimeline(newest(run(100, 110)), { type: 'message', message: message('old', 3) })), 11)
})

test('what is sent stands at the end, once, whichever of answer and event comes first', () => {
  const sending = stepTimeline(newest(run(0, 3)), { type: 'sending', pending: pending('p1', { text: 'hello' }) })
  const told = message('m9', 9, { text: 'hello' })
  const eventFirst = stepTimeline(sending, { type: 'message', message: told })
  assert.equal(eventFirst.pending[0]?.metBy, 'm9')
  for (const [first, second] of [
    [
      { type: 'message', message: told },
      { type: 'sent', id: 'p1', message: told },
    ],
    [
      { type: 'sent', id: 'p1', message: told },
      { type: 'message', message: told },
    ],
  ] as const) {
    const done = stepTimeline(stepTimeline(sending, first), second)
    assert.deepEqual(done.pending, [])
    assert.deepEqual(textsOf(done), ['m0', 'm1', 'm2', 'hello'])
  }
})

test('two of the same text are two, and a failed one waits for its person', () => {
  let timeline = newest([])
  for (const id of ['p1', 'p2'])
    timeline = stepTimeline(timeline, { type: 'sending', pending: pending(id, { text: 'ok' }) })
  timeline = stepTimeline(timeline, { type: 'message', message: message('m1', 1, { text: 'ok' }) })
  assert.deepEqual(
    timeline.pending.map(({ metBy }) => metBy),
    ['m1', undefined],
  )
  const failure = { sentence: 'no', hint: '', code: 'x' }
  timeline = stepTimeline(timeline, { type: 'failed', id: 'p2', failure })
  assert.equal(timeline.pending[1]?.failure, failure)
  timeline = stepTimeline(timeline, { type: 'sending', pending: pending('p2', { text: 'ok' }) })
  assert.deepEqual(
    timeline.pending.map(({ id, failure: now }) => [id, now]),
    [
      ['p1', undefined],
      ['p2', undefined],
    ],
  )
  assert.equal(stepTimeline(timeline, { type: 'discard', id: 'p2' }).pending.length, 1)
})

test('a stretch grows at both sides, whatever news comes, and holds each message once', () => {
  const count = 12_000
  /** A mark is the place of a message. */
  const mark = (at: number) => (at <= 0 || at >= count ? null : `${at}`)
  const moves = fc.array(fc.oneof(fc.constantFrom('older', 'newer', 'far older', 'trim'), fc.nat(count - 1)), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(fc.nat(count - 100), moves, (from, all) => {
      const stretch = { messages: run(from, from + 80), before: mark(from), after: mark(from + 80) }
      let timeline = stepTimeline(emptyTimeline, { type: 'stretch', ...stretch })
      const read = (side: 'older' | 'newer') => {
        const asked = side === 'older' ? timeline.before : timeline.after
        if (asked === null) return
        const at = Number(asked)
        const [begin, end] = side === 'older' ? [Math.max(0, at - 80), at] : [at, Math.min(count, at + 80)]
        const answer = { asked, messages: run(begin, end), before: mark(begin), after: mark(end) }
        timeline = stepTimeline(timeline, { type: side, ...answer })
      }
      for (const move of all) {
        if (move === 'far older') for (let times = 0; times < 60; times++) read('older')
        else if (move === 'older' || move === 'newer') read(move)
        else if (move === 'trim') timeline = stepTimeline(timeline, { type: 'trim' })
        else timeline = stepTimeline(timeline, { type: 'message', message: message(`m${move}`, Number(move)) })
        const held = timeline.pages?.flatMap(({ messages }) => messages) ?? []
        const [first = 0, last = 0] = [held[0]?.sentMs, held.at(-1)?.sentMs]
        assert.deepEqual(
          held.map(({ sentMs }) => sentMs),
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        )
        assert.ok(held.length < 4_100, `${held.length} are held`)
        assert.deepEqual([timeline.before, timeline.after], [mark(first), mark(last + 1)])
      }
    }),
    { numRuns: 40, seed: 1 },
  )
})

test('what comes after all that is held waits for its page', () => {
  const held = stepTimeline(newest([]), { type: 'stretch', messages: run(5, 9), before: '5', after: '9' })
  assert.equal(stepTimeline(held, { type: 'message', message: message('m20', 20) }), held)
  assert.equal(stepTimeline(held, { type: 'newer', asked: 'another', messages: run(9, 12), after: null }), held)
  const whole = stepTimeline(held, { type: 'newer', asked: '9', messages: run(8, 12), after: null })
  assert.deepEqual(textsOf(whole), ['m5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11'])
})

test('a list that has grown long is cut where an answer began, and can grow again from there', () => {
  let timeline = newest(run(9800, 10_000), 'mark-9800')
  for (let from = 9800; from > 6000; from -= 20) {
    const before = `mark-${from - 20}`
    timeline = stepTimeline(timeline, { type: 'older', asked: `mark-${from}`, messages: run(from - 20, from), before })
  }
  assert.equal(timeline.after, 'mark-9200', 'the other side is cut while one reads back')
  for (let asked: string | null = timeline.after; asked !== null; asked = timeline.after) {
    const from = Number(asked.slice('mark-'.length))
    const after = from + 80 < 10_000 ? `mark-${from + 80}` : null
    timeline = stepTimeline(timeline, { type: 'newer', asked, messages: run(from, Math.min(10_000, from + 80)), after })
  }
  for (const told of run(10_000, 10_500)) timeline = stepTimeline(timeline, { type: 'message', message: told })
  const cut = stepTimeline(timeline, { type: 'trim' })
  assert.ok(messageCount(cut) >= 800 && messageCount(cut) <= 1500, `${messageCount(cut)}`)
  const [first] = cut.pages?.[0]?.messages ?? []
  assert.equal(cut.before, `mark-${first?.sentMs}`)
  assert.equal(lastMessage(cut)?.id, 'm10499')
  assert.equal(findMessage(cut, 'm0'), undefined)
  assert.equal(stepTimeline(cut, { type: 'trim' }), cut)
})
