// Everything that a peer can do wrong, one row each: it pays with its connection, under its code, and others go on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../test/sim/holdings.ts'
import { createRawPeer, type RawPeer, type Talk } from '../../test/sim/raw-peer.ts'
import { createWorld, type SimPeer, type World } from '../../test/sim/world.ts'
import { concatBytes } from '../base/bytes.ts'
import { accessProof } from '../content/format/access.ts'
import {
  askedBlocksMax,
  askedPagesMax,
  controlFramesBurst,
  handshakeTimeoutMs,
  haveStatementsMax,
  peersFramesBurst,
  recordsPerSessionMax,
  silenceMs,
  stallEndMs,
  stallMs,
} from './limits.ts'
import { encodeBlockHeader, encodeFrame, type Frame, type Range } from './wire.ts'

interface Scene {
  readonly world: World
  readonly content: Content
  readonly victim: SimPeer
  readonly raw: RawPeer
}

const blocks = 44
const shape = { blocks, blockBytes: 20_000, nodes: 1 }

/** The code under which the victim blamed the raw peer. */
function codesOf({ victim, raw }: Scene): string[] {
  return victim.network.blames.filter(({ peerId }) => peerId === raw.id).map(({ blame }) => blame.code)
}

async function expectBlame(scene: Scene, code: string, withinMs = 30_000): Promise<void> {
  const happened = () => codesOf(scene).length > 0
  await scene.world.until(`blame for ${code}`, happened, withinMs)
  assert.deepEqual([...new Set(codesOf(scene))], [code])
  assert.ok(scene.victim.warnings.includes(code), 'the log has a line with the code')
  assert.ok(!scene.victim.warnings.includes('session_defect'))
}

/** An honest peer still gets everything from the victim. */
async function expectOthersGoOn({ world, content, victim }: Scene): Promise<void> {
  const other = await world.peer()
  const id = await other.get(world.linkTo(content, victim))
  await world.until('an honest peer is served', () => other.service.view(id).state === 'done', 60_000)
}

// ---- towards one who serves

async function servingScene(seed: string): Promise<Scene> {
  const world = createWorld(seed)
  const content = world.content(shape)
  const victim = await world.peer({ up: 50_000_000 })
  victim.share(content)
  return { world, content, victim, raw: createRawPeer(world, content) }
}

async function active({ victim, raw }: Scene): Promise<Talk> {
  const talk = await raw.dial(victim)
  talk.greet()
  await talk.next('have-all')
  return talk
}

const want = (start: number, count: number): Frame => ({ kind: 'want', ranges: [{ start, count }] })
const zeros = (length: number) => new Uint8Array(length)

interface Row {
  readonly name: string
  readonly code: string
  readonly withinMs?: number
  act(scene: Scene): Promise<void> | void
}

const towardsServers: readonly Row[] = [
  {
    name: 'says nothing at all',
    code: 'handshake_timeout',
    withinMs: handshakeTimeoutMs + 1_000,
    act: async ({ raw, victim }) => void (await raw.dial(victim)),
  },
  {
    name: 'sends part of a hello and stops',
    code: 'handshake_timeout',
    act: async ({ raw, victim }) => (await raw.dial(victim)).sendBytes(Uint8Array.of(0, 0, 0, 65, 1, 9)),
  },
  {
    name: 'begins with another frame',
    code: 'frame_out_of_order',
    act: async ({ raw, victim }) => (await raw.dial(victim)).send({ kind: 'keepalive' }),
  },
  {
    name: 'says hello twice',
    code: 'frame_out_of_order',
    async act({ raw, victim }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.hello()
    },
  },
  {
    name: 'asks before the version is agreed',
    code: 'frame_out_of_order',
    async act({ raw, victim }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.send(want(0, 1))
    },
  },
  {
    name: 'changes its version in the middle',
    code: 'frame_out_of_order',
    act: async (scene) => (await active(scene)).send({ kind: 'version', sequence: 7, digest: zeros(32) }),
  },
  {
    name: 'sends an unknown kind',
    code: 'frame_kind_unknown',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(0, 0, 0, 1, 77)),
  },
  {
    name: 'sends a frame without kind',
    code: 'frame_empty',
    act: async (scene) => (await active(scene)).sendBytes(zeros(5)),
  },
  {
    name: 'sends a frame of wrong length',
    code: 'frame_malformed',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(0, 0, 0, 4, 11, 0, 0, 0)),
  },
  {
    name: 'promises an endless frame',
    code: 'frame_too_long',
    act: async (scene) => (await active(scene)).sendBytes(Uint8Array.of(255, 255, 255, 255, 3)),
  },
  {
    name: 'closes in the middle of a frame',
    code: 'frame_cut',
    async act(scene) {
      const talk = await active(scene)
      talk.sendBytes(Uint8Array.of(0, 0, 0))
      talk.close()
    },
  },
  {
    name: 'sends a block that nobody asked for',
    code: 'block_not_asked',
    act: async (scene) => (await active(scene)).send({ kind: 'block', index: 0, bytes: zeros(10) }),
  },
  {
    name: 'sends a page that nobody asked for',
    code: 'page_not_asked',
    act: async (scene) => (await active(scene)).send({ kind: 'page', page: 0, bytes: zeros(36) }),
  },
  {
    name: 'asks for a block past the end',
    code: 'index_out_of_range',
    act: async (scene) => (await active(scene)).send(want(blocks - 1, 2)),
  },
  {
    name: 'asks for a page past the end',
    code: 'index_out_of_range',
    act: async (scene) => (await active(scene)).send({ kind: 'want-page', page: 1 }),
  },
  {
    name: 'has a block past the end',
    code: 'index_out_of_range',
    act: async (scene) => (await active(scene)).send({ kind: 'have', indexes: [blocks] }),
  },
  {
    name: 'asks for more than it may',
    code: 'want_too_many',
    async act(scene) {
      const ranges: Range[] = Array.from({ length: Math.ceil(askedBlocksMax / blocks) + 1 }, () => ({
        start: 0,
        count: blocks,
      }))
      ;(await active(scene)).send({ kind: 'want', ranges })
    },
  },
  {
    name: 'asks for more pages than it may, and reads none',
    code: 'want_too_many',
    async act(scene) {
      const talk = await active(scene)
      const wants = Array.from({ length: 2_000 }, () => encodeFrame({ kind: 'want-page', page: 0 }))
      for (let i = 0; i < 40; i++) talk.sendBytes(concatBytes(...wants.slice(0, askedPagesMax * 10)))
    },
  },
  {
    name: 'sends bits of the wrong length',
    code: 'frame_malformed',
    act: async (scene) => (await active(scene)).send({ kind: 'have-bits', bits: zeros(7) }),
  },
  {
    name: 'sets bits past the end',
    code: 'frame_malformed',
    act: async (scene) => (await active(scene)).send({ kind: 'have-bits', bits: zeros(6).fill(255, 5) }),
  },
  {
    name: 'says again and again what it has',
    code: 'frames_too_fast',
    async act(scene) {
      const talk = await active(scene)
      for (let i = 0; i <= haveStatementsMax; i++) talk.send({ kind: 'have-all' })
    },
  },
  {
    name: 'sends frames too fast',
    code: 'frames_too_fast',
    async act(scene) {
      const talk = await active(scene)
      const keepalive = encodeFrame({ kind: 'keepalive' })
      talk.sendBytes(concatBytes(...Array.from({ length: controlFramesBurst + 10 }, () => keepalive)))
    },
  },
  {
    name: 'sends one record after another',
    code: 'frames_too_fast',
    async act(scene) {
      const talk = await active(scene)
      for (let i = 0; i <= recordsPerSessionMax; i++) talk.send({ kind: 'record', bytes: scene.content.recordBytes })
    },
  },
  {
    name: 'sends a record that the author did not sign',
    code: 'record_not_trusted',
    async act({ raw, victim, content }) {
      const talk = await raw.dial(victim)
      talk.hello()
      talk.send({ kind: 'version', sequence: 2, digest: zeros(32) })
      const forged = Uint8Array.from(content.recordBytes)
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
      talk.send({ kind: 'record', bytes: forged })
    },
  },
  {
    name: 'falls silent',
    code: 'peer_silent',
    withinMs: 3 * silenceMs,
    async act(scene) {
      const talk = await active(scene)
      talk.send({ kind: 'interest', on: true })
    },
  },
]

for (const [i, row] of towardsServers.entries()) {
  test(`towards one who serves: a peer ${row.name} → ${row.code}`, async () => {
    const scene = await servingScene(`serving ${i}`)
    await row.act(scene)
    await expectBlame(scene, row.code, row.withinMs)
    await expectOthersGoOn(scene)
    await scene.world.stop()
  })
}

test('a stranger learns the same from a wrong proof and from an unknown share', async () => {
  const { world, content, victim, raw } = await servingScene('oracle')
  const answers: Frame[][] = []
  const proof = accessProof(content.link.access, raw.id, victim.id)
  const wrong = proof.slice().fill(1, 0, 1)
  for (const [discovery, said] of [
    [content.link.discovery, wrong],
    [zeros(32), proof],
  ] as const) {
    const talk = await raw.dial(victim)
    talk.send({ kind: 'hello', discovery, proof: said })
    await world.until('the stream ends', () => talk.ended, 20_000)
    answers.push([...talk.received])
  }
  assert.deepEqual(answers[0], [{ kind: 'refuse', reason: 'not_shared' }])
  assert.deepEqual(answers[1], answers[0])
  // A proof made for another pair of peers is worth nothing.
  const other = await world.peer()
  const talk = await raw.dial(victim)
  talk.send({
    kind: 'hello',
    discovery: content.link.discovery,
    proof: accessProof(content.link.access, other.id, victim.id),
  })
  assert.equal((await talk.next('refuse')).reason, 'not_shared')
  assert.deepEqual(victim.network.blames, [], 'asking is no crime')
  await world.stop()
})

test('peer exchange too often is counted, and ignored', async () => {
  const scene = await servingScene('exchange')
  const talk = await active(scene)
  for (let i = 0; i < peersFramesBurst + 3; i++) talk.send({ kind: 'peers', peers: [] })
  await scene.world.pass(1_000)
  const blames = scene.victim.network.blames.map(({ blame }) => blame)
  assert.deepEqual(blames, Array(3).fill({ code: 'frames_too_fast', verdict: 'ignore' }))
  assert.ok(!talk.ended)
  await scene.world.stop()
})

// ---- towards one who fetches

async function fetchingScene(seed: string, answer: (talk: Talk, scene: Scene) => Promise<void> | void): Promise<Scene> {
  const world = createWorld(seed)
  const content = world.content(shape)
  const raw = createRawPeer(world, content)
  const victim = await world.peer()
  const scene = { world, content, victim, raw }
  await raw.serve((talk) => answer(talk, scene))
  const id = await victim.get({ ...content.link, peers: [{ peerId: raw.id, addresses: [`/sim/${raw.id}`] }] })
  assert.equal(victim.service.view(id).sentence, 'Looking for someone who has it.')
  return scene
}

/** Serves honestly up to the blocks; then `block` says what to do about each wanted one. */
function serveUntilBlocks(block: (talk: Talk, index: number, scene: Scene) => void) {
  return async (talk: Talk, scene: Scene) => {
    const { content, world } = scene
    talk.greet()
    talk.send({ kind: 'record', bytes: content.recordBytes })
    await world.settle()
    let answered = 0
    const serve = () => {
      for (const frame of talk.received.slice(answered)) {
        answered++
        if (frame.kind === 'interest') talk.send({ kind: 'have-all' }, { kind: 'choke', on: false })
        if (frame.kind === 'want-page') {
          talk.send({ kind: 'page', page: frame.page, bytes: content.pages[frame.page] ?? zeros(0) })
        }
        if (frame.kind !== 'want') continue
        for (const { start, count } of frame.ranges) {
          for (let index = start; index < start + count; index++) block(talk, index, scene)
        }
      }
      if (!talk.ended) world.clock.after(5, serve)
    }
    serve()
  }
}

const towardsFetchers: readonly (Omit<Row, 'act'> & {
  readonly answer: (talk: Talk, scene: Scene) => Promise<void> | void
})[] = [
  {
    name: 'accepts the stream and says nothing',
    code: 'handshake_timeout',
    answer: () => {},
  },
  {
    name: 'can not prove that it may have the share',
    code: 'proof_wrong',
    answer: (talk, { content }) => talk.send({ kind: 'hello', discovery: content.link.discovery, proof: zeros(32) }),
  },
  {
    name: 'answers for another share',
    code: 'proof_wrong',
    answer: (talk, { content, raw, victim }) =>
      talk.send({ kind: 'hello', discovery: zeros(32), proof: accessProof(content.link.access, raw.id, victim.id) }),
  },
  {
    name: 'sends a record of somebody else',
    code: 'record_not_trusted',
    answer(talk, { world }) {
      talk.greet()
      talk.send({ kind: 'record', bytes: world.content(shape).recordBytes })
    },
  },
  {
    name: 'sends wrong blocks',
    code: 'block_hash_wrong',
    answer: serveUntilBlocks((talk, index) => talk.send({ kind: 'block', index, bytes: zeros(20_000) })),
  },
  {
    name: 'sends blocks of the wrong length',
    code: 'block_length_wrong',
    answer: serveUntilBlocks((talk, index) => talk.send({ kind: 'block', index, bytes: zeros(19_999) })),
  },
  {
    name: 'announces a longer block than asked for',
    code: 'block_length_wrong',
    answer: serveUntilBlocks((talk, index) => talk.sendBytes(encodeBlockHeader('block', index, 1_048_624))),
  },
  {
    name: 'sends each block twice',
    code: 'block_not_asked',
    answer: serveUntilBlocks((talk, index, { content }) => {
      const bytes = content.blocks[index] ?? zeros(0)
      talk.send({ kind: 'block', index, bytes }, { kind: 'block', index, bytes })
    }),
  },
  {
    name: 'sends a wrong list of blocks',
    code: 'page_hash_wrong',
    async answer(talk, { content, world }) {
      talk.greet()
      talk.send({ kind: 'record', bytes: content.recordBytes })
      const { page } = await nextLater(world, talk)
      talk.send({ kind: 'page', page, bytes: zeros(36 * blocks) })
    },
  },
  {
    name: 'sends a list of blocks of the wrong length',
    code: 'block_length_wrong',
    async answer(talk, { content, world }) {
      talk.greet()
      talk.send({ kind: 'record', bytes: content.recordBytes })
      const { page } = await nextLater(world, talk)
      talk.send({ kind: 'page', page, bytes: zeros(36) })
    },
  },
  {
    name: 'promises blocks and sends none',
    code: 'peer_stalled',
    withinMs: stallEndMs + stallMs + 5_000,
    answer: serveUntilBlocks((talk) => talk.send({ kind: 'keepalive' })),
  },
]

/** The first `want-page`, looked for as time passes (the raw peer must not drive the clock itself). */
function nextLater(world: World, talk: Talk): Promise<{ readonly page: number }> {
  return new Promise((resolve) => {
    const look = () => {
      const frame = talk.received.find(({ kind }) => kind === 'want-page')
      if (frame?.kind === 'want-page') resolve(frame)
      else if (!talk.ended) world.clock.after(5, look)
    }
    look()
  })
}

for (const [i, row] of towardsFetchers.entries()) {
  test(`towards one who fetches: a peer ${row.name} → ${row.code}`, async () => {
    const scene = await fetchingScene(`fetching ${i}`, row.answer)
    await expectBlame(scene, row.code, row.withinMs)
    // An honest one, found later in the DHT, brings it to its end.
    const honest = await scene.world.peer()
    honest.share(scene.content)
    const [view] = scene.victim.service.list()
    const isDone = () => scene.victim.service.list()[0]?.state === 'done'
    assert.ok(view !== undefined)
    await scene.world.until('the transfer is done all the same', isDone, 600_000)
    await scene.world.stop()
  })
}
