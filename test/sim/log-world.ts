// A world of peers that exchange logs: each a real LogSync over a simulated network and a log in memory, all driven by one
// seed and one virtual clock. And a peer that speaks frames by hand, for saying what no honest peer says.

import type { Log, Metrics } from '../../src/base/ports.ts'
import { createDecoder } from '../../src/log/sync/decoder.ts'
import { deviceOfPeer } from '../../src/log/sync/live.ts'
import { helloProof } from '../../src/log/sync/proof.ts'
import { createLogSync } from '../../src/log/sync/service.ts'
import { createMemoryLog, deviceOf, type MemoryLog, makeFounding } from '../../src/log/sync/testing.ts'
import type { JoinOptions, LogSync, SyncPeer, SyncRole } from '../../src/log/sync/types.ts'
import { encodeFrame, type Frame, type FrameKind, logProtocol } from '../../src/log/sync/wire.ts'
import type { CommunityId, DeviceId, Entry } from '../../src/log/types.ts'
import type { PeerId, PeerStream } from '../../src/network/types.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { createNet, type LinkQuality, type Net, type SimNetwork } from './network.ts'
import { createRandom, type SeededRandom } from './random.ts'
import { peerIdOf } from './world.ts'

export interface LogPeer {
  readonly id: PeerId
  readonly device: DeviceId
  readonly log: MemoryLog
  /** Those of the present life. */
  network: SimNetwork
  sync: LogSync
  up: boolean
  /** Codes logged at warn or error. */
  readonly warnings: string[]
  /** Codes that it blamed a peer for. */
  blames(peerId?: PeerId): string[]
  write(count?: number): Entry[]
  peers(): readonly SyncPeer[]
  peer(peerId: PeerId): SyncPeer | undefined
  /** Leaves the community, and joins it again. */
  leave(): void
  rejoin(): void
  /** Gone, with its connections; the log stays. */
  stop(): Promise<void>
  restart(): Promise<void>
}

export interface LogPeerOptions {
  readonly role?: SyncRole
  readonly quality?: Partial<LinkQuality>
  /** Whom it is told to know; everybody if not given. */
  readonly knows?: () => readonly LogPeer[]
  readonly allows?: (peerId: PeerId) => boolean
  readonly access?: Uint8Array
  readonly discover?: boolean
  readonly topic?: () => string | undefined
  /** Whether it has the founding entry from the start; true if not given. */
  readonly founded?: boolean
}

export interface LogWorld {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly net: Net
  readonly community: CommunityId
  readonly founding: Entry
  readonly access: Uint8Array
  readonly discovery: Uint8Array
  readonly peers: readonly LogPeer[]
  peer(options?: LogPeerOptions): Promise<LogPeer>
  raw(): RawLogPeer
  until(what: string, condition: () => boolean, limitMs: number): Promise<void>
  pass(ms: number): Promise<void>
  stop(): Promise<void>
}

export interface Talk {
  readonly received: readonly Frame[]
  readonly ended: boolean
  send(...frames: readonly Frame[]): void
  sendBytes(bytes: Uint8Array): void
  /** Hello with the right proof. */
  hello(role?: SyncRole): void
  /** Hello, an empty vector, and leave for the other to send. */
  greet(role?: SyncRole): void
  /** The first frame of this kind, waiting for it. */
  next<Kind extends FrameKind>(kind: Kind): Promise<Extract<Frame, { kind: Kind }>>
  all<Kind extends FrameKind>(kind: Kind): Extract<Frame, { kind: Kind }>[]
}

export interface RawLogPeer {
  readonly id: PeerId
  readonly network: SimNetwork
  dial(peer: LogPeer): Promise<Talk>
  /** Answers streams that are opened to it; `talks` fills. */
  serve(answer: (talk: Talk) => void): Promise<void>
}

const fast: LinkQuality = { up: 12_500_000, delayMs: 10 }
const metrics: Metrics = { count: () => {}, gauge: () => {} }

export function createLogWorld(seed: string): LogWorld {
  const clock = createVirtualClock()
  const random = createRandom(seed)
  const net = createNet(clock, random.fork('net'))
  const peers: LogPeer[] = []
  const { community, entry: founding } = makeFounding(deviceOf(1), clock.nowMs())
  const access = random.bytes(32)
  const discovery = random.bytes(32)

  function createLog(id: PeerId, warnings: string[]): Log {
    const write = (level: string) => (code: string, fields?: Readonly<Record<string, unknown>>) => {
      if (level === 'warn' || level === 'error') warnings.push(code)
      if (process.env.SIM_LOG !== undefined) console.log(clock.monotonicMs().toFixed(1), id.slice(-5), code, fields)
    }
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: () => log,
    }
    return log
  }

  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  async function finished<Value>(what: string, work: Promise<Value>): Promise<Value> {
    let over = false
    const done = () => {
      over = true
    }
    work.then(done, done)
    await world.until(what, () => over, 60_000)
    return work
  }

  const world: LogWorld = {
    clock,
    random,
    net,
    community,
    founding,
    access,
    discovery,
    peers,
    async peer(options = {}) {
      const id = peerIdOf(random)
      const quality = { ...fast, ...options.quality }
      const log = createMemoryLog(community, clock)
      if (options.founded !== false) log.take([founding.bytes])
      const warnings: string[] = []
      const past: { peerId: PeerId; code: string }[] = []
      const blamesOf = (network: SimNetwork) =>
        network.blames.map(({ peerId, blame }) => ({ peerId, code: blame.code }))
      const joinOptions: JoinOptions = {
        access: options.access ?? access,
        discovery,
        role: options.role ?? 'member',
        allows: options.allows ?? (() => true),
        peers: () =>
          (options.knows?.() ?? peers)
            .filter((peer) => peer.id !== id)
            .map((peer) => ({ peerId: peer.id, addresses: [`/sim/${peer.id}`] })),
        ...(options.topic === undefined ? {} : { topic: options.topic }),
      }
      let lives = 0
      let leave = () => {}
      const begin = () => {
        const network = net.join(id, quality)
        const life = random.fork(`${id}/${lives++}`)
        const parts = { network, clock, random: life, log: createLog(id, warnings), metrics }
        const sync = createLogSync({ discover: options.discover ?? true })(parts)
        leave = sync.join(log, joinOptions)
        return { network, sync }
      }
      const peer: LogPeer = {
        id,
        device: deviceOfPeer(id) ?? deviceOf(0),
        log,
        ...begin(),
        up: true,
        warnings,
        blames: (peerId) =>
          [...past, ...blamesOf(peer.network)]
            .filter((one) => peerId === undefined || one.peerId === peerId)
            .map(({ code }) => code),
        write: (count = 1) => Array.from({ length: count }, () => log.write(peer.device)),
        peers: () => peer.sync.status(community)?.peers ?? [],
        peer: (peerId) => peer.peers().find((one) => one.peerId === peerId),
        leave: () => leave(),
        rejoin() {
          leave = peer.sync.join(log, joinOptions)
        },
        async stop() {
          past.push(...blamesOf(peer.network))
          peer.up = false
          await finished('a peer stops', peer.sync.stop())
          net.crash(id)
        },
        async restart() {
          Object.assign(peer, begin(), { up: true })
          await peer.sync.start()
        },
      }
      peers.push(peer)
      await peer.sync.start()
      return peer
    },
    raw: () => createRawLogPeer(world, finished),
    async until(what, condition, limitMs) {
      const limit = clock.monotonicMs() + limitMs
      await settle()
      while (!condition()) {
        if (!clock.advance(limit)) throw new Error(`not within ${limitMs} ms: ${what} (seed ${seed})`)
        await settle()
      }
    },
    async pass(ms) {
      const limit = clock.monotonicMs() + ms
      await settle()
      while (clock.advance(limit)) await settle()
      clock.moveTo(limit)
    },
    async stop() {
      for (const peer of peers) if (peer.up) await peer.stop()
    },
  }
  return world
}

/** Whether all have the same entries. */
export function isEqual(peers: readonly LogPeer[]): boolean {
  const idsOf = ({ log }: LogPeer) => log.entries.length
  const first = peers[0]
  if (first === undefined) return true
  return peers.every(
    (peer) => idsOf(peer) === idsOf(first) && first.log.entries.every(({ entry }) => peer.log.has(entry.id)),
  )
}

function createRawLogPeer(
  world: LogWorld,
  finished: <Value>(what: string, work: Promise<Value>) => Promise<Value>,
): RawLogPeer {
  const id = peerIdOf(world.random)
  const network = world.net.join(id, { up: 50_000_000, delayMs: 5 })

  function talkOn(stream: PeerStream): Talk & { readonly over: Promise<void> } {
    const received: Frame[] = []
    let ended = false
    const decoder = createDecoder({ admit: () => {}, accept: (frame) => received.push(frame) })
    const read = async () => {
      try {
        for await (const chunk of stream.incoming) decoder.push(chunk)
      } catch {
        // The other side cut it: that is what most of these conversations come to.
      }
      ended = true
    }
    const trySend = (bytes: Uint8Array) => {
      try {
        stream.send(bytes)
      } catch {
        // It was cut meanwhile.
      }
    }
    const over = read()
    const talk: Talk = {
      received,
      get ended() {
        return ended
      },
      send(...frames) {
        for (const frame of frames) trySend(encodeFrame(frame))
      },
      sendBytes: trySend,
      hello(role = 'member') {
        const proof = helloProof(world.access, id, stream.remotePeer)
        talk.send({ kind: 'hello', role, discovery: world.discovery, proof })
      },
      greet(role = 'member') {
        talk.hello(role)
        talk.send({ kind: 'vector', last: true, places: [] }, { kind: 'flow', on: true })
      },
      async next(kind) {
        await world.until(`a ${kind} frame`, () => received.some((frame) => frame.kind === kind), 60_000)
        return received.find((frame) => frame.kind === kind) as never
      },
      all: (kind) => received.filter((frame) => frame.kind === kind) as never,
    }
    return Object.assign(talk, { over })
  }

  return {
    id,
    network,
    async dial(peer) {
      await finished(
        'a dial',
        network.connect({ peerId: peer.id, addresses: [`/sim/${peer.id}`] }, { source: 'manual' }),
      )
      return talkOn(await finished('a stream', network.openStream(peer.id, logProtocol)))
    },
    async serve(answer) {
      const handler = async (stream: PeerStream) => {
        const talk = talkOn(stream)
        answer(talk)
        await talk.over
      }
      await network.handle(logProtocol, handler, { streamsPerPeerMax: 64 })
    },
  }
}
