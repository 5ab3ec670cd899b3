// How two computers meet without a link: wires the protocol to codes (host.ts), guests (guest.ts) and requests
// (requests.ts). Owns who may knock how often, and which codes there are.
//
// What must stay true: the code's words, keys and what is handed over are in no log line and no error; a stranger can
// make us hold `talksMax` conversations and no more.

import type { Cancel, Clock, Log, Random } from '../../base/ports.ts'
import type { Network, PeerId, PeerStream } from '../../network/types.ts'
import { drawNameplate, drawWords, isNameplate } from './code.ts'
import { createDoor } from './door-core.ts'
import { meetErrors, mildFaults, type PeerFault } from './errors.ts'
import { enterCode } from './guest.ts'
import { createHostedCode, type HostedCode } from './host.ts'
import {
  codeLifeMs,
  codesMax,
  codesSpentMax,
  nameplateMax,
  stepTimeoutMs,
  streamsPerPeerMax,
  talksMax,
  waitMsMax,
} from './limits.ts'
import { askToJoin, createRequestDesk } from './requests.ts'
import { createTalk, type Talk, type TalkListener } from './talk.ts'
import type { Hosting, Meet, RequestHandler } from './types.ts'
import { type Frame, meetProtocol, refuse } from './wire.ts'

export interface MeetOptions {
  /** Answers those who ask to be let into a community; without it all are refused. */
  readonly onRequest?: RequestHandler
}

export interface MeetParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly network: Network
}

export function createMeet(options: MeetOptions = {}) {
  return (parts: MeetParts): Meet => new MeetService(options, parts)
}

class MeetService implements Meet {
  readonly #parts: MeetParts
  readonly #door = createDoor()
  readonly #desk: ReturnType<typeof createRequestDesk>
  readonly #codes = new Map<number, HostedCode>()
  /** nameplate → until when who asks for it is told that the code is over. */
  readonly #spent = new Map<number, number>()
  readonly #talks = new Set<Talk>()
  /** Ends what this side has begun. */
  #stopping = new AbortController()
  #unserve: Cancel | undefined

  constructor(options: MeetOptions, parts: MeetParts) {
    this.#parts = parts
    this.#desk = createRequestDesk(options.onRequest, parts)
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#unserve = await this.#parts.network.handle(meetProtocol, (stream) => this.#serve(stream), {
      streamsPerPeerMax,
    })
  }

  async stop(): Promise<void> {
    this.#unserve?.()
    this.#unserve = undefined
    this.#stopping.abort(meetErrors.meet_stopped('Peerhood is stopping.'))
    for (const code of [...this.#codes.values()]) code.stop()
    for (const talk of [...this.#talks]) talk.end(refuse('stopping'))
  }

  // ---- this side begins

  host(...[purpose, handler, options = {}]: Parameters<Meet['host']>): Hosting {
    if (this.#codes.size >= codesMax) {
      throw meetErrors.codes_too_many(`There are ${codesMax} open codes; no more fit.`)
    }
    const { clock, random, log, network } = this.#parts
    const nameplate = options.nameplate ?? drawNameplate(random, (one) => this.#isTaken(one))
    if (!isNameplate(nameplate) || this.#isTaken(nameplate)) {
      throw meetErrors.nameplate_unusable(`This number is in use, or not from 1 to ${nameplateMax}.`)
    }
    const code = { nameplate, words: drawWords(random) }
    const hosted = createHostedCode(code, purpose, handler, {
      clock,
      random,
      log,
      self: network.self,
      blame: (peer, fault) => this.#blame(peer, fault),
      guessed: (peer) => this.#door.guessed(peer, clock.monotonicMs()),
      over: ({ nameplate: spent }) => this.#bury(spent),
    })
    this.#codes.set(nameplate, hosted)
    return hosted
  }

  hosted(): readonly Hosting[] {
    return [...this.#codes.values()]
  }

  enter(...[code, request]: Parameters<Meet['enter']>): ReturnType<Meet['enter']> {
    const parts = { ...this.#parts, blame: (peer: PeerId, fault: PeerFault) => this.#blame(peer, fault) }
    return this.#until(request.signal, (signal) => enterCode(code, request, signal, parts))
  }

  ask(...[peer, request, options]: Parameters<Meet['ask']>): ReturnType<Meet['ask']> {
    const { clock, network } = this.#parts
    const blame = (from: PeerId, fault: PeerFault) => this.#blame(from, fault)
    return this.#until(options?.signal, (signal) => askToJoin(peer, request, signal, { clock, network, blame }))
  }

  /** Work that ends with the caller's signal, or when we stop. */
  async #until<Value>(given: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const signals = given === undefined ? [this.#stopping.signal] : [given, this.#stopping.signal]
    return work(AbortSignal.any(signals))
  }

  #isTaken(nameplate: number): boolean {
    return this.#codes.has(nameplate) || (this.#spent.get(nameplate) ?? 0) > this.#parts.clock.monotonicMs()
  }

  /** A code is over: its nameplate is remembered for as long as somebody may still type it. */
  #bury(nameplate: number): void {
    this.#codes.delete(nameplate)
    this.#spent.delete(nameplate)
    this.#spent.set(nameplate, this.#parts.clock.monotonicMs() + codeLifeMs)
    const [oldest] = this.#spent.keys()
    if (this.#spent.size > codesSpentMax && oldest !== undefined) this.#spent.delete(oldest)
  }

  // ---- a peer begins

  async #serve(stream: PeerStream): Promise<void> {
    const { clock } = this.#parts
    const cancel = clock.after(stepTimeoutMs, () => listener.closed('meet_silent'))
    const first: TalkListener = {
      frame: (frame) => {
        cancel()
        listener = this.#open(talk, frame)
      },
      closed: (fault) => {
        cancel()
        if (fault !== undefined) this.#leave(talk, fault)
      },
    }
    let listener = first
    const talk = createTalk(stream, clock, {
      frame: (frame) => listener.frame(frame),
      closed: (fault) => listener.closed(fault),
    })
    if (this.#talks.size >= talksMax) {
      cancel()
      talk.end(refuse('busy'))
    }
    this.#talks.add(talk)
    await talk.run()
    cancel()
    this.#talks.delete(talk)
  }

  /** What a peer came for. */
  #open(talk: Talk, frame: Frame): TalkListener {
    switch (frame.kind) {
      case 'look':
        return this.#look(talk, frame.nameplate, frame.nonce)
      case 'request':
        return this.#request(talk, frame.bytes)
      default:
        this.#leave(talk, 'meet_frame_out_of_order')
        return deaf
    }
  }

  #look(talk: Talk, nameplate: number, nonce: Uint8Array): TalkListener {
    const waitMs = this.#door.look(talk.peer, this.#parts.clock.monotonicMs())
    if (waitMs > 0) {
      talk.end(refuse('later', Math.min(waitMsMax, Math.ceil(waitMs))))
      return deaf
    }
    const code = this.#codes.get(nameplate)
    if (code !== undefined) return code.look(talk, nonce)
    talk.end(refuse(this.#isTaken(nameplate) ? 'over' : 'not_here'))
    return deaf
  }

  #request(talk: Talk, bytes: Uint8Array): TalkListener {
    const waitMs = this.#door.request(talk.peer, this.#parts.clock.monotonicMs())
    if (waitMs > 0) {
      talk.end(refuse('later', Math.min(waitMsMax, Math.ceil(waitMs))))
      return deaf
    }
    void this.#desk.serve(bytes, talk.peer).then(({ last, fault }) => {
      talk.end(last)
      if (fault !== undefined) this.#blame(talk.peer, fault)
    })
    return {
      frame: () => this.#leave(talk, 'meet_frame_out_of_order'),
      closed: (fault) => {
        if (fault !== undefined) this.#leave(talk, fault)
      },
    }
  }

  #leave(talk: Talk, fault: PeerFault): void {
    talk.end(refuse('violation'))
    this.#blame(talk.peer, fault)
  }

  #blame(peer: PeerId, fault: PeerFault): void {
    this.#parts.log.warn('meet_peer_left', { peerId: peer, code: fault })
    this.#parts.network.blame(peer, { code: fault, verdict: mildFaults.has(fault) ? 'ignore' : 'reject' })
  }
}

/** For a conversation that has ended. */
const deaf: TalkListener = { frame: () => {}, closed: () => {} }
