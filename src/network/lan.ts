// This computer's own addresses, and which others are on a network that it is on, so that they are worth dialling first.

import { BlockList } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { Clock } from '../base/ports.ts'

const refreshMs = 10_000

/** Every address that the system has given to an interface now. */
export function ownInterfaces(): readonly NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
}

function subnets(): BlockList {
  const list = new BlockList()
  for (const entry of ownInterfaces()) {
    const bits = Number(entry.cidr?.split('/')[1])
    if (Number.isInteger(bits)) list.addSubnet(entry.address, bits, entry.family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return list
}

/** `isLan(ip)`; the interfaces are read again when what is known is `refreshMs` old. */
export function createLanCheck(clock: Clock): (ip: string) => boolean {
  let known: { readonly list: BlockList; readonly atMs: number } | undefined
  return (ip) => {
    const nowMs = clock.monotonicMs()
    if (known === undefined || nowMs - known.atMs > refreshMs) known = { list: subnets(), atMs: nowMs }
    return known.list.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4')
  }
}
