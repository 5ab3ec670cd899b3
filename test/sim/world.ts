// A world of peers, each a real TransferService over a simulated network, library and disk, all driven by one seed and
// one virtual clock. The trace is a digest of everything that arrived and was logged: equal seeds, equal traces.

import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { base58 } from '@scure/base'
import { concatBytes, toHex } from '../../src/base/bytes.ts'
import type { Log, Metrics } from '../../src/base/ports.ts'
import type { ShareLink, VersionMeta, VersionRecord } from '../../src/content/types.ts'
import type { BlockBuffers } from '../../src/content/worker/buffers.ts'
import type { PeerId } from '../../src/network/types.ts'
import { createTransferService } from '../../src/transfer/service.ts'
import type { TransferId, TransferService } from '../../src/transfer/types.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import {
  type Content,
  type ContentShape,
  createDisk,
  createLibrary,
  type Disk,
  makeContent,
  type SimLibrary,
} from './holdings.ts'
import { createNet, type LinkQuality, type Net, type SimNetwork } from './network.ts'
import { createRandom, type SeededRandom } from './random.ts'

export interface Blamed {
  readonly peerId: PeerId
  readonly code: string
}

export interface SimPeer {
  readonly id: PeerId
  readonly quality: LinkQuality
  readonly disk: Disk
  /** Those of the present life; a restart makes new ones. */
  network: SimNetwork
  library: SimLibrary
  service: TransferService
  up: boolean
  /** Codes logged at warn or error, over all lives. */
  readonly warnings: string[]
  /** Everyone it blamed and disconnected for it, over all lives. */
  blamed(): readonly Blamed[]
  share(content: Content): ShareLink
  get(link: ShareLink, only?: string): Promise<TransferId>
  /** Gone without a word; the disk and the database stay. */
  crash(): void
  /** Comes back with its disk and database. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface World {
  readonly seed: string
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly net: Net
  readonly peers: readonly SimPeer[]
  peer(
    quality?: Partial<LinkQuality>,
    options?: { readonly storeMs?: number; readonly common?: Disk['common']; readonly blockBuffers?: BlockBuffers },
  ): Promise<SimPeer>
  content(shape: ContentShape, previous?: Content): Content
  /** A link to a share, as its peer would hand it out. */
  linkTo(content: Content, ...peers: readonly SimPeer[]): ShareLink
  /** Lets time pass until the condition holds; throws with seed and figures when it does not within `limitMs`. */
  until(what: string, condition: () => boolean, limitMs: number): Promise<void>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  /** Digest of all that happened so far. */
  trace(): string
  stop(): Promise<void>
}

const { SIM_LOG } = process.env
const isVerbose = SIM_LOG !== undefined
/** A peer id as libp2p writes it: the identity multihash of an Ed25519 public key (of nobody). */
export function peerIdOf(random: SeededRandom): PeerId {
  return base58.encode(concatBytes(Uint8Array.of(0, 36, 8, 1, 18, 32), random.bytes(32))) as PeerId
}

const defaultQuality: LinkQuality = { up: 12_500_000, delayMs: 10 }

/** The simulated network hands bytes on without copying them. */
const plainBuffers: BlockBuffers = { take: (length) => new Uint8Array(length), keep: (bytes) => bytes, give() {} }

export function createWorld(seed: string): World {
  const clock = createVirtualClock()
  const random = createRandom(seed)
  const net = createNet(clock, random.fork('net'))
  const hash = createHash('sha256')
  const links = new Map<string, ShareLink>()
  const metas = new Map<string, VersionMeta>()
  const peers: SimPeer[] = []

  const note = (text: string) => hash.update(`${clock.monotonicMs().toFixed(3)} ${text}\n`)
  net.onDelivery = (from, to, bytes) => note(`${from}>${to} ${bytes.length}`)

  const metaKey = (record: VersionRecord) => `${toHex(record.share)}/${record.sequence}`
  const metaOf = (record: VersionRecord): VersionMeta => {
    const meta = metas.get(metaKey(record))
    if (meta === undefined) throw new Error('assertion failed: a record of nobody')
    return meta
  }

  function createLog(id: PeerId, warnings: string[]): Log {
    const write = (level: string) => (code: string, fields?: Readonly<Record<string, unknown>>) => {
      note(`${id} ${code}`)
      if (level === 'warn' || level === 'error') warnings.push(code)
      if (isVerbose) console.log(clock.monotonicMs().toFixed(1), id, level, code, fields ?? '')
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

  const metrics: Metrics = { count: () => {}, gauge: () => {} }

  async function settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  const world: World = {
    seed,
    clock,
    random,
    net,
    peers,
    async peer(quality = {}, { storeMs = 0, common, blockBuffers = plainBuffers } = {}) {
      const id = peerIdOf(random)
      const full = { ...defaultQuality, ...quality }
      const disk = createDisk(common)
      const database = new DatabaseSync(':memory:')
      const warnings: string[] = []
      const past: Blamed[] = []
      const blamesOf = (network: SimNetwork): Blamed[] =>
        network.blames
          .filter(({ blame }) => blame.verdict === 'reject')
          .map(({ peerId, blame }) => ({ peerId, code: blame.code }))
      let lives = 0

      const begin = () => {
        const life = random.fork(`${id}/${lives++}`)
        const network = net.join(id, full)
        const library = createLibrary(disk, clock, metaOf, storeMs)
        const service = createTransferService({
          network,
          library,
          database,
          clock,
          random: life,
          log: createLog(id, warnings),
          metrics,
          blockBuffers,
          parseLink(text) {
            const link = links.get(text)
            if (link === undefined) throw new Error('assertion failed: a link of nobody')
            return link
          },
          downloads: () => '/sim',
        })
        return { network, library, service }
      }

      const keepBlames = () => {
        past.push(...blamesOf(peer.network))
      }

      const peer: SimPeer = {
        id,
        quality: full,
        disk,
        ...begin(),
        up: true,
        warnings,
        blamed: () => [...past, ...blamesOf(peer.network)],
        share(content) {
          peer.library.share(content)
          return world.linkTo(content, peer)
        },
        async get(link, only) {
          const linkText = `peerhood:${toHex(link.share)}/${link.peers.map(({ peerId }) => peerId).join('+')}`
          links.set(linkText, link)
          const view = await peer.service.add({ link, linkText, mode: 'get', to: '/sim', only })
          return view.id
        },
        crash() {
          keepBlames()
          peer.up = false
          net.crash(id)
          // The process is gone: what it would still do must not reach the net or the disk of its next life.
          void peer.service.stop()
        },
        async restart() {
          Object.assign(peer, begin(), { up: true })
          await peer.service.start()
        },
        async stop() {
          keepBlames()
          peer.up = false
          const done = peer.service.stop()
          let stopped = false
          void done.then(() => {
            stopped = true
          })
          await world.until('a service stops', () => stopped, 10_000)
        },
      }
      peers.push(peer)
      await peer.service.start()
      return peer
    },
    content(shape, previous) {
      const content = makeContent(random.fork(`content/${metas.size}`), shape, previous)
      metas.set(metaKey(content.record), content.meta)
      return content
    },
    linkTo: (content, ...at) => ({
      ...content.link,
      peers: at.map(({ id }) => ({ peerId: id, addresses: [`/sim/${id}`] })),
    }),
    async until(what, condition, limitMs) {
      const limit = clock.monotonicMs() + limitMs
      await settle()
      while (!condition()) {
        if (!clock.advance(limit)) {
          throw new Error(
            `not within ${limitMs} ms: ${what} (seed ${seed}; replay: node test/sim/run.ts --seed ${seed})`,
          )
        }
        await settle()
      }
    },
    async pass(ms) {
      const limit = clock.monotonicMs() + ms
      await settle()
      while (clock.advance(limit)) await settle()
      clock.moveTo(limit)
    },
    settle,
    trace: () => hash.copy().digest('hex'),
    async stop() {
      for (const peer of peers) if (peer.up) await peer.stop()
    },
  }
  return world
}
