// What a socket over UDP is made of and does (endpoint.ts).

import type { Clock, Metrics, Random } from '../../base/ports.ts'
import type { Udx, UdxAddress, UdxStream } from './native.ts'

export interface EndpointParts {
  readonly udx: Udx
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
}

/** Somebody else's word on where our packets come from. */
export interface Observation {
  readonly by: UdxAddress
  readonly seen: UdxAddress
}

export interface EndpointEvents {
  /** A stream that somebody opened; ours until `known` is called or it ends. */
  onStream(stream: UdxStream, from: UdxAddress, known: () => void): void
  onObserved(observation: Observation): void
  /** A way has died, or a peer sees us at another address than before: other connections may be dead, too. */
  onDoubt(): void
}

/** How to reach somebody whose router lets in only what was asked for. Both sides have one at the same time. */
export interface Punch {
  /** 16 bytes that both sides know, and nobody else. */
  readonly token: Uint8Array
  /** One side greets, the other opens its router and awaits the greeting. */
  readonly role: 'greet' | 'await'
  /** Where the other one may be. */
  readonly targets: readonly UdxAddress[]
  /** Sockets to send from besides the one that listens, to the first target. None where guesses have sockets of their own. */
  readonly sockets: number
  /** Where the other one's port has to be guessed. */
  readonly guess: Guess | undefined
}

export interface Guess {
  readonly host: string
  /** In this order. */
  readonly ports: readonly number[]
  /** Each so many leave from a socket of their own; undefined: all from the one that listens. */
  readonly perSocket: number | undefined
}

/** What gets in to a socket of ours that has sent to one other only. */
export interface LetsIn {
  /** From another port of that one. */
  readonly otherPort: boolean
  readonly otherHost: boolean
}

/** A way that was found. */
export interface Opened {
  readonly stream: UdxStream
  readonly from: UdxAddress
  /** Datagrams that it took. */
  readonly sent: number
}
