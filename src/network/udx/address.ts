// Multiaddrs of this transport: `/ip4/<address>/udp/<port>/udx` and the same with ip6. `udx` is no registered multiaddr
// protocol; its code comes from the range that multicodec keeps for private use (0x300000 to 0x3FFFFF).

import { BlockList, isIP } from 'node:net'
import { type Multiaddr, multiaddr, registry } from '@multiformats/multiaddr'
import type { UdxAddress } from './native.ts'

export const udxCode = 0x300f10
const udxName = 'udx'

/** Once for the process: multiaddrs are parsed everywhere. */
export function registerUdx(): void {
  if (!isRegistered()) registry.addProtocol({ code: udxCode, name: udxName })
}

function isRegistered(): boolean {
  try {
    return registry.getProtocol(udxCode).name === udxName
  } catch {
    return false
  }
}

registerUdx()

/** Where such an address leads; undefined for every other one. A trailing `/p2p/<id>` may follow. */
export function udxPlace(address: Multiaddr): UdxAddress | undefined {
  const [ip, udp, udx, peer, ...more] = address.getComponents()
  if (ip?.name !== 'ip4' && ip?.name !== 'ip6') return undefined
  if (udp?.name !== 'udp' || udx?.name !== udxName || more.length > 0) return undefined
  if (peer !== undefined && peer.name !== 'p2p') return undefined
  const port = Number(udp.value)
  return ip.value === undefined ? undefined : { host: ip.value, port }
}

export function isUdx(address: Multiaddr): boolean {
  return udxPlace(address) !== undefined
}

/** IPv4 inside IPv6, as a socket for both tells it, counts as IPv4. */
export function plainIp(host: string): string {
  return host.startsWith('::ffff:') && isIP(host.slice(7)) === 4 ? host.slice(7) : host
}

// This computer itself, everybody at once, and nobody (RFC 6890, RFC 5771, RFC 4291).
const nobodys = new BlockList()
nobodys.addSubnet('0.0.0.0', 8)
nobodys.addSubnet('127.0.0.0', 8)
nobodys.addSubnet('224.0.0.0', 3)
nobodys.addSubnet('::', 127, 'ipv6')
nobodys.addSubnet('ff00::', 8, 'ipv6')

/** Whether a peer that names it may be there, and nobody else. */
export function isPeersPlace({ host }: UdxAddress): boolean {
  const family = isIP(host)
  return family !== 0 && !nobodys.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

export function udxAddress({ host, port }: UdxAddress): Multiaddr {
  const ip = plainIp(host)
  return multiaddr(`/${isIP(ip) === 6 ? 'ip6' : 'ip4'}/${ip}/udp/${port}/${udxName}`)
}
