// The parts of udx-native that are used, typed: one UDP socket that carries reliable, congestion-controlled streams and raw
// datagrams side by side (https://github.com/holepunchto/udx-native). It is loaded when a host is made, since it is machine
// code: where its package has none for a system, there is no such transport and everything else works.

import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'

export interface UdxAddress {
  readonly host: string
  readonly port: number
}

export interface UdxSocket {
  readonly closing: boolean
  bind(port: number, host: string): void
  /** Where it is bound; null before. */
  address(): UdxAddress | null
  /** Never throws for a place that cannot be reached; does for what is no IP address. */
  trySend(bytes: Uint8Array, port: number, host: string): void
  on(name: 'message', run: (bytes: Uint8Array, from: UdxAddress) => void): this
  /** Resolves once all its streams have ended. */
  close(): Promise<void>
}

/** A duplex of bytes. It ends with an error when the other side destroys it, or answers nothing for about 13 s. */
export interface UdxStream extends Duplex {
  readonly id: number
  readonly remoteHost: string
  readonly remotePort: number
  /** Milliseconds, smoothed. */
  readonly rtt: number
  /** Packets of this stream, in bytes. */
  readonly bytesReceived: number
  readonly bytesTransmitted: number
  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void
  /** Whether all that was written, an end included, has been acknowledged; false: it never will be. */
  flush(): Promise<boolean>
}

export type Firewall = (socket: UdxSocket, port: number, host: string) => boolean

export interface Udx {
  createSocket(options?: { readonly ipv6Only?: boolean }): UdxSocket
  /** `firewall` is told of packets for a stream that is not connected, and may connect it: true drops them, the default. */
  createStream(id: number, options?: { readonly firewall?: Firewall }): UdxStream
}

/** Undefined where the package has no machine code for this system. */
export function loadUdx(): Udx | undefined {
  try {
    const Native = createRequire(import.meta.url)('udx-native') as new () => Udx
    return new Native()
  } catch {
    return undefined
  }
}
