// What the tests of copies/ share: persons with computers in a simulated network, whose shares and kept copies are facts in
// memory. Frames, certificates, records and blocks are real.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { Emitter } from '../../src/base/events.ts'
import type { Clock, Log } from '../../src/base/ports.ts'
import { deviceFrom, type TestDevice } from '../../src/community/direct/testing.ts'
import { Bitfield } from '../../src/content/format/bitfield.ts'
import { shareIdOf } from '../../src/content/format/keys.ts'
import { formatLink } from '../../src/content/format/link.ts'
import { openRecord } from '../../src/content/format/record.ts'
import type { OwnShare } from '../../src/content/library/share-view.ts'
import type { ShareEvent } from '../../src/content/library/shares.ts'
import type { Holding, LibraryEvent, ShareId } from '../../src/content/types.ts'
import type { Named } from '../../src/copies/keeper.ts'
import { createCopies } from '../../src/copies/service.ts'
import { type CopiesStore, createCopiesStore } from '../../src/copies/store.ts'
import type { Copies } from '../../src/copies/types.ts'
import { copiesProtocol, createDecoder, encodeFrame, type Frame } from '../../src/copies/wire.ts'
import type { PersonDid } from '../../src/identity/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import type { TransferService, TransferView } from '../../src/transfer/types.ts'
import { createVirtualClock } from '../sim/clock.ts'
import { type Content, makeContent } from '../sim/holdings.ts'
import { createNet, type SimNetwork } from '../sim/network.ts'
import { createRandom, type SeededRandom } from '../sim/random.ts'

type LibraryStub = Parameters<typeof createCopies>[0]['library']
type TransfersStub = Pick<TransferService, 'list' | 'add' | 'cancel' | 'remove'>

/** What one computer has: own shares, and copies that become whole after `fillMs`. */
export interface Shelf {
  readonly library: LibraryStub
  readonly shares: Parameters<typeof createCopies>[0]['shares']
  readonly transfers: TransfersStub
  /** Shares it, or a newer version of it. */
  share(content: Content): void
  unshare(id: ShareId): void
  /** A copy, whole or on its way. */
  kept(id: ShareId): Holding | undefined
  /** Another peer brings a version. */
  bring(content: Content): void
  /** Blocks are served wrong from now on. */
  spoil(): void
  fillMs: number
}

function createShelf(clock: ReturnType<typeof createVirtualClock>, known: ReadonlyMap<string, Content>): Shelf {
  const own = new Map<ShareId, Content>()
  const kept = new Map<ShareId, Holding & { have: Bitfield }>()
  const shareEvents = new Emitter<ShareEvent>()
  const libraryEvents = new Emitter<LibraryEvent>()
  const transfers = new Map<string, TransferView>()
  let spoilt = false
  let number = 0

  const contentOf = (id: ShareId, sequence: number) => known.get(`${id} ${sequence}`)

  function holdingOf(recordBytes: Uint8Array, isWhole: boolean): Holding & { have: Bitfield } {
    const record = openRecord(recordBytes)
    const id = shareIdOf(record.share)
    const content = contentOf(id, record.sequence)
    assert.ok(content !== undefined)
    const have = new Bitfield(record.blocks)
    if (isWhole) for (const index of content.blocks.keys()) have.set(index)
    return {
      ...{ share: record.share, shareId: id, access: content.link.access, discovery: content.link.discovery },
      ...{ record, recordBytes, have },
      inventory: undefined,
      isWanted: () => true,
      get complete() {
        return have.ones === have.length
      },
      hasPage: () => true,
      putPage: async () => {},
      putBlock: async () => {},
      async readBlock(index) {
        const block = content.blocks[index]
        assert.ok(block !== undefined)
        return spoilt ? block.map((byte) => byte ^ 1) : block
      },
      on: () => () => {},
    }
  }

  function fill(holding: Holding & { have: Bitfield }): void {
    clock.after(shelf.fillMs, () => {
      for (let index = 0; index < holding.have.length; index++) holding.have.set(index)
    })
  }

  function put(holding: Holding & { have: Bitfield }): void {
    kept.set(holding.shareId, holding)
    libraryEvents.emit({ type: 'added', holding })
  }

  const ownView = (content: Content) =>
    ({ id: content.shareId, sequence: content.record.sequence, bytes: content.record.bytes }) as OwnShare

  const shelf: Shelf = {
    fillMs: 1_000,
    library: {
      byShare(id) {
        const content = own.get(id)
        return content === undefined ? kept.get(id) : holdingOf(content.recordBytes, true)
      },
      byDiscovery: () => undefined,
      async openKept({ recordBytes }) {
        const holding = holdingOf(recordBytes, false)
        put(holding)
        return holding
      },
      async removeKept(id) {
        kept.delete(id)
      },
      on: (listener) => libraryEvents.on(listener),
    },
    shares: {
      list: () => [...own.values()].map(ownView),
      has: (id) => own.has(id),
      link: (id, peers) => ({ link: formatLink({ ...(own.get(id) as Content).link, peers }), keepLink: undefined }),
      on: (listener) => shareEvents.on(listener),
    },
    transfers: {
      list: () => [...transfers.values()],
      async add({ link }) {
        const id = String(number++)
        const shareId = shareIdOf(link.share)
        const view = { id, shareId, mode: 'keep', state: 'done' } as unknown as TransferView
        transfers.set(id, view)
        const holding = kept.get(shareId)
        if (holding !== undefined) fill(holding)
        return view
      },
      cancel: async (id) => transfers.get(id) as TransferView,
      async remove(id) {
        transfers.delete(id)
      },
    },
    share(content) {
      own.set(content.shareId, content)
      shareEvents.emit({ type: 'share', share: ownView(content) })
    },
    unshare(id) {
      own.delete(id)
      shareEvents.emit({ type: 'removed', id })
    },
    kept: (id) => kept.get(id),
    bring: (content) => put(holdingOf(content.recordBytes, false)),
    spoil() {
      spoilt = true
    },
  }
  return shelf
}

export interface Computer extends TestDevice {
  readonly network: SimNetwork
  readonly shelf: Shelf
  readonly store: CopiesStore
  /** Of the present life. */
  copies: Copies
  /** Peers that its person knows. */
  readonly acquainted: Set<PeerId>
  /** How others name its person: with the token of its contact link. */
  readonly named: Named
  readonly warnings: string[]
  restart(): Promise<void>
  /** Gone without a word. */
  crash(): void
}

/** As on a real computer: time passes from one look to the next, and timers come up to a millisecond early. */
function restless(clock: Clock, { uniform }: SeededRandom): Clock {
  let passedMs = 0
  return {
    nowMs: clock.nowMs,
    monotonicMs() {
      passedMs += 0.4 * uniform()
      return clock.monotonicMs() + passedMs
    },
    after: (ms, run) => clock.after(Math.floor(ms), run),
  }
}

export function createCopiesWorld(seed: string, { isRestless = false } = {}) {
  const clock = createVirtualClock()
  const random = createRandom(seed)
  const net = createNet(clock, random.fork('net'))
  const known = new Map<string, Content>()
  const everybody = new Map<string, Named>()
  const computers: Computer[] = []

  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  /** Another computer of the same person where `personSecret` is given. */
  async function computer(personSecret?: Uint8Array): Promise<Computer> {
    const device = deviceFrom(random, personSecret)
    const network = net.join(device.id, { up: 1e8, delayMs: 10 })
    const shelf = createShelf(clock, known)
    const store = createCopiesStore(new DatabaseSync(':memory:'))
    const token = random.bytes(32)
    const peers = [{ peerId: device.id, addresses: [`/sim/${device.id}`] }]
    const named: Named = { person: device.person, name: '', token, peers }
    everybody.set(`link ${device.id}`, named)
    const acquainted = new Set<PeerId>()
    const warnings: string[] = []
    const live = () =>
      createCopies({
        ...{
          clock: isRestless ? restless(clock, random.fork('looks')) : clock,
          random,
          log: logTo(warnings),
          network,
          ...shelf,
          store,
        },
        certificate: () => device.certificate.bytes,
        self: () => device.person,
        label: () => `computer of ${device.person.slice(-4)}`,
        selfAddress: () => ({ peerId: device.id, addresses: [`/sim/${device.id}`] }),
        readPerson: (text) =>
          everybody.get(text) ?? { ...named, person: text as PersonDid, token: undefined, peers: [] },
        isOwnToken: (shown) => Buffer.from(shown).equals(token),
        isAcquainted: (peer) => acquainted.has(peer),
        devicesOf: (person) =>
          computers.flatMap((one) => (one.person === person && acquainted.has(one.id) ? [one.id] : [])),
        async *locate() {},
      })
    const made: Computer = {
      ...{ ...device, network, shelf, store, acquainted, named, warnings, copies: live() },
      async restart() {
        await done(made.copies.stop())
        made.copies = live()
        await made.copies.start()
      },
      crash: () => net.crash(device.id),
    }
    computers.push(made)
    await made.copies.start()
    return made
  }

  async function pass(ms: number): Promise<void> {
    const limit = clock.monotonicMs() + ms
    await settle()
    while (clock.advance(limit)) await settle()
    clock.moveTo(limit)
    await settle()
  }

  async function until(what: string, condition: () => boolean, limitMs = 60_000): Promise<void> {
    const limit = clock.monotonicMs() + limitMs
    await settle()
    while (!condition()) {
      if (!clock.advance(limit)) assert.fail(`not within ${limitMs} ms: ${what}`)
      await settle()
    }
  }

  async function done<Value>(work: Promise<Value>): Promise<Value> {
    let over = false
    const end = () => {
      over = true
    }
    work.then(end, end)
    await until('it is done', () => over)
    return work
  }

  return {
    ...{ clock, random, net, computer, pass, until, done },
    linkOf: (one: Computer) => `link ${one.id}`,
    content(blocks = 4, previous?: Content): Content {
      const made = makeContent(random, { blocks, blockBytes: 1_000 }, previous)
      known.set(`${made.shareId} ${made.record.sequence}`, made)
      return made
    },
    /** Opens a stream by hand, sends bytes, and resolves with the frames that come back. */
    async raw(from: Computer, to: Computer, bytes: Uint8Array): Promise<readonly Frame[]> {
      return done(talkRaw(from, to, bytes))
    },
    ask: async (from: Computer, to: Computer, frame: Frame): Promise<Frame | undefined> =>
      (await done(talkRaw(from, to, encodeFrame(frame))))[0],
    /** Opens a stream and says nothing. */
    async silent(from: Computer, to: Computer): Promise<{ isCut(): boolean }> {
      const stream = await from.network.openStream(to.id, copiesProtocol)
      let cut = false
      const end = () => {
        cut = true
      }
      void stream.incoming[Symbol.asyncIterator]().next().then(end, end)
      return { isCut: () => cut }
    },
    async stop(): Promise<void> {
      for (const one of computers) await done(one.copies.stop())
    },
  }
}

async function talkRaw(from: Computer, to: Computer, bytes: Uint8Array): Promise<readonly Frame[]> {
  const frames: Frame[] = []
  try {
    await from.network.connect({ peerId: to.id, addresses: [`/sim/${to.id}`] }, { source: 'manual' })
    const stream = await from.network.openStream(to.id, copiesProtocol)
    stream.send(bytes)
    await stream.close()
    const decoder = createDecoder((frame) => frames.push(frame))
    for await (const chunk of stream.incoming) decoder.push(chunk)
  } catch {
    // It was cut: what came before is the answer.
  }
  return frames
}

function logTo(warnings: string[]): Log {
  const nothing = () => {}
  const note = (code: string) => void warnings.push(code)
  const log: Log = { debug: nothing, info: nothing, warn: note, error: note, child: () => log }
  return log
}
