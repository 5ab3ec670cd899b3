import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Applicant, Ask, Code, CodeEnded, OwnDevice } from '../../../../src/sdk/types.ts'
import {
  addedText,
  admissionNews,
  askBadge,
  askFacts,
  endedText,
  leftText,
  newestCode,
  pendingOf,
  sortDevices,
  triesText,
} from './core.ts'

const minuteMs = 60_000
const code = (change: Partial<Code> = {}) => ({ nameplate: 7, expiresMs: 0, triesLeft: 3, ...change }) as Code
const ended = (change: Partial<CodeEnded>) =>
  ({
    nameplate: 7,
    kind: 'member',
    community: 'c',
    outcome: 'used',
    guest: 'Cem',
    problem: null,
    ...change,
  }) as CodeEnded
const ask = (change: Partial<Ask> = {}) =>
  ({ name: 'Garden', state: 'asking', memberName: 'Cem', askedMs: 0, reachedMs: null, ...change }) as Ask

test('how long a code is good and how often it may be tried is said in whole figures', () => {
  const at = (leftMs: number) => leftText(code({ expiresMs: leftMs }), 0)
  assert.deepEqual([10 * minuteMs, 9 * minuteMs + 1, minuteMs, minuteMs - 1, 0, -1].map(at), [
    '10 minutes left',
    '10 minutes left',
    '1 minute left',
    'less than a minute left',
    'its time is over',
    'its time is over',
  ])
  assert.deepEqual([triesText(code()), triesText(code({ triesLeft: 1 }))], ['3 tries left', 'one try left'])
})

test('of several codes the one made last is shown, and none that has ended', () => {
  const codes = [code({ nameplate: 1, expiresMs: 5 }), code({ nameplate: 2, expiresMs: 9 })]
  assert.equal(newestCode(codes, new Set())?.nameplate, 2)
  assert.equal(newestCode(codes, new Set([2]))?.nameplate, 1)
  assert.equal(newestCode(codes, new Set([1, 2])), undefined)
})

test('every end of a code has words, for persons and for devices', () => {
  for (const kind of ['member', 'device'] as const) {
    for (const outcome of ['used', 'void', 'expired', 'cancelled', 'failed'] as const) {
      const { title, text, tone } = endedText(ended({ kind, outcome, guest: null }))
      assert.ok(title.length > 0 && text.length > 0)
      assert.equal(tone === 'good', outcome === 'used')
    }
  }
  assert.equal(endedText(ended({})).title, 'Cem is in')
  assert.match(
    endedText(ended({ outcome: 'failed', problem: { code: 'x', sentence: 'It is full.' } })).text,
    /^It is full\./,
  )
})

test('what a new device has got is said with what it has not', () => {
  const device = { peerId: 'p', name: 'laptop', communities: 2, missed: 0 }
  assert.match(addedText(device), /^It is in 2 communities with you/)
  assert.match(addedText({ ...device, missed: 1 }), /1 community could not be opened there/)
  assert.match(addedText({ ...device, communities: 0 }), /no community yet/)
})

test('requests wait in the order in which they came; those that are blocked do not', () => {
  const request = (device: string, askedMs: number, state: Applicant['state'] = 'pending') =>
    ({ device, askedMs, state }) as Applicant
  const all = [request('b', 2), request('c', 1, 'blocked'), request('a', 2), request('d', 0)]
  assert.deepEqual(
    pendingOf(all).map(({ device }) => device),
    ['d', 'a', 'b'],
  )
})

test('an own request says how it stands', () => {
  for (const state of ['asking', 'refused', 'unanswered', 'admitted'] as const) {
    assert.notEqual(askBadge(ask({ state })).text, '')
  }
  assert.deepEqual(askFacts(ask(), 0), ['as Cem', 'asked just now', 'no member reached yet'])
  assert.match(askFacts(ask({ reachedMs: 0 }), 5 * minuteMs).join(), /reached 5 min ago/)
})

test('this computer stands first among the devices', () => {
  const device = (name: string, here = false) => ({ device: name, name, here }) as OwnDevice
  assert.deepEqual(
    sortDevices([device('b'), device('a'), device('z', true)]).map(({ name }) => name),
    ['z', 'a', 'b'],
  )
})

test('what happens is told once, and only what somebody wants to know', () => {
  const nameOf = () => 'Garden'
  assert.equal(admissionNews({ type: 'code-ended', ended: ended({}) }, nameOf), 'Cem is in Garden')
  assert.match(admissionNews({ type: 'code-ended', ended: ended({ outcome: 'void' }) }, nameOf) ?? '', /void/)
  assert.equal(admissionNews({ type: 'code-ended', ended: ended({ outcome: 'expired' }) }, nameOf), undefined)
  // A device is told of by the event of its own.
  assert.equal(admissionNews({ type: 'code-ended', ended: ended({ kind: 'device' }) }, nameOf), undefined)
  assert.equal(admissionNews({ type: 'ask', ask: ask({ state: 'admitted' }) }, nameOf), 'You were let into Garden')
  assert.equal(
    admissionNews({ type: 'ask', ask: ask({ name: null, state: 'refused' }) }, nameOf),
    'A community has refused you',
  )
  assert.equal(admissionNews({ type: 'ask', ask: ask() }, nameOf), undefined)
  assert.equal(admissionNews({ type: 'reset' }, nameOf), undefined)
})
