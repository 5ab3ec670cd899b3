// Everything that a peer can do wrong, one row each: it pays under its code, and others go on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createLogWorld,
  isEqual,
  type LogPeer,
  type LogWorld,
  type RawLogPeer,
  type Talk,
} from '../../../test/sim/log-world.ts'
import type { DeviceId, EntryId, RefusalCode } from '../types.ts'
import {
  challengesBurst,
  controlFramesBurst,
  forksPerFrameMax,
  forksPerSessionMax,
  handshakeTimeoutMs,
  idsPerFrameMax,
  notReadingMs,
  placesPerFrameMax,
  refusedEntriesBurst,
  silenceMs,
  uselessEntriesBurst,
  vectorDevicesMax,
  vectorsBurst,
  wantsMax,
  withholdMs,
  wrongSignaturesMax,
} from './limits.ts'
import { deviceOf, type Made, makeEntry } from './testing.ts'
import type { Frame } from './wire.ts'

interface Scene {
  readonly world: LogWorld
  readonly victim: LogPeer
  readonly raw: RawLogPeer
}

interface Row {
  readonly name: string
  readonly code: string
  /** What the blame costs; `reject` (the connection) if not given. */
  readonly verdict?: 'ignore' | 'reject'
  readonly withinMs?: number
  act(scene: Scene): Promise<void> | void
}

const zeros = (length: number) => new Uint8Array(length)

async function active({ raw, victim }: Scene, role: 'member' | 'keeper' = 'member'): Promise<Talk> {
  const talk = await raw.dial(victim)
  talk.greet(role)
  await talk.next('flow')
  return talk
}

const vector = (last: boolean, from = 1, count = 1): Frame => ({
  kind: 'vector',
  last,
  places: Array.from({ length: count }, (_, at) => ({ device: deviceOf(from + at), seq: 1 })),
})
const forks = (from: number, count: number): Frame => ({
  kind: 'forks',
  forks: Array.from({ length: count }, (_, at) => ({
    device: deviceOf(from + at),
    seq: 1,
    entries: ['00'.repeat(32) as EntryId, '11'.repeat(32) as EntryId],
  })),
})
const ids = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => deviceOf(from + at) as string as EntryId)

/** A first entry of a device that nobody has met, and what a liar makes of it. */
function lie({ world }: Scene, made: Partial<Made> = {}, n = 77): Uint8Array {
  const base = {
    community: world.community,
    device: deviceOf(n),
    seq: 1,
    heads: [world.founding.id],
    time: { ms: world.clock.nowMs(), count: 5 },
  }
  return makeEntry({ ...base, ...made }).bytes
}

const entries = (...list: readonly Uint8Array[]): Frame => ({ kind: 'entries', entries: list })

const refusedEntries: readonly { readonly code: RefusalCode; readonly bytes: (scene: Scene) => Uint8Array }[] = [
  { code: 'entry_malformed', bytes: () => zeros(200) },
  { code: 'entry_of_other_community', bytes: (scene) => lie(scene, { community: 'ab'.repeat(32) as never }) },
  {
    code: 'entry_misplaced',
    bytes: (scene) => lie(scene, { seq: 2, prev: scene.world.founding.id, heads: [] }),
  },
  { code: 'entry_time_backwards', bytes: (scene) => lie(scene, { time: { ms: 1, count: 0 } }) },
  { code: 'entry_epoch_jumped', bytes: (scene) => lie(scene, { epoch: 7 }) },
]

const rows: readonly Row[] = [
  {
    name: 'says nothing at all',
    code: 'sync_handshake_timeout',
    verdict: 'ignore',
    withinMs: handshakeTimeoutMs + 1_000,
    act: async ({ raw, victim }) => void (await raw.dial(victim)),
  },
  {
    name: 'sends part of a hello and stops',
    code: 'sync_handshake_timeout',
    verdict: 'ignore',
    act: async ({ raw, victim }) => (await raw.dial(victim)).sendBytes(Uint8Array.of(0, 0, 0, 66, 1, 9)),
  },
  {
    name: 'begins with another frame',
    code: 'sync_frame_out_of_order',
    act: async ({ raw, victim }) => (await raw.dial(victim)).send({ kind: 'keepalive' }),
  },
  {
    name: 'says hello twice',
    code: 'sync_frame_out_of_order',
    async act({ raw, victim }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.hello()
    },
  },
  {
    name: 'tells news before its vector',
    code: 'sync_frame_out_of_order',
    async act({ raw, victim }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.send({ kind: 'have', places: [{ device: deviceOf(1), seq: 1 }] })
    },
  },
  {
    name: 'is level before it may send',
    code: 'sync_frame_out_of_order',
    async act({ raw, victim }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.send({ kind: 'level' })
    },
  },
  {
    name: 'sends an unknown kind',
    code: 'sync_frame_kind_unknown',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(0, 0, 0, 1, 77)),
  },
  {
    name: 'sends a frame without kind',
    code: 'sync_frame_empty',
    act: async (scene) => (await active(scene)).sendBytes(zeros(5)),
  },
  {
    name: 'promises an endless frame',
    code: 'sync_frame_too_long',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(255, 255, 255, 255, 6)),
  },
  {
    name: 'sends a frame of wrong length',
    code: 'sync_frame_malformed',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(0, 0, 0, 3, 8, 0, 0)),
  },
  {
    name: 'never ends a frame',
    code: 'sync_peer_silent',
    verdict: 'ignore',
    withinMs: silenceMs + 2_000,
    async act(scene) {
      const talk = await active(scene)
      talk.sendBytes(Uint8Array.of(0, 1, 0, 0, 6))
      for (let ms = 0; ms < silenceMs - 10_000; ms += 10_000) {
        talk.sendBytes(Uint8Array.of(0))
        await scene.world.pass(10_000)
      }
    },
  },
  {
    name: 'is silent',
    code: 'sync_peer_silent',
    verdict: 'ignore',
    withinMs: silenceMs + 2_000,
    act: async (scene) => void (await active(scene)),
  },
  {
    name: 'does not read',
    code: 'sync_peer_not_reading',
    verdict: 'ignore',
    withinMs: notReadingMs + 10_000,
    async act(scene) {
      for (let n = 0; n < 60; n++) scene.victim.log.write(scene.victim.device, zeros(60_000))
      const talk = await active(scene)
      scene.world.net.stopReading(scene.raw.id)
      for (let ms = 0; ms < notReadingMs; ms += 10_000) {
        talk.send({ kind: 'keepalive' })
        await scene.world.pass(10_000)
      }
    },
  },
  {
    name: 'floods with small frames',
    code: 'sync_frames_too_fast',
    async act(scene) {
      const talk = await active(scene)
      for (let i = 0; i < controlFramesBurst + 100; i++) talk.send({ kind: 'keepalive' })
    },
  },
  {
    name: 'tells one vector after another',
    code: 'sync_frames_too_fast',
    async act(scene) {
      const talk = await active(scene)
      for (let i = 0; i < vectorsBurst + 1; i++) talk.send(vector(true))
    },
  },
  {
    name: 'tells of more devices than a log may have',
    code: 'vector_too_long',
    async act(scene) {
      const talk = await active(scene)
      for (let from = 1; from <= vectorDevicesMax + 1; from += placesPerFrameMax) {
        talk.send(vector(false, from, placesPerFrameMax))
      }
    },
  },
  {
    name: 'tells of them as news',
    code: 'vector_too_long',
    async act(scene) {
      const talk = await active(scene)
      for (let from = 1; from <= 2 * vectorDevicesMax + 1; from += placesPerFrameMax) {
        const { places } = vector(true, from, placesPerFrameMax) as Extract<Frame, { kind: 'vector' }>
        talk.send({ kind: 'have', places })
      }
    },
  },
  {
    name: 'tells a vector whose parts overlap',
    code: 'sync_frame_malformed',
    async act(scene) {
      const talk = await active(scene)
      talk.send(vector(false, 5, 2), vector(true, 6, 2))
    },
  },
  {
    name: 'tells of one fork after another',
    code: 'forks_too_many',
    async act(scene) {
      const talk = await active(scene)
      for (let from = 1; from <= forksPerSessionMax + 1; from += forksPerFrameMax) {
        talk.send(forks(from, forksPerFrameMax))
      }
    },
  },
  {
    name: 'asks for too much at once',
    code: 'want_too_many',
    async act(scene) {
      const talk = await active(scene)
      // Answers would be taken off the list at once, were there room for them.
      for (let n = 0; n < 30; n++) scene.victim.log.write(scene.victim.device, zeros(60_000))
      scene.world.net.stopReading(scene.raw.id)
      await scene.world.pass(5_000)
      for (let from = 0; from <= wantsMax; from += idsPerFrameMax) {
        talk.send({ kind: 'want', ids: ids(from, idsPerFrameMax) })
      }
    },
  },
  {
    name: 'sends entries before anybody lets it',
    code: 'entries_not_asked',
    async act(scene) {
      const talk = await scene.raw.dial(scene.victim)
      talk.hello()
      talk.send(entries(lie(scene)))
    },
  },
  {
    name: 'answers what nobody asked',
    code: 'entries_not_asked',
    act: async (scene) => (await active(scene)).send({ kind: 'answer', entries: [lie(scene)] }),
  },
  {
    name: 'answers with more than was asked',
    code: 'entries_not_asked',
    async act(scene) {
      const talk = await active(scene)
      talk.send(forks(1, 1))
      await talk.next('want')
      talk.send({ kind: 'answer', entries: [lie(scene), lie(scene, {}, 78)] })
    },
  },
  {
    name: 'lacks what nobody asked',
    code: 'entries_not_asked',
    act: async (scene) => (await active(scene)).send({ kind: 'absent', ids: ids(1, 1) }),
  },
  {
    name: 'proves what nobody asked',
    code: 'entries_not_asked',
    act: async (scene) => (await active(scene)).send({ kind: 'holding', nonce: zeros(32), digest: zeros(32) }),
  },
  {
    name: 'asks for proof again and again',
    code: 'challenges_too_many',
    async act(scene) {
      const talk = await active(scene)
      const places = [{ device: deviceOf(1), seq: 1 }]
      for (let i = 0; i < challengesBurst + 1; i++) talk.send({ kind: 'challenge', nonce: zeros(32), places })
    },
  },
  {
    name: 'sends a known entry again and again',
    code: 'entries_useless',
    verdict: 'ignore',
    withinMs: 300_000,
    async act(scene) {
      const talk = await active(scene)
      const many = Array.from({ length: 500 }, () => scene.world.founding.bytes)
      for (let sent = 0; sent <= uselessEntriesBurst * 1.3 && !talk.ended; sent += many.length) {
        talk.send(entries(...many))
        if (sent % 20_000 === 0) await scene.world.pass(50)
      }
    },
  },
  {
    name: 'sends entries that fit nowhere',
    code: 'entries_useless',
    verdict: 'ignore',
    withinMs: 300_000,
    async act(scene) {
      // A log that keeps none of them: it is the count that matters here.
      const waiting = { how: 'waiting', id: '00'.repeat(32) as EntryId, missing: [] } as const
      Object.assign(scene.victim.log, { receive: async (list: readonly unknown[]) => list.map(() => waiting) })
      const talk = await active(scene)
      const orphan = lie(scene, { heads: ['99'.repeat(32) as EntryId] })
      const many = Array.from({ length: 300 }, () => orphan)
      for (let sent = 0; sent <= uselessEntriesBurst * 1.3 && !talk.ended; sent += many.length) {
        talk.send(entries(...many))
        if (sent % 15_000 === 0) await scene.world.pass(50)
      }
    },
  },
  ...refusedEntries.map(({ code, bytes }) => ({
    name: `sends an entry that is refused: ${code}`,
    code,
    act: async (scene: Scene) => (await active(scene)).send(entries(bytes(scene))),
  })),
  {
    name: 'sends one wrong signature',
    code: 'signature_wrong',
    verdict: 'ignore',
    act: async (scene) => (await active(scene)).send(entries(wronglySigned(scene, 1))),
  },
  {
    name: 'sends an entry from the future',
    code: 'entry_early',
    verdict: 'ignore',
    act: async (scene) =>
      (await active(scene)).send(entries(lie(scene, { time: { ms: scene.world.clock.nowMs() * 2, count: 0 } }))),
  },
  {
    name: 'says that it has entries and does not send them',
    code: 'peer_withholds',
    verdict: 'ignore',
    withinMs: withholdMs + 30_000,
    async act(scene) {
      const talk = await scene.raw.dial(scene.victim)
      talk.hello()
      talk.send(vector(true, 900), { kind: 'flow', on: true })
      for (let ms = 0; ms < withholdMs; ms += 10_000) {
        talk.send({ kind: 'keepalive' })
        await scene.world.pass(10_000)
      }
    },
  },
  {
    name: 'says that it knows of a fork and does not show it',
    code: 'peer_withholds',
    verdict: 'ignore',
    withinMs: withholdMs + 30_000,
    async act(scene) {
      const talk = await active(scene)
      talk.send(forks(1, 5))
      for (let ms = 0; ms < withholdMs; ms += 10_000) {
        talk.send({ kind: 'keepalive' })
        await scene.world.pass(10_000)
      }
    },
  },
  {
    name: 'is a keeper and does not answer',
    code: 'keeper_withholds',
    verdict: 'ignore',
    withinMs: 60_000,
    async act(scene) {
      const talk = await scene.raw.dial(scene.victim)
      talk.hello('keeper')
      talk.send(vector(true), { kind: 'flow', on: true })
      await talk.next('level')
      talk.send({ kind: 'level' })
      await talk.next('challenge')
    },
  },
]

function wronglySigned({ world }: Scene, n: number): Uint8Array {
  const time = { ms: world.clock.nowMs(), count: n }
  const made = { community: world.community, device: deviceOf(500 + n), seq: 1, heads: [world.founding.id], time }
  return makeEntry(made, { wrongSignature: true }).bytes
}

async function scene(seed: string): Promise<Scene> {
  const world = createLogWorld(seed)
  // Known by no name, so that nobody but the raw peer speaks with it.
  const victim = await world.peer({ knows: () => [], discover: false, quality: { up: 50_000_000 } })
  victim.write(3)
  return { world, victim, raw: world.raw() }
}

for (const row of rows) {
  test(`a peer that ${row.name}`, async () => {
    const one = await scene(`hostile/${row.name}`)
    const { world, victim, raw } = one
    await row.act(one)
    await world.until(`blame for ${row.code}`, () => victim.blames(raw.id).length > 0, row.withinMs ?? 30_000)
    assert.deepEqual([...new Set(victim.blames(raw.id))], [row.code])
    const { blame } = victim.network.blames[0] ?? {}
    assert.equal(blame?.verdict, row.verdict ?? 'reject')
    assert.ok(!victim.warnings.includes('sync_session_defect'))
    // Others go on.
    if (row.name === 'sends entries that fit nowhere') return
    const other = await world.peer({ knows: () => [victim], discover: false })
    await world.until('an honest peer is served', () => isEqual([victim, other]), 30_000)
    await world.stop()
  })
}

test('wrong signatures without end cost the connection', async () => {
  const one = await scene('signatures')
  const talk = await active(one)
  talk.send(entries(...Array.from({ length: wrongSignaturesMax + 1 }, (_, n) => wronglySigned(one, n))))
  const { victim, world, raw } = one
  await world.until('it is left', () => victim.network.blames.some(({ blame }) => blame.verdict === 'reject'), 10_000)
  assert.deepEqual([...new Set(victim.blames(raw.id))], ['signature_wrong'])
  await world.stop()
})

test('entries of a frozen device are a mistake that any peer may make, but not without end', async () => {
  const one = await scene('frozen')
  const { victim, world, raw } = one
  const evil = deviceOf(666)
  const base = victim.log.write(evil)
  const second = (n: number, device: DeviceId = evil) =>
    makeEntry({
      community: world.community,
      device,
      seq: 2,
      prev: base.id,
      time: { ms: base.time.ms + n, count: 0 },
    })
  victim.log.take([second(1).bytes, second(2).bytes])
  assert.equal(victim.log.forks().length, 1)
  const talk = await active(one)
  const told = await talk.next('forks')
  assert.equal(told.forks[0]?.device, evil)
  const third = Array.from({ length: 300 }, (_, n) => second(n + 10).bytes)
  talk.send(entries(...third))
  await world.pass(1_000)
  assert.deepEqual(victim.blames(raw.id), ['device_frozen'])
  assert.equal(talk.ended, false)
  for (let sent = 0; sent <= refusedEntriesBurst && !talk.ended; sent += third.length) {
    talk.send(entries(...third))
    await world.pass(100)
  }
  await world.until('it is left', () => talk.ended, 10_000)
  assert.deepEqual(victim.blames(raw.id), ['device_frozen', 'entries_refused'])
  assert.equal(victim.log.forks().length, 1)
  await world.stop()
})
