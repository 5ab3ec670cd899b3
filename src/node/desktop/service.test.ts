import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import type { ChatEvent, Message } from '../../apps/chat/types.ts'
import { Emitter } from '../../base/events.ts'
import type { Log } from '../../base/ports.ts'
import type { DirectEvent } from '../../community/direct/types.ts'
import { nodeErrors } from '../errors.ts'
import { notificationsBurst, notificationsWaitingMax, notifySettleMs, notifySummaryMs } from '../limits.ts'
import { createDesktop } from './service.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }

function bench() {
  const clock = createVirtualClock()
  const chat = new Emitter<ChatEvent>()
  const direct = new Emitter<DirectEvent>()
  const shown: string[] = []
  const world = { on: true, installed: true, fails: false, unread: 1, hold: undefined as Promise<void> | undefined }
  const messages = new Map<string, Message>()
  const desktop = createDesktop({
    ...{ clock, log, isOn: () => world.on, self: () => 'ann' as never },
    program: {
      find: () => (world.installed ? '/usr/bin/notify-send' : undefined),
      hasSession: () => true,
      async show({ title, body }) {
        shown.push(`${title}: ${body}`)
        await world.hold
        if (world.fails) throw nodeErrors.notify_failed('notify-send failed (exit code 1).')
      },
    },
    chat: {
      on: (listener) => chat.on(listener),
      message: (_community, id) => messages.get(id) as Message,
      channel: () => ({ kind: 'direct', archived: false, unread: world.unread }) as never,
    },
    direct: { on: (listener) => direct.on(listener) },
    communities: {
      get: () => ({ state: { members: new Map([['ben', { name: 'Ben' }]]), settings: { name: 'Garden' } } }) as never,
    },
  })
  const stop = desktop.start()
  let made = 0
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  const say = (text: string, more: object = {}) => {
    const id = String(made++)
    const message = {
      ...{ id, community: 'c', channel: 'd', person: 'ben', text, mentions: [], attachments: [] },
      ...{ deleted: false, hidden: undefined, thread: undefined, ...more },
    } as unknown as Message
    messages.set(id, message)
    chat.emit({ type: 'message', message, isNew: true })
    return id
  }
  const pass = async (ms: number) => {
    const until = clock.monotonicMs() + ms
    await settle()
    while (clock.advance(until)) await settle()
    clock.moveTo(until)
    await settle()
  }
  return { clock, chat, direct, shown, world, messages, desktop, stop, say, pass }
}

test('a message is shown after a moment, when no page is open', async () => {
  const { shown, say, pass, desktop } = bench()
  say('hello')
  assert.deepEqual(shown, [])
  await pass(notifySettleMs)
  assert.deepEqual(shown, ['Ben in Garden: hello'])
  desktop.pagesOpen(1)
  say('seen in the page')
  await pass(60_000)
  desktop.pagesOpen(0)
  say('not seen')
  await pass(60_000)
  assert.deepEqual(shown.slice(1), ['Ben in Garden: not seen'])
})

test('nothing is shown of what was read or deleted meanwhile, nor when it is switched off or impossible', async () => {
  const { shown, world, messages, say, pass, stop } = bench()
  say('read on the telephone')
  world.unread = 0
  await pass(60_000)
  world.unread = 1
  const id = say('deleted')
  messages.set(id, { ...(messages.get(id) as Message), deleted: true })
  await pass(60_000)
  say('mine', { person: 'ann' })
  world.on = false
  say('off')
  await pass(60_000)
  world.on = true
  world.installed = false
  say('impossible')
  await pass(60_000)
  world.installed = true
  stop()
  say('stopped')
  await pass(60_000)
  assert.deepEqual(shown, [])
})

test('a flood is shown as a few, and a number', async () => {
  const { shown, say, pass } = bench()
  for (let at = 0; at < 2 * notificationsWaitingMax; at++) {
    say(`message ${at}`)
    await pass(10)
  }
  await pass(notifySettleMs)
  assert.ok(shown.length <= notificationsBurst)
  await pass(60_000)
  const [last] = shown.slice(-1)
  assert.match(last ?? '', /^Peerhood: \d+ more messages$/)
  assert.ok(shown.length <= notificationsBurst + Math.ceil(60_000 / notifySummaryMs))
})

test('one program runs at a time', async () => {
  const { shown, world, say, pass } = bench()
  const held = Promise.withResolvers<void>()
  world.hold = held.promise
  say('first')
  say('second')
  await pass(notifySettleMs)
  assert.equal(shown.length, 1)
  world.hold = undefined
  held.resolve()
  await pass(1)
  assert.deepEqual(shown, ['Ben in Garden: first', 'Ben in Garden: second'])
})

test('who asks to talk is shown, and each thing that stands in the way is said', async () => {
  const { shown, world, direct, desktop, pass } = bench()
  const request = { state: 'pending', name: 'Eve', text: 'Hello' }
  direct.emit({ type: 'request', request: request as never })
  direct.emit({ type: 'request', request: { ...request, state: 'refused' } as never })
  await pass(1_000)
  assert.deepEqual(shown, ['Eve asks to talk with you: Hello'])
  assert.equal(desktop.diagnose().state, 'ok')
  world.fails = true
  await assert.rejects(desktop.test(), { code: 'notify_failed' })
  assert.deepEqual([desktop.diagnose().state, desktop.state().possible], ['warning', true])
  world.fails = false
  await desktop.test()
  assert.equal(desktop.diagnose().state, 'ok')
  world.on = false
  assert.match(desktop.diagnose().advice ?? '', /peerhood notify on/)
  world.installed = false
  assert.deepEqual([desktop.diagnose().state, desktop.state().possible], ['skipped', false])
})
