// What sessions, the shares they belong to and the service see of each other.

import type { Clock } from '../base/ports.ts'
import type { AccessKey } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import type { PeerId } from '../network/types.ts'
import type { Rate } from './rate.ts'
import type { Traffic } from './traffic.ts'
import type { ServeBudget } from './upload.ts'
import type { KnownVersion, Version } from './version.ts'
import type { Frame, FrameKind, Refusal } from './wire.ts'

export interface Session {
  readonly key: number
  readonly peerId: PeerId
  /** Whether we opened the stream. */
  readonly opener: boolean
  /** Its bytes go through a relay. */
  readonly isRelayed: boolean
  readonly phase: 'greeting' | 'agreeing' | 'active' | 'ended'
  /** The version that the peer told; undefined before. */
  readonly theirs: Version | undefined
  readonly traffic: Traffic
  readonly bytesIn: number
  readonly bytesOut: number
  /** Block bytes received, parts included. */
  readonly blockBytesIn: number
  readonly rateIn: Rate
  /** Runs until the session ends; never rejects. */
  run(): Promise<void>
  /** Our version became known. */
  tellVersion(): void
  /** Sends a frame once the peer has proven itself; before that, nothing. */
  send(frame: Frame): void
  /** Ends it with a reason that the peer is told. */
  end(refusal: Refusal): void
  /** Ends it because of what the peer did. */
  fail(error: unknown): void
}

/** How a session ended. By us with an error: the peer broke the protocol or the stream broke. */
export interface SessionEnd {
  readonly by: 'us' | 'peer'
  readonly refusal: Refusal | undefined
  readonly error: unknown
}

/** What a session asks of the share it belongs to. Whatever these throw is the peer's fault and ends the session. */
export interface SessionPort {
  readonly discovery: Uint8Array
  readonly access: AccessKey
  /** The version we speak of; undefined: none yet. */
  readonly version: KnownVersion | undefined
  /** The peer has proven that it may ask; a refusal ends the session. */
  greeted(session: Session): Refusal | undefined
  /** A record newer than ours, unchecked. */
  record(session: Session, bytes: Uint8Array): void
  /** Both sides are on one version. */
  active(session: Session): void
  /** See `FramePolicy.admit`; in the active phase only. */
  admit(session: Session, kind: FrameKind, length: number, index: number | undefined): 'keep' | 'skip'
  accept(session: Session, frame: Frame): void
  /** All frames of one chunk have been accepted. */
  flushed(session: Session): void
  ended(session: Session, how: SessionEnd): void
}

export interface SessionParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly serveBudget: ServeBudget
  readonly blockBuffers: BlockBuffers
  nextKey(): number
  /** Called once, before the port's `ended`. */
  ended(session: Session, how: SessionEnd): void
}
