// One community's log between two peers over one stream: the greeting (who may ask), then session-core.ts, whose effects are
// performed here. Owns the order of frames, deadlines, and the queue between the stream and the log.
//
//   stream ──► channel ──► session-core ──► queue (bounded; nothing more is read while it is full) ──► log.receive
//   stream ◄── channel ◄── session-core ◄── pump (as long as there is room) ◄── log
//
// Must stay true: no word of a log, nor whether it is here, leaves before the proof was checked; every refusal of a stranger is
// the same frame after the same work; whatever a peer sends wrongly ends this session only.

import { equalBytes } from '../../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError } from '../../base/errors.ts'
import type { Cancel } from '../../base/ports.ts'
import type { PeerStream } from '../../network/types.ts'
import { type Channel, createChannel } from './channel.ts'
import { mildCodes, syncEnds, syncPeerErrors } from './errors.ts'
import { createIntake } from './intake.ts'
import { createKeeperWatch, type KeeperWatch } from './keeper.ts'
import { handshakeTimeoutMs, haveDelayMs, keepaliveMs, notReadingMs, silenceMs, tickMs } from './limits.ts'
import { checkHelloProof, helloProof } from './proof.ts'
import {
  countTheyLack,
  countWeLack,
  createSessionState,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  stepSession,
} from './session-core.ts'
import type { Fault, Session, SessionEnd, SessionLog, SessionParts, SessionPort } from './session-types.ts'
import type { SyncRole } from './types.ts'
import type { Frame, FrameKind, Refusal } from './wire.ts'

/** Stands in for the key of a community that we don't have, so that the refusal takes as long. */
const noAccess = new Uint8Array(32)

/** After these there may be something to send. */
const pumpedKinds: ReadonlySet<FrameKind> = new Set<FrameKind>(['vector', 'flow', 'want'])

/** `target`: the community for a stream we opened; for one that a peer opened, how to find the one it names. */
export function createSession(
  stream: PeerStream,
  target: { readonly port: SessionPort } | { readonly find: (discovery: Uint8Array) => SessionPort | undefined },
  parts: SessionParts,
): Session {
  const opener = 'port' in target
  const peerId = stream.remotePeer
  const { clock, random, self } = parts
  let port: SessionPort | undefined = opener ? target.port : undefined
  let phase: Session['phase'] = 'greeting'
  let role: SyncRole | undefined
  let heardMs: number | undefined
  let state: SessionState | undefined
  let keeper: KeeperWatch | undefined
  let newsTimer: Cancel | undefined
  let pumping = false
  let timer: Cancel = clock.after(handshakeTimeoutMs, () => {
    fail(syncPeerErrors.sync_handshake_timeout('A peer opened a stream and said nothing.'))
  })

  /** The community's log as this peer may have it. */
  let log: SessionLog | undefined
  const channel: Channel = createChannel(stream, parts, {
    admit(kind) {
      const isGreeting = kind === 'hello' || kind === 'refuse'
      if (phase === 'greeting' ? !isGreeting : kind === 'hello') throw outOfOrder(kind)
    },
    accept,
    flushed: () => intake.room(),
    writable: pump,
    closed(error) {
      if (error === undefined) finish({ by: 'peer', refusal: undefined, fault: undefined, error: undefined }, undefined)
      else fail(error)
    },
  })

  const intake = createIntake({
    receive: (entries, options) => log?.receive(entries, options) ?? Promise.resolve([]),
    done: (results, wanted, entries) => step({ type: 'received', results, wanted, entries }),
    failed: fail,
  })

  // ---- frames in

  function accept(frame: Frame): void {
    if (phase === 'ended') return
    heardMs = clock.nowMs()
    if (frame.kind === 'hello') onHello(frame)
    else if (frame.kind === 'refuse') {
      finish({ by: 'peer', refusal: frame.reason, fault: undefined, error: undefined }, undefined)
    } else {
      step({ type: 'frame', frame })
      if (pumpedKinds.has(frame.kind)) pump()
    }
  }

  function onHello(hello: Extract<Frame, { kind: 'hello' }>): void {
    const found = 'port' in target ? target.port : target.find(hello.discovery)
    const isProven = checkHelloProof(found?.access ?? noAccess, peerId, self, hello.proof)
    if (opener && (!isProven || !equalBytes(hello.discovery, target.port.discovery))) {
      throw syncPeerErrors.sync_proof_wrong('A peer could not prove that it may have this community.')
    }
    if (found === undefined || !isProven || !found.admits(peerId)) {
      end('not_here')
      return
    }
    port = found
    role = hello.role
    phase = 'active'
    timer()
    timer = clock.after(tickMs, tick)
    if (!opener) greet()
    const refusal = found.greeted(session)
    if (refusal === undefined) begin(found)
    else end(refusal)
  }

  function greet(): void {
    if (port === undefined) return
    const proof = helloProof(port.access, self, peerId)
    channel.send({ kind: 'hello', role: port.role, discovery: port.discovery, proof })
  }

  function begin(found: SessionPort): void {
    log = found.logFor(peerId)
    const begun = createSessionState(log, clock.monotonicMs())
    state = begun
    keeper = createKeeperWatch({
      clock,
      random,
      log,
      asks: role === 'keeper' && found.role === 'member',
      told: () => begun.told,
      send: (frame) => channel.send(frame),
      proven(failure) {
        if (failure !== undefined) parts.blame(session, failure)
        found.proven(session, failure)
      },
    })
    step({ type: 'begin' })
  }

  // ---- the core

  function step(input: SessionInput): boolean {
    if (state === undefined || phase === 'ended') return false
    const effects = stepSession(state, input, clock.monotonicMs())
    for (const effect of effects) perform(effect)
    return effects.length > 0
  }

  function perform(effect: SessionEffect): void {
    if (phase === 'ended') return
    switch (effect.type) {
      case 'send':
        channel.send(effect.frame)
        break
      case 'receive':
        intake.add(effect.entries, effect.wanted)
        break
      case 'blame':
        parts.blame(session, effect.code)
        break
      case 'close':
        finish(
          { by: 'us', refusal: undefined, fault: effect, error: undefined },
          { kind: 'refuse', reason: effect.reason },
        )
        break
      case 'changed':
        port?.changed(session)
        break
      case 'challenge':
        keeper?.onChallenge(effect.nonce, effect.places)
        break
      case 'holding':
        keeper?.onHolding(effect.nonce, effect.digest)
        break
    }
  }

  function pump(): void {
    if (pumping || port === undefined) return
    pumping = true
    try {
      while (channel.writable && step({ type: 'pump', heldFrom: port.heldFrom() }));
    } finally {
      pumping = false
    }
  }

  // ---- time and end

  function tick(): void {
    const nowMs = clock.monotonicMs()
    timer = clock.after(tickMs, tick)
    if (nowMs - channel.receivedMs > silenceMs) {
      fail(syncPeerErrors.sync_peer_silent('A peer has been silent for long.'))
      return
    }
    if (nowMs - (channel.fullSinceMs ?? nowMs) > notReadingMs) {
      fail(syncPeerErrors.sync_peer_not_reading('A peer does not read what it is sent.'))
      return
    }
    if (nowMs - channel.sentMs >= keepaliveMs) channel.send({ kind: 'keepalive' })
    step({ type: 'tick' })
    keeper?.tick(state?.levelIn === true && state.levelOut)
  }

  function tellNewsSoon(): void {
    newsTimer ??= clock.after(haveDelayMs, () => {
      newsTimer = undefined
      step({ type: 'news' })
    })
  }

  function end(refusal: Refusal): void {
    finish({ by: 'us', refusal, fault: undefined, error: undefined }, { kind: 'refuse', reason: refusal })
  }

  function fail(error: unknown): void {
    const fault = faultOf(error)
    const how: SessionEnd = { by: 'us', refusal: undefined, fault, error: fault === undefined ? error : undefined }
    finish(how, fault === undefined ? undefined : { kind: 'refuse', reason: 'violation' })
  }

  function finish(how: SessionEnd, last: Frame | undefined): void {
    if (phase === 'ended') return
    phase = 'ended'
    timer()
    newsTimer?.()
    intake.stop()
    channel.close(last, syncEnds.sync_session_ended('The session ended.'))
    parts.ended(session, how)
    port?.ended(session, how)
  }

  const session: Session = {
    key: parts.nextKey(),
    peerId,
    opener,
    isRelayed: stream.isRelayed,
    get phase() {
      return phase
    },
    get role() {
      return role
    },
    get isTold() {
      return state?.vector === 'whole'
    },
    get flows() {
      return state?.weAllow === true
    },
    get flowed() {
      return state?.everAllowed === true
    },
    get isLevelIn() {
      return state?.levelIn === true
    },
    get isLevelOut() {
      return state?.levelOut === true
    },
    get progressMs() {
      return state?.progressMs ?? 0
    },
    get entriesIn() {
      return state?.entriesIn ?? 0
    },
    get entriesOut() {
      return state?.entriesOut ?? 0
    },
    get heardMs() {
      return heardMs
    },
    holds: ({ device, seq }) => (state?.told.get(device) ?? 0) >= seq,
    told: (device) => state?.told.get(device) ?? 0,
    weLack: () => (state === undefined ? 0 : countWeLack(state)),
    theyLack: () => (state === undefined ? 0 : countTheyLack(state)),
    async run() {
      if (opener) greet()
      await channel.run()
    },
    stored(first, places) {
      step({ type: 'stored', first, places })
      tellNewsSoon()
    },
    forked: (fork) => void step({ type: 'fork', fork }),
    pump,
    allow: () => void step({ type: 'flow', on: true }),
    round: () => void step({ type: 'round' }),
    want: (ids) => void step({ type: 'want', ids }),
    end,
  }
  return session
}

function faultOf(error: unknown): Fault | undefined {
  if (!isPeerhoodError(error) || !(error.code in syncPeerErrors)) return undefined
  return { code: error.code, verdict: mildCodes.has(error.code) ? 'ignore' : 'reject', message: error.message }
}

function outOfOrder(kind: FrameKind): PeerhoodError {
  return syncPeerErrors.sync_frame_out_of_order(`A peer sent a ${kind} frame when none may come.`, {
    details: { kind },
  })
}
