import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Community, Message } from '../../../src/sdk/types.ts'
import { noticeOf } from './notice-core.ts'

test('a notification says who, where and what, also when it is not known who', () => {
  const message = {
    person: 'did:key:zAda',
    text: 'Are you\ncoming?',
    hidden: null,
    attachments: [],
  } as unknown as Message
  const community = { name: 'Garden', phase: 'open', direct: null } as Community
  assert.deepEqual(noticeOf(message, community, 'Ada'), { title: 'Ada in Garden', body: 'Are you coming?', message })
  assert.equal(noticeOf(message, undefined, undefined).title, 'zAda')
})
