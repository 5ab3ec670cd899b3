import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineErrors } from '../../../src/base/errors.ts'
import { systemClock } from '../../../src/sdk/clock.ts'
import type {
  Channel,
  Community,
  Event,
  EventsOptions,
  Peerhood,
  ReceivedEvent,
  Settings,
  Status,
  Transfer,
} from '../../../src/sdk/types.ts'
import { followDaemon } from './follow.ts'
import { createStore } from './service.ts'

const errors = defineErrors({ barred: { kind: 'refused', hint: '' }, busy: { kind: 'internal', hint: '' } })
const transfer = (id: string) => ({ id, state: 'transferring' }) as Transfer

/** A daemon whose events and reads the test lets through one by one. */
function fakeDaemon() {
  const queue: ReceivedEvent[] = []
  const reads: { resolve: (transfers: Transfer[]) => void; reject: (error: unknown) => void }[] = []
  let wake = () => {}
  let options: EventsOptions = {}
  let failure: unknown
  const channelReads: ((channels: Channel[]) => void)[] = []
  const pending = () => new Promise<Transfer[]>((resolve, reject) => reads.push({ resolve, reject }))
  async function* events(given: EventsOptions = {}): AsyncIterable<ReceivedEvent> {
    options = given
    const aborted = new Promise<void>((resolve) => given.signal?.addEventListener('abort', () => resolve()))
    while (given.signal?.aborted !== true) {
      if (failure !== undefined) throw failure
      const next = queue.shift()
      if (next !== undefined) yield next
      else
        await Promise.race([
          aborted,
          new Promise<void>((resolve) => {
            wake = resolve
          }),
        ])
    }
  }
  const peerhood = {
    events,
    status: async () => ({ peerId: 'me' }) as Status,
    settings: { get: async () => ({}) as Settings },
    peers: { list: async () => [] },
    shares: { list: async () => [] },
    transfers: { list: pending },
    communities: { list: async () => [], presence: async () => [] },
    chat: { channels: () => new Promise<Channel[]>((resolve) => channelReads.push(resolve)) },
    identity: { get: async () => Promise.reject(errors.busy('locked')) },
  } as unknown as Peerhood
  return {
    peerhood,
    reads,
    channelReads,
    state: (state: 'open' | 'waiting') => options.onState?.(state),
    send(event: Event) {
      queue.push({ id: '1', event })
      wake()
    },
    fail(error: unknown) {
      failure = error
      wake()
    },
  }
}

function follow() {
  const daemon = fakeDaemon()
  const store = createStore((run) => run())
  const controller = new AbortController()
  const ended = followDaemon({ peerhood: daemon.peerhood, store, clock: systemClock }, controller.signal)
  const stop = async () => {
    controller.abort()
    for (const { reject } of daemon.reads) reject(errors.busy('stopped'))
    await ended
  }
  return { daemon, store, ended, stop }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    assert.ok(turn < 1000, 'it never came true')
    await new Promise(setImmediate)
  }
}

test('events that come while everything is read are applied after it', async () => {
  const { daemon, store, stop } = follow()
  await until(() => daemon.state('open') === undefined && daemon.reads.length === 1)
  daemon.send({ type: 'transfer-removed', id: 'old' })
  daemon.send({ type: 'transfer', transfer: transfer('new') })
  await new Promise(setImmediate)
  assert.equal(store.world().connection, 'opening')
  daemon.reads[0]?.resolve([transfer('old')])
  await until(() => store.world().connection === 'open' && store.world().transfers.has('new'))
  assert.deepEqual([...store.world().transfers.keys()], ['new'])
  await stop()
})

test('a reset reads everything anew, even while a read is under way', async () => {
  const { daemon, store, stop } = follow()
  await until(() => daemon.state('open') === undefined && daemon.reads.length === 1)
  daemon.send({ type: 'reset' })
  await new Promise(setImmediate)
  daemon.reads[0]?.resolve([transfer('stale')])
  await until(() => daemon.reads.length === 2)
  daemon.reads[1]?.resolve([transfer('fresh')])
  await until(() => store.world().transfers.has('fresh'))
  assert.equal(store.world().transfers.size, 1)
  await stop()
})

test('a daemon that goes away is said so, and its return too', async () => {
  const { daemon, store, stop } = follow()
  await until(() => daemon.state('open') === undefined && daemon.reads.length === 1)
  daemon.reads[0]?.resolve([])
  await until(() => store.world().connection === 'open')
  daemon.state('waiting')
  assert.equal(store.world().connection, 'gone')
  daemon.state('open')
  assert.equal(store.world().connection, 'open')
  await stop()
})

test('a browser without the key is told', async () => {
  const { daemon, store, ended } = follow()
  daemon.fail(errors.barred('no'))
  await ended
  assert.equal(store.world().connection, 'barred')
})

test('the chat of a community that is joined is read, and events that come meanwhile are not lost', async () => {
  const { daemon, store, stop } = follow()
  await until(() => daemon.state('open') === undefined && daemon.reads.length === 1)
  daemon.reads[0]?.resolve([])
  await until(() => store.world().connection === 'open')
  const heard: string[] = []
  store.listen(({ type }) => heard.push(type))
  const channel = (unread: number) => ({ community: 'c1', id: 'general', unread }) as Channel
  daemon.send({ type: 'community', community: { id: 'c1', phase: 'open' } as Community })
  await until(() => daemon.channelReads.length === 1)
  daemon.send({ type: 'chat-channel', channel: channel(2) })
  await until(() => heard.length === 2)
  daemon.channelReads[0]?.([channel(1)])
  await until(() => store.world().chats.has('c1'))
  assert.equal(store.world().chats.get('c1')?.channels.get('general')?.unread, 2)

  daemon.send({ type: 'chat-rebuilt', community: 'c1' })
  await until(() => daemon.channelReads.length === 2)
  daemon.channelReads[1]?.([channel(7)])
  await until(() => store.world().chats.get('c1')?.channels.get('general')?.unread === 7)
  await stop()
})
