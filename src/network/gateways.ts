// Finds routers that open ports and has them do it: the part of @libp2p/upnp-nat below its decisions, since the package it
// comes with speaks to routers of version 2 only, and gives no port back that a router wants named by its protocol.
//
//   search (SSDP, from each address of ours) ──► description ──► Gateway: map, renewed until `stop` takes it back
//
// Must stay true: a router is asked only for the address that it was found from (others it would refuse), and only at the
// computer that answered; after `stop` no port is open and no timer waits.

import { createSocket, type Socket } from 'node:dgram'
import { type Cancel, type Clock, deadline, type Random } from '../base/ports.ts'
import { networkErrors } from './errors.ts'
import {
  actionBody,
  type Control,
  controlOf,
  locationOf,
  refusalOf,
  searchMessage,
  searchTargets,
  textOf,
} from './gateway-wire.ts'
import { ownInterfaces } from './lan.ts'
import {
  gatewayAnswersMax,
  gatewayReplyMaxBytes,
  gatewaySearchIntervalMs,
  gatewayTimeoutMs,
  portLeaseSeconds,
  portRenewIntervalMs,
  portTriesMax,
} from './limits.ts'

export interface GatewayParts {
  readonly clock: Clock
  readonly random: Random
  /** Told what a router says to be its own address outside. */
  readonly onRouterIp?: (ip: string) => void
}

export interface PortMapping {
  readonly internalHost: string
  readonly internalPort: number
  readonly externalHost: string
  readonly externalPort: number
  readonly protocol: 'TCP'
}

export interface Gateway {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly family: 'IPv4'
  externalIp(options?: { readonly signal?: AbortSignal }): Promise<string>
  /** Throws `port_not_mapped`. Only TCP: nothing of ours listens for UDP. */
  map(port: number, host: string): Promise<PortMapping>
  /** Closes what it opened. */
  stop(options?: { readonly signal?: AbortSignal }): Promise<void>
}

export interface PortMapper {
  /** Ends with the signal. */
  findGateways(options: { readonly signal: AbortSignal }): AsyncGenerator<Gateway, void, unknown>
}

const searchGroup = '239.255.255.250'
const searchPort = 1900
/** Routers of version 1 ask for 4, which is more than any home network has between two computers. */
const searchHops = 4
const ephemeralPortMin = 49_152

// ---- HTTP

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > gatewayReplyMaxBytes) throw networkErrors.port_not_mapped('The router says too much.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

async function ask(url: URL, init: RequestInit, clock: Clock, signal: AbortSignal) {
  const late = () => networkErrors.port_not_mapped('The router does not answer.')
  const limit = deadline(clock, gatewayTimeoutMs, late, signal)
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: limit.signal })
    return { ok: response.ok, text: await readText(response) }
  } finally {
    limit.done()
  }
}

// ---- one router

class HomeRouter implements Gateway {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly family = 'IPv4'
  readonly #control: Control
  /** Our address on its network. */
  readonly #via: string
  readonly #parts: GatewayParts
  /** By the port on our side. */
  readonly #mapped = new Map<number, number>()
  readonly #over = new AbortController()
  #leaseSeconds = portLeaseSeconds
  #renewal: Cancel | undefined

  constructor(control: Control, via: string, parts: GatewayParts) {
    this.id = `${control.url.href} ${via}`
    this.host = control.url.hostname
    this.port = Number(control.url.port || 80)
    this.#control = control
    this.#via = via
    this.#parts = parts
  }

  async externalIp({ signal }: { readonly signal?: AbortSignal } = {}): Promise<string> {
    const { text } = await this.#act('GetExternalIPAddress', {}, signal)
    const ip = textOf(text, 'NewExternalIPAddress') ?? ''
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(ip))
      throw networkErrors.port_not_mapped('The router knows no address of its own.')
    this.#parts.onRouterIp?.(ip)
    return ip
  }

  async map(port: number, host: string): Promise<PortMapping> {
    if (host !== this.#via) throw networkErrors.port_not_mapped('That address is not on the network of this router.')
    const externalHost = await this.externalIp()
    const externalPort = await this.#open(port, this.#mapped.get(port) ?? port)
    this.#mapped.set(port, externalPort)
    this.#renewal ??= this.#parts.clock.after(portRenewIntervalMs, () => void this.#renew())
    return { internalHost: host, internalPort: port, externalHost, externalPort, protocol: 'TCP' }
  }

  async stop({ signal = new AbortController().signal } = {}): Promise<void> {
    this.#over.abort(networkErrors.network_stopped('The network is stopping.'))
    this.#renewal?.()
    const ports = [...this.#mapped.values()]
    this.#mapped.clear()
    const close = (port: number) =>
      this.#act('DeletePortMapping', { NewRemoteHost: '', NewExternalPort: port, NewProtocol: 'TCP' }, signal)
    await Promise.allSettled(ports.map(close))
  }

  /** A router that was restarted has forgotten; what was refused is tried again next time. */
  async #renew(): Promise<void> {
    this.#renewal = this.#parts.clock.after(portRenewIntervalMs, () => void this.#renew())
    await Promise.allSettled([...this.#mapped].map(([port, outside]) => this.#open(port, outside)))
  }

  /** The port that it opened: the wanted one, or another when somebody has that. */
  async #open(port: number, wanted: number): Promise<number> {
    let outside = wanted
    for (let tries = 0; tries < portTriesMax; tries++) {
      const { ok, text } = await this.#act('AddPortMapping', this.#mapping(port, outside))
      if (ok) return outside
      const refusal = refusalOf(text)
      if (refusal === 'other') break
      if (refusal === 'port-taken') outside = this.#anyPort()
      else this.#leaseSeconds = 0
    }
    throw networkErrors.port_not_mapped('The router refused to open a port.')
  }

  #mapping(port: number, outside: number) {
    return {
      NewRemoteHost: '',
      NewExternalPort: outside,
      NewProtocol: 'TCP',
      NewInternalPort: port,
      NewInternalClient: this.#via,
      NewEnabled: 1,
      NewPortMappingDescription: 'Peerhood',
      NewLeaseDuration: this.#leaseSeconds,
    }
  }

  #anyPort(): number {
    const [high = 0, low = 0] = this.#parts.random.bytes(2)
    return ephemeralPortMin + ((high * 256 + low) % (65_536 - ephemeralPortMin))
  }

  #act(action: string, fields: Readonly<Record<string, string | number>>, signal = this.#over.signal) {
    const { service, url } = this.#control
    const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service}#${action}"` }
    const init = { method: 'POST', headers, body: actionBody(service, action, fields) }
    return ask(url, init, this.#parts.clock, signal)
  }
}

/** The router that describes itself there, asked from our address `via`; undefined when it is none. */
export async function openRouter(location: URL, via: string, parts: GatewayParts, signal: AbortSignal) {
  try {
    const { ok, text } = await ask(location, {}, parts.clock, signal)
    const control = ok ? controlOf(text, location) : undefined
    return control === undefined ? undefined : new HomeRouter(control, via, parts)
  } catch {
    return undefined // something else that answers searches, or a router that is just starting
  }
}

// ---- finding them

function ownAddresses(): string[] {
  const outer = ownInterfaces().filter(({ family, internal }) => family === 'IPv4' && !internal)
  return outer.map(({ address }) => address)
}

/** Searches from one address until the signal ends; each answer is told once. */
function searchFrom(via: string, clock: Clock, signal: AbortSignal, onAnswer: (location: URL) => void): void {
  const seen = new Set<string>()
  const socket: Socket = createSocket('udp4')
  let again: Cancel | undefined
  const end = () => {
    again?.()
    socket.close()
  }
  const send = () => {
    for (const target of searchTargets) socket.send(searchMessage(target), searchPort, searchGroup, () => {})
    again = clock.after(gatewaySearchIntervalMs, send)
  }
  socket.on('error', () => {}) // an interface that just went away
  socket.on('message', (message, { address }) => {
    const location = locationOf(message.toString('latin1'), address)
    if (location === undefined || seen.has(location.href) || seen.size >= gatewayAnswersMax) return
    seen.add(location.href)
    onAnswer(location)
  })
  socket.bind({ address: via, port: 0 }, () => {
    if (signal.aborted) return
    socket.setMulticastTTL(searchHops)
    socket.setMulticastInterface(via)
    send()
  })
  signal.addEventListener('abort', end, { once: true })
}

export function createPortMapper(parts: GatewayParts): PortMapper {
  return {
    async *findGateways({ signal }) {
      const found: Gateway[] = []
      let wake = () => {}
      signal.addEventListener('abort', () => wake(), { once: true })
      for (const via of signal.aborted ? [] : ownAddresses()) {
        searchFrom(via, parts.clock, signal, async (location) => {
          const router = await openRouter(location, via, parts, signal)
          if (router !== undefined) found.push(router)
          wake()
        })
      }
      while (!signal.aborted) {
        yield* found.splice(0)
        if (signal.aborted || found.length > 0) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
