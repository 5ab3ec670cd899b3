import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../base/errors.ts'
import { eventLineCharsMax } from './limits.ts'
import { createSseParser, type SseMessage } from './sse.ts'

const parse = (text: string) => createSseParser().push(text)

test('messages, comments, ids and lines as WHATWG HTML §9.2.6 has them', () => {
  assert.deepEqual(parse('id: 1\ndata: a\n\n'), [{ id: '1', data: 'a' }])
  assert.deepEqual(parse('id: 1\r\ndata: a\r\n\r\n'), [{ id: '1', data: 'a' }])
  assert.deepEqual(parse('data:a\ndata: b\ndata\n\n'), [{ id: '', data: 'a\nb\n' }])
  assert.deepEqual(parse(': beat\n\nretry: 5\n\nevent: x\n\n'), [])
  assert.deepEqual(parse('id: 7\n\ndata: a\n\n'), [
    { id: '7', data: undefined },
    { id: '7', data: 'a' },
  ])
  assert.deepEqual(parse('id: 1\0\ndata: a\n\n'), [{ id: '', data: 'a' }])
  assert.deepEqual(parse('data: unfinished\n'), [])
})

test('it does not matter where the text is cut', () => {
  const message = fc.record(
    { id: fc.stringMatching(/^[\w-]{1,8}$/), data: fc.stringMatching(/^[\w {}":]{1,20}$/) },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat({ max: 200 })), (messages, cuts) => {
      const text = messages.map(({ id, data }) => `id: ${id}\ndata: ${data}\n\n`).join(': beat\n\n')
      const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length].sort((a, b) => a - b)
      const parser = createSseParser()
      const found: SseMessage[] = []
      for (const [index, place] of places.entries())
        found.push(...parser.push(text.slice(places[index - 1] ?? 0, place)))
      assert.deepEqual(found, messages)
    }),
  )
})

test('an endless line and an endless message are refused', () => {
  const refuses = (push: (parser: ReturnType<typeof createSseParser>) => void) =>
    assert.throws(
      () => push(createSseParser()),
      (error) => isPeerhoodError(error) && error.code === 'answer_malformed',
    )
  refuses((parser) => parser.push('x'.repeat(eventLineCharsMax + 1)))
  refuses((parser) => {
    for (;;) parser.push(`data: ${'x'.repeat(100_000)}\n`)
  })
  assert.equal(parse(`data: ${'x'.repeat(eventLineCharsMax - 6)}\n\n`).length, 1)
})
