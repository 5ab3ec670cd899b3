import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageBytesMax, viewingOf } from './core.ts'

test('what browsers can show is shown', () => {
  assert.equal(viewingOf('image/jpeg', 10), 'image')
  assert.equal(viewingOf('video/mp4', 1e12), 'video')
  assert.equal(viewingOf('audio/flac', 10), 'audio')
  assert.equal(viewingOf('application/pdf', 10), 'pdf')
  assert.equal(viewingOf('text/plain; charset=utf-8', 10), 'text')
  assert.equal(viewingOf('Application/JSON', 10), 'text')
})

test('web pages are shown as text, never run', () => {
  assert.equal(viewingOf('text/html', 10), 'text')
  assert.equal(viewingOf('application/javascript', 10), 'text')
})

test('what is too large or unknown is not shown', () => {
  assert.equal(viewingOf('image/png', imageBytesMax), 'image')
  assert.equal(viewingOf('image/png', imageBytesMax + 1), 'none')
  assert.equal(viewingOf('application/octet-stream', 1), 'none')
  assert.equal(viewingOf('', 1), 'none')
})
