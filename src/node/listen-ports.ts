// Which ports "any free port" became, so that the next start takes the same ones: addresses in links that people have
// sent stay good. Kept in `ports.json`; one that another program has taken meanwhile is given up without a word.

import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { z } from 'zod'
import { defaultListen } from '../network/host.ts'
import { writeFileAtomic } from './home.ts'

const kinds = ['ip4/tcp', 'ip4/ws', 'ip4/udx', 'ip6/tcp', 'ip6/ws', 'ip6/udx'] as const
const portsSchema = z.partialRecord(z.enum(kinds), z.int().min(1).max(65_535))

/** By kind of address. */
export type ListenPorts = z.infer<typeof portsSchema>
type AddressKind = keyof ListenPorts

/** A file that is missing or damaged is no loss: then any port will do. */
export function readListenPorts(path: string): ListenPorts {
  try {
    return parseListenPorts(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}

/** None for a text that is not what we wrote. */
export function parseListenPorts(text: string): ListenPorts {
  try {
    return portsSchema.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Those that nobody else listens on now. */
export async function freePorts(ports: ListenPorts): Promise<ListenPorts> {
  const checked = await Promise.all(
    entriesOf(ports).map(async ([kind, port]) => ({ kind, port, free: await isFree(kind, port) })),
  )
  return Object.fromEntries(checked.filter(({ free }) => free).map(({ kind, port }) => [kind, port]))
}

/** The addresses to listen on, with the port 0 replaced by that of last time; a port is used once only. */
export function withPorts(listen: readonly string[], ports: ListenPorts): readonly string[] {
  const left = new Map(entriesOf(ports))
  return (listen.length > 0 ? listen : defaultListen()).map((address) => {
    const kind = kindOf(address)
    const port = left.get(kind)
    if (port === undefined || !anyPort.test(address)) return address
    left.delete(kind)
    return address.replace(anyPort, `/$1/${port}$2`)
  })
}

const anyPort = /\/(tcp|udp)\/0(\/|$)/
const ownPlace = /^\/ip[46]\/([^/]+)\/(?:tcp\/(\d+)(?:\/ws)?|udp\/(\d+)\/udx)\/p2p\/[^/]+$/

/** Remembers what `addresses` (those of the running network) tell; a router's own ports are left out. */
export function keepListenPorts(path: string, before: ListenPorts, addresses: readonly string[]): void {
  const ownIps = new Set(
    Object.values(networkInterfaces()).flatMap((entries) => entries?.map((entry) => entry.address)),
  )
  const ports: ListenPorts = { ...before }
  for (const address of addresses) {
    const [, ip, tcp, udp] = ownPlace.exec(address) ?? []
    if (ownIps.has(ip)) ports[kindOf(address)] = Number(tcp ?? udp)
  }
  if (JSON.stringify(ports) !== JSON.stringify(before)) writeFileAtomic(path, `${JSON.stringify(ports)}\n`)
}

function entriesOf(ports: ListenPorts): [AddressKind, number][] {
  return Object.entries(ports) as [AddressKind, number][]
}

function kindOf(address: string): AddressKind {
  const family = address.startsWith('/ip6/') ? 'ip6' : 'ip4'
  if (address.includes('/udp/')) return `${family}/udx`
  return `${family}/${/\/tcp\/\d+\/ws/.test(address) ? 'ws' : 'tcp'}`
}

function isFree(kind: AddressKind, port: number): Promise<boolean> {
  const isIpv6 = kind.startsWith('ip6')
  const host = isIpv6 ? '::' : '0.0.0.0'
  return kind.endsWith('/udx') ? isUdpFree(isIpv6, host, port) : isTcpFree(isIpv6, host, port)
}

function isTcpFree(ipv6Only: boolean, host: string, port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host, ipv6Only }, () => server.close(() => resolve(true)))
  })
}

function isUdpFree(ipv6Only: boolean, address: string, port: number): Promise<boolean> {
  const socket = createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only })
  return new Promise((resolve) => {
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)))
  })
}
