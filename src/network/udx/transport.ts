// The libp2p transport over udx: dials and listens on the same UDP socket, one for IPv4 and one for IPv6, so that an
// address that a peer observes is one that others can reach. Everything above (TLS or Noise, yamux, streams) is as on TCP.

import { isIPv6 } from 'node:net'
import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type MultiaddrConnection,
  type PeerId,
  serviceCapabilities,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
  type Upgrader,
} from '@libp2p/interface'
import { getThinWaistAddresses } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { BoundedMap } from '../../base/bounded.ts'
import type { Clock, Metrics, Random } from '../../base/ports.ts'
import { scopeOfIp } from '../addresses.ts'
import { networkErrors } from '../errors.ts'
import { connectionsMax } from '../limits.ts'
import { isUdx, udxAddress, udxPlace } from './address.ts'
import { toConnection, UdxDuplex } from './connection.ts'
import { Endpoint } from './endpoint.ts'
import type { Udx, UdxAddress, UdxStream } from './native.ts'
import type { Observation, Punch } from './types.ts'

export interface UdxParts {
  readonly udx: Udx
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  onObserved(observation: Observation): void
  /** A way has died, or our own address has changed. */
  onDoubt(): void
}

interface Components {
  readonly logger: ComponentLogger
  readonly upgrader: Upgrader
}

export interface UdxTransport extends Transport {
  /** The socket that connections to this address leave from; undefined when none of its family listens. */
  endpointFor(host: string): Endpoint | undefined
  /** Whether a connection from there came about together: it does not show that strangers can reach us. */
  isPunched(remoteAddr: Multiaddr): boolean
  /** Families that a socket listens on. */
  families(): readonly Family[]
  /** Where the sockets listen; without loopback. */
  places(): readonly UdxAddress[]
  /**
   * Opens a connection to a peer behind a router, together with it. Resolves with its remote address and the datagrams that
   * it took. Throws the signal's reason, or what the upgrade throws.
   */
  punch(peerId: PeerId, family: Family, punch: Punch, signal: AbortSignal): Promise<{ from: UdxAddress; sent: number }>
}

export type Family = 4 | 6

class Udp implements UdxTransport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'peerhood-udx'
  readonly [serviceCapabilities] = ['@libp2p/transport']
  readonly #parts: UdxParts
  readonly #components: Components
  readonly #endpoints = new Map<Family, Endpoint>()
  readonly #listeners = new Set<UdpListener>()
  readonly #punched = new BoundedMap<string, true>(connectionsMax)

  constructor(parts: UdxParts, components: Components) {
    this.#parts = parts
    this.#components = components
  }

  endpointFor(host: string): Endpoint | undefined {
    return this.#endpoints.get(isIPv6(host) ? 6 : 4)
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const place = udxPlace(address)
    if (place === undefined) throw networkErrors.address_malformed('This is no address of this transport.')
    const endpoint = this.endpointFor(place.host)
    if (endpoint === undefined) throw networkErrors.peer_unreachable('This computer listens on no UDP port.')
    const stream = await endpoint.open(place, options.signal)
    const connection = this.connection(stream, address, 'outbound')
    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  isPunched(remoteAddr: Multiaddr): boolean {
    return this.#punched.has(remoteAddr.toString())
  }

  families(): readonly Family[] {
    return [...this.#endpoints.keys()]
  }

  places(): readonly UdxAddress[] {
    const places = [...this.#listeners]
      .flatMap((listener) => listener.getAddrs())
      .flatMap((address) => udxPlace(address) ?? [])
    return places.filter(({ host }) => scopeOfIp(host) !== 'loopback')
  }

  async punch(peerId: PeerId, family: Family, punch: Punch, signal: AbortSignal) {
    const endpoint = this.#endpoints.get(family)
    if (endpoint === undefined) throw networkErrors.punch_failed('This computer listens on no UDP port.')
    const { stream, from, sent } = await endpoint.punch(punch, signal)
    const address = udxAddress(from).encapsulate(`/p2p/${peerId.toString()}`)
    // Before anyone hears of the connection.
    this.#punched.set(address.toString(), true)
    const direction = punch.role === 'greet' ? 'outbound' : 'inbound'
    const connection = this.connection(stream, address, direction)
    const { upgrader } = this.#components
    try {
      if (direction === 'outbound') await upgrader.upgradeOutbound(connection, { signal })
      else await upgrader.upgradeInbound(connection, { signal })
      return { from, sent }
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  createListener(options: CreateListenerOptions): Listener {
    const listener = new UdpListener(this, options, this.#parts, this.#endpoints)
    this.#listeners.add(listener)
    return listener
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(isUdx)
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => {
      const place = udxPlace(address)
      return place !== undefined && this.endpointFor(place.host) !== undefined
    })
  }

  connection(stream: UdxStream, remoteAddr: Multiaddr, direction: 'inbound' | 'outbound'): MultiaddrConnection {
    const log = this.#components.logger.forComponent('peerhood:udx')
    return toConnection({ socket: new UdxDuplex(stream, this.#parts.clock), remoteAddr, direction, log })
  }
}

class UdpListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #transport: Udp
  readonly #options: CreateListenerOptions
  readonly #parts: UdxParts
  readonly #endpoints: Map<Family, Endpoint>
  readonly #stopping = new AbortController()
  #bound: { readonly endpoint: Endpoint; readonly address: Multiaddr; readonly family: Family } | undefined

  constructor(transport: Udp, options: CreateListenerOptions, parts: UdxParts, endpoints: Map<Family, Endpoint>) {
    super()
    this.#transport = transport
    this.#options = options
    this.#parts = parts
    this.#endpoints = endpoints
  }

  async listen(address: Multiaddr): Promise<void> {
    const place = udxPlace(address)
    if (place === undefined) throw networkErrors.address_malformed('This is no address of this transport.')
    const family = isIPv6(place.host) ? 6 : 4
    if (this.#endpoints.has(family)) throw networkErrors.listen_failed('One UDP port of each kind is enough.')
    const events = {
      onStream: (stream: UdxStream, from: UdxAddress, known: () => void) => this.#onStream(stream, from, known),
      onObserved: this.#parts.onObserved,
      onDoubt: this.#parts.onDoubt,
    }
    const endpoint = new Endpoint(this.#parts, events, { ipv6: family === 6 })
    try {
      endpoint.bind(place)
    } catch (error) {
      void endpoint.close()
      throw error
    }
    this.#endpoints.set(family, endpoint)
    this.#bound = { endpoint, address, family }
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    if (this.#bound === undefined) return []
    const { endpoint, address } = this.#bound
    return getThinWaistAddresses(address, endpoint.port).map((thin) => multiaddr(`${thin}/udx`))
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    if (this.#bound === undefined) return
    const { endpoint, family } = this.#bound
    this.#bound = undefined
    this.#stopping.abort(networkErrors.network_stopped('The network is stopping.'))
    this.#endpoints.delete(family)
    await endpoint.close()
    this.safeDispatchEvent('close')
  }

  #onStream(stream: UdxStream, from: UdxAddress, known: () => void): void {
    const connection = this.#transport.connection(stream, udxAddress(from), 'inbound')
    this.#options.upgrader
      .upgradeInbound(connection, { signal: this.#stopping.signal })
      .then(known, (error: unknown) => {
        known()
        connection.abort(error instanceof Error ? error : new Error(String(error)))
      })
  }
}

/** `made` is given the transport, which libp2p keeps to itself. */
export function udxTransport(
  parts: UdxParts,
  made: (transport: UdxTransport) => void,
): (components: Components) => UdxTransport {
  return (components) => {
    const transport = new Udp(parts, components)
    made(transport)
    return transport
  }
}
