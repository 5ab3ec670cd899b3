// What the tests of community/meet/ share: persons with devices in a simulated network, both machines without one, and a
// peer that speaks frames by hand.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { isPeerhoodError, type PeerhoodError } from '../../src/base/errors.ts'
import type { Log } from '../../src/base/ports.ts'
import { codeSecret, parseCode } from '../../src/community/meet/code.ts'
import { createDecoder } from '../../src/community/meet/decoder.ts'
import { type GuestFacts, type GuestState, openGuest } from '../../src/community/meet/guest-core.ts'
import {
  type HostEffect,
  type HostFacts,
  type HostInput,
  type HostState,
  openHost,
  stepHost,
} from '../../src/community/meet/host-core.ts'
import { encodeGuestMessage } from '../../src/community/meet/message-wire.ts'
import { aesSeal } from '../../src/community/meet/seal.ts'
import { createMeet, type MeetOptions } from '../../src/community/meet/service.ts'
import type { EnterRequest, Meet, MeetPurpose, PurposeKind } from '../../src/community/meet/types.ts'
import { encodeFrame, type Frame, type FrameKind, meetProtocol } from '../../src/community/meet/wire.ts'
import { peerIdOf } from '../../src/identity/core.ts'
import type { DeviceCertificate } from '../../src/identity/types.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import type { CommunityId } from '../../src/log/types.ts'
import type { PeerAddress, PeerId, PeerStream } from '../../src/network/types.ts'
import { createVirtualClock, type VirtualClock } from '../sim/clock.ts'
import { createNet, type Net, type SimNetwork } from '../sim/network.ts'
import { createRandom, type SeededRandom } from '../sim/random.ts'

export const community = 'c0'.repeat(32) as CommunityId
export const forMember: MeetPurpose = { kind: 'member', offer: { community, name: 'Garden', role: 'member' } }

// ---- persons without a network

export interface Device {
  readonly id: PeerId
  readonly certificate: DeviceCertificate
}

/** A device with its person, both from a seed. */
export function deviceOf(random: SeededRandom): Device {
  const certificate = issueCertificate({
    personSecret: random.bytes(32),
    deviceSeed: random.bytes(32),
    issuedMs: 1_767_225_600_000,
  })
  return { id: peerIdOf(certificate.device) as PeerId, certificate }
}

export const secretOf = (code: string) => codeSecret(parseCode(code))

/** A guest's machine and its first frame. */
export function guestWith(options: {
  readonly random: SeededRandom
  readonly device: Device
  readonly host: PeerId
  readonly code: string
  readonly kind?: PurposeKind
  readonly certificate?: DeviceCertificate
}): { readonly facts: GuestFacts; readonly state: GuestState; readonly first: Frame } {
  const { random, device, host, code, kind = 'member', certificate = device.certificate } = options
  const message = encodeGuestMessage({ kind, certificate, memberName: 'Ada', deviceName: 'laptop', memo: 'hi' })
  const facts: GuestFacts = {
    self: device.id,
    host,
    nameplate: parseCode(code).nameplate,
    nonce: random.bytes(16),
    attempt: { secret: secretOf(code), scalar: random.bytes(32), message },
    seal: aesSeal,
  }
  const { state, effects } = openGuest(facts, 0)
  const [effect] = effects
  assert.ok(effect?.type === 'send')
  return { facts, state, first: effect.frame }
}

/** A host's machine that keeps its effects. */
export class HostBench {
  readonly facts: HostFacts
  readonly random: SeededRandom
  readonly effects: HostEffect[] = []
  state: HostState = openHost(0)
  nowMs = 0

  constructor(random: SeededRandom, self: PeerId, code: string) {
    this.random = random
    this.facts = { self, secret: secretOf(code), kind: 'member', seal: aesSeal }
  }

  step(input: HostInput): readonly HostEffect[] {
    const { state, effects } = stepHost(this.facts, this.state, input, this.nowMs)
    this.state = state
    this.effects.push(...effects)
    return effects
  }

  look(talk: number, peer: PeerId, guestNonce: Uint8Array): readonly HostEffect[] {
    const hostNonce = this.random.bytes(16)
    return this.step({ type: 'looked', talk, peer, guestNonce, hostNonce, scalar: this.random.bytes(32) })
  }

  frame(talk: number, frame: Frame): readonly HostEffect[] {
    return this.step({ type: 'frame', talk, frame })
  }
}

/** The one frame that these effects send. */
export function sentIn(effects: readonly (HostEffect | { readonly type: string })[]): Frame {
  const frames = effects.flatMap((effect) => ('frame' in effect ? [effect.frame] : []))
  const [frame, ...more] = frames
  assert.ok(frame !== undefined && more.length === 0, `one frame, not ${frames.length}`)
  return frame
}

// ---- persons in a network

export interface Person extends Device {
  readonly network: SimNetwork
  readonly meet: Meet
  readonly lines: string[]
  readonly address: PeerAddress
}

/** A room with computers in it. */
export interface Room {
  readonly clock: VirtualClock
  readonly net: Net
  readonly random: SeededRandom
  /** `device`: one whose secrets the test knows. */
  join(options?: MeetOptions, device?: Device): Promise<Person>
  /** Everybody meets everybody, as on one local network. */
  introduce(...persons: readonly Person[]): Promise<void>
  /** Lets time pass until the condition holds. */
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>
  pass(ms: number): Promise<void>
  /** Lets time pass until the work is done. */
  hurry<Value>(work: Promise<Value>, limitMs?: number): Promise<Value>
  /** Lets time pass until the work has failed with one of these codes. */
  failure(work: Promise<unknown>, ...codes: string[]): Promise<PeerhoodError>
}

export function createRoom(t: TestContext, seed: string): Room {
  const clock = createVirtualClock()
  const random = createRandom(seed)
  const net = createNet(clock, random.fork('net'))
  const persons: Person[] = []
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  /** Several turns: strangers that wait for a frame, and answer it, need some. */
  const settle = async () => {
    for (let i = 0; i < 5; i++) await turn()
  }
  /** Who moves time; others who wait only look. */
  let mover: symbol | undefined
  t.after(async () => {
    for (const { meet, network } of persons) {
      await meet.stop()
      await network.stop()
    }
  })

  const room: Room = {
    clock,
    net,
    random,
    async join(options = {}, device = deviceOf(random)) {
      const network = net.join(device.id, { up: 12_500_000, delayMs: 5 })
      const lines: string[] = []
      const meet = createMeet(options)({ clock, random: random.fork(device.id), log: lineLog(lines), network })
      const person = { ...device, network, meet, lines, address: addressOf(device.id) }
      await meet.start()
      persons.push(person)
      return person
    },
    async introduce(...some) {
      for (const one of some) {
        for (const other of some) {
          if (one !== other) await room.hurry(one.network.connect(other.address, { source: 'mdns' }))
        }
      }
    },
    async until(what, condition, limitMs = 60_000) {
      const limit = clock.monotonicMs() + limitMs
      const self = Symbol(what)
      await turn()
      try {
        while (!condition()) {
          mover ??= self
          if (mover !== self) await turn()
          else {
            await settle()
            if (!condition() && !clock.advance(limit)) throw new Error(`not within ${limitMs} ms: ${what}`)
            await turn()
          }
        }
      } finally {
        if (mover === self) mover = undefined
      }
    },
    async pass(ms) {
      const until = clock.monotonicMs() + ms
      let over = false
      clock.after(ms, () => {
        over = true
      })
      await room.until('time to pass', () => over, ms)
      clock.moveTo(until)
    },
    async hurry(work, limitMs) {
      let over = false
      const end = () => {
        over = true
      }
      work.then(end, end)
      await room.until('work to be done', () => over, limitMs)
      return work
    },
    async failure(work, ...codes) {
      try {
        await room.hurry(work, 900_000)
      } catch (error) {
        assert.ok(isPeerhoodError(error), `expected ${codes.join(' or ')}, got ${error}`)
        assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
        return error
      }
      assert.fail(`nothing failed; expected ${codes.join(' or ')}`)
    },
  }
  return room
}

export const addressOf = (peerId: PeerId): PeerAddress => ({ peerId, addresses: [`/sim/${peerId}`] })

/** A log of lines as they would be written. */
export function lineLog(lines: string[]): Log {
  const write = (code: string, fields: unknown = {}) => void lines.push(`${code} ${JSON.stringify(fields)}`)
  return { debug: write, info: write, warn: write, error: write, child: () => lineLog(lines) }
}

/** What `enter` needs of a person. */
export function asGuest(person: Person, more: Partial<EnterRequest> = {}): EnterRequest {
  return { certificate: person.certificate, memberName: 'Ada', deviceName: 'laptop', kind: 'member', ...more }
}

// ---- a peer that speaks by hand

export interface RawTalk {
  readonly peer: PeerId
  readonly received: Frame[]
  readonly ended: () => boolean
  send(...frames: readonly Frame[]): void
  sendBytes(bytes: Uint8Array): void
  /** The next frame that was not taken yet, which must be of this kind. */
  take<Kind extends FrameKind>(kind: Kind): Promise<Extract<Frame, { kind: Kind }>>
  close(): void
}

export function rawTalk(room: Pick<Room, 'until'>, stream: PeerStream): RawTalk {
  const received: Frame[] = []
  let ended = false
  let taken = 0
  const read = async () => {
    const decoder = createDecoder((frame) => received.push(frame))
    try {
      for await (const chunk of stream.incoming) decoder.push(chunk)
    } catch {
      // Cut: what most of these conversations come to.
    }
    ended = true
  }
  void read()
  return {
    peer: stream.remotePeer,
    received,
    ended: () => ended,
    send(...frames) {
      for (const frame of frames) stream.send(encodeFrame(frame))
    },
    sendBytes: (bytes) => void stream.send(bytes),
    async take(kind) {
      await room.until(`a frame ${kind}`, () => received.length > taken || ended)
      const frame = received[taken++]
      assert.equal(frame?.kind, kind)
      return frame as never
    },
    close: () => void stream.close(),
  }
}

/** A frame whose end never comes. */
export function sendHalf(talk: RawTalk, frame: Frame): void {
  talk.sendBytes(encodeFrame(frame).subarray(0, 6))
  talk.close()
}

/** A device that is in the room, and runs no Peerhood. */
export interface Stranger extends Device {
  readonly network: SimNetwork
  dial(person: { readonly id: PeerId }): Promise<RawTalk>
  /** Answers every conversation that is begun with it. */
  serve(answer: (talk: RawTalk) => Promise<void>): Promise<void>
}

export function strangerIn(room: Room): Stranger {
  const device = deviceOf(room.random)
  const network = room.net.join(device.id, { up: 12_500_000, delayMs: 5 })
  return {
    ...device,
    network,
    async dial({ id }) {
      await room.hurry(network.connect(addressOf(id), { source: 'manual' }))
      return rawTalk(room, await room.hurry(network.openStream(id, meetProtocol)))
    },
    async serve(answer) {
      const handler = async (stream: PeerStream) => {
        const talk = rawTalk(room, stream)
        await answer(talk).catch(() => {})
      }
      await network.handle(meetProtocol, handler, { streamsPerPeerMax: 16 })
    },
  }
}
