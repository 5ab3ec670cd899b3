// One share between two peers over one stream, the same on both sides: greeting (who may ask), agreeing (which version),
// active (blocks both ways). Owns the order of frames and what may come when; what a frame means for the share is the
// port's business (swarm.ts), what goes to the peer is upload.ts's.
//
//   greeting ── hello, proof ──► agreeing ── the same version on both sides ──► active ──► ended
//
// Must stay true: no byte of a share, nor whether we have it, leaves before the proof was checked; every refusal of a
// stranger is the same frame; whatever a peer sends wrongly ends this session only.

import { equalBytes } from '../base/bytes.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import type { Cancel } from '../base/ports.ts'
import { accessProof, checkAccessProof } from '../content/format/access.ts'
import type { AccessKey } from '../content/types.ts'
import type { PeerStream } from '../network/types.ts'
import { type Channel, createChannel } from './channel.ts'
import { peerErrors } from './errors.ts'
import { handshakeTimeoutMs, idleMs, keepaliveMs, recordsPerSessionMax, silenceMs, speedHalfLifeMs } from './limits.ts'
import { createRate } from './rate.ts'
import type { Session, SessionEnd, SessionParts, SessionPort } from './session-types.ts'
import { createTraffic } from './traffic.ts'
import { compareVersions, noVersion, type Version } from './version.ts'
import type { Frame, FrameKind, Refusal } from './wire.ts'

/** Kinds that are only allowed once both sides are on the same version. */
const activeKinds: ReadonlySet<FrameKind> = new Set<FrameKind>([
  'want-page',
  'page',
  'have-all',
  'have-bits',
  'have',
  'interest',
  'choke',
  'want',
  'cancel',
  'missing',
  'block',
])

/** Stands in for the key of a share that we don't have, so that the refusal takes as long. */
const noAccess = new Uint8Array(32) as AccessKey

/** `target`: the share for a stream we opened; for one that a peer opened, how to find the share it names. */
export function createSession(
  stream: PeerStream,
  target: { readonly port: SessionPort } | { readonly find: (discovery: Uint8Array) => SessionPort | undefined },
  parts: SessionParts,
): Session {
  const opener = 'port' in target
  const peerId = stream.remotePeer
  const { clock } = parts
  const startMs = clock.monotonicMs()
  let port: SessionPort | undefined = opener ? target.port : undefined
  let phase: Session['phase'] = 'greeting'
  let theirs: Version | undefined
  /** The last version we told. */
  let told: Version = noVersion
  let recordsSeen = 0
  let recordSent: Uint8Array | undefined
  let usefulMs = startMs
  let timer: Cancel = clock.after(handshakeTimeoutMs, () => {
    fail(peerErrors.handshake_timeout('A peer opened a stream and said nothing.'))
  })

  const channel: Channel = createChannel(stream, parts, {
    admit,
    accept,
    flushed: () => {
      if (phase === 'active' && port !== undefined) port.flushed(session)
    },
    writable: () => traffic.upload?.pump(),
    closed: (error) => {
      if (error === undefined) finish({ by: 'peer', refusal: undefined, error: undefined }, undefined)
      else fail(error)
    },
  })
  const traffic = createTraffic(channel, parts)

  // ---- frames in

  function admit(kind: FrameKind, length: number, index: number | undefined): 'keep' | 'skip' {
    if (phase === 'ended') return 'skip'
    const isGreeting = kind === 'hello' || kind === 'refuse'
    if (phase === 'greeting' && !isGreeting) throw outOfOrder(kind)
    if (phase !== 'greeting' && kind === 'hello') throw outOfOrder(kind)
    if (phase === 'active' && kind === 'version') throw outOfOrder(kind)
    if (phase !== 'active' && activeKinds.has(kind)) throw outOfOrder(kind)
    return port !== undefined && phase === 'active' ? port.admit(session, kind, length, index) : 'keep'
  }

  function accept(frame: Frame): void {
    if (phase === 'ended') return
    if (frame.kind === 'hello') onHello(frame.discovery, frame.proof)
    else if (frame.kind === 'refuse') onRefuse(frame.reason)
    else if (frame.kind === 'version') onVersion(frame)
    else if (frame.kind === 'record') onRecord(frame.bytes)
    else if (frame.kind !== 'keepalive') port?.accept(session, frame)
  }

  function onHello(discovery: Uint8Array, proof: Uint8Array): void {
    const found = 'port' in target ? target.port : target.find(discovery)
    const proven = checkAccessProof(found?.access ?? noAccess, peerId, parts.self, proof)
    if (opener) {
      if (!proven || !equalBytes(discovery, target.port.discovery)) {
        throw peerErrors.proof_wrong('A peer could not prove that it may have this share.')
      }
    } else if (found === undefined || !proven) {
      end('not_shared')
      return
    }
    port = found
    phase = 'agreeing'
    if (!opener) greet()
    timer()
    timer = clock.after(keepaliveMs, watch)
    const refusal = port?.greeted(session)
    if (refusal !== undefined) end(refusal)
    else tellNews()
  }

  function onRefuse(reason: Refusal): void {
    finish({ by: 'peer', refusal: reason, error: undefined }, undefined)
  }

  function onVersion(version: Version): void {
    theirs = { sequence: version.sequence, digest: version.digest }
    settle()
  }

  function onRecord(bytes: Uint8Array): void {
    if (++recordsSeen > recordsPerSessionMax) throw peerErrors.frames_too_fast('A peer sends one record after another.')
    if (phase === 'agreeing') port?.record(session, bytes.slice())
  }

  // ---- greeting and agreeing

  function greet(): void {
    if (port === undefined) return
    channel.send({
      kind: 'hello',
      discovery: port.discovery,
      proof: accessProof(port.access, parts.self, peerId),
    })
    tell(port.version ?? noVersion)
  }

  function tell(version: Version): void {
    told = version
    channel.send({ kind: 'version', sequence: version.sequence, digest: version.digest })
  }

  /** Our version became known, or changed while the peer had not answered yet. */
  function tellNews(): void {
    const ours = port?.version
    if (phase !== 'agreeing' || ours === undefined || told === ours) return
    if (told !== noVersion) end('version_changed')
    else {
      tell(ours)
      settle()
    }
  }

  function settle(): void {
    const ours = port?.version
    if (phase !== 'agreeing' || theirs === undefined || ours === undefined || port === undefined) return
    const relation = compareVersions(ours, theirs)
    if (relation === 'same') {
      phase = 'active'
      usefulMs = clock.monotonicMs()
      port.active(session)
    } else if (relation === 'forked') end('version_differs')
    else if (relation === 'newer' && recordSent !== ours.recordBytes) {
      recordSent = ours.recordBytes
      channel.send({ kind: 'record', bytes: ours.recordBytes })
    }
  }

  // ---- time and end

  /** Every `keepaliveMs`: says that we are here, leaves who is not, and ends what nobody needs. */
  function watch(): void {
    const nowMs = clock.monotonicMs()
    if (nowMs - channel.receivedMs > silenceMs) {
      fail(peerErrors.peer_silent('A peer has been silent for long.'))
      return
    }
    if (phase !== 'active' || traffic.isUseful) usefulMs = nowMs
    if (nowMs - usefulMs > idleMs) {
      end('idle')
      return
    }
    if (nowMs - channel.sentMs >= keepaliveMs / 2) channel.send({ kind: 'keepalive' })
    timer = clock.after(keepaliveMs, watch)
  }

  function end(refusal: Refusal): void {
    finish({ by: 'us', refusal, error: undefined }, { kind: 'refuse', reason: refusal })
  }

  function fail(error: unknown): void {
    const isTheirs = isPeerhoodError(error) && error.code in peerErrors
    finish({ by: 'us', refusal: undefined, error }, isTheirs ? { kind: 'refuse', reason: 'violation' } : undefined)
  }

  function finish(how: SessionEnd, last: Frame | undefined): void {
    if (phase === 'ended') return
    phase = 'ended'
    timer()
    traffic.stop()
    channel.close(last, peerErrors.session_ended('The session ended.'))
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
    get theirs() {
      return theirs
    },
    traffic,
    get bytesIn() {
      return channel.bytesIn
    },
    get bytesOut() {
      return channel.bytesOut
    },
    get blockBytesIn() {
      return channel.blockBytesIn
    },
    rateIn: createRate(speedHalfLifeMs, startMs),
    async run() {
      if (opener) greet()
      await channel.run()
    },
    tellVersion: tellNews,
    send(frame) {
      if (phase === 'agreeing' || phase === 'active') channel.send(frame)
    },
    end,
    fail,
  }
  return session
}

function outOfOrder(kind: FrameKind): PeerhoodError {
  return peerErrors.frame_out_of_order(`A peer sent a ${kind} frame when none may come.`, { details: { kind } })
}
