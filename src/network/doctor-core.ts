// The network's findings for `peerhood doctor`, from facts gathered by service.ts. Pure; every sentence is for a person
// who has never heard of NAT.

import { scopeOfIp } from './addresses.ts'
import type { Filtering, Mapping } from './punch/core.ts'
import { type ReachFacts, reachabilityOf } from './reachability-core.ts'
import type { DoctorCheck } from './types.ts'

export interface DoctorFacts extends ReachFacts {
  readonly running: boolean
  /** Multiaddrs that sockets listen on. */
  readonly listening: readonly string[]
  /** Own IP addresses, and those that peers outside the local network saw us come from. */
  readonly ownIps: readonly string[]
  readonly observedIps: readonly string[]
  readonly hasIpv6Address: boolean
  readonly hasPublicIpv6: boolean
  readonly mdns: boolean
  readonly lanPeers: number
  readonly upnp: 'off' | 'mapped' | 'none'
  readonly relayServer: { readonly running: boolean; readonly reservations: number }
  /** Our router as peers on the internet see it over UDP; undefined where this system has no such transport. */
  readonly udp:
    | {
        readonly mapping: Mapping
        readonly asked: number
        readonly answered: number
        readonly isOwnAddress: boolean
        readonly filtering: Filtering | undefined
        readonly keepsPort: boolean
        readonly hairpin: boolean | undefined
      }
    | undefined
  /** What routers that open ports say to be their own outside addresses. */
  readonly routerIps: readonly string[]
  readonly dht: { readonly mode: 'client' | 'server'; readonly tableSize: number }
}

type Check = (facts: DoctorFacts) => DoctorCheck

const ports: Check = ({ running, listening }) => {
  const base = { id: 'ports', title: 'Listening ports' } as const
  if (!running) return { ...base, state: 'failed', finding: 'The network is not running.', advice: 'Start Peerhood.' }
  if (listening.length === 0) {
    return {
      ...base,
      state: 'failed',
      finding: 'No port is open, so nobody can connect to this computer.',
      advice: 'Another program may hold the port: choose another with --listen /ip4/0.0.0.0/tcp/<port>.',
    }
  }
  const found = listening.map((address) => /\/(tcp|udp)\/(\d+)(\/ws)?/.exec(address))
  const names = found.flatMap((match) => {
    if (match === null) return []
    return [`${match[2]} (${match[3] === undefined ? String(match[1]).toUpperCase() : 'WebSocket'})`]
  })
  return { ...base, state: 'ok', finding: `Listening on ${[...new Set(names)].sort().join(', ')}.` }
}

const reach: Check = (facts) => {
  const { kind, sentence } = reachabilityOf(facts)
  const base = { id: 'reachability', title: 'Reachable by others', finding: sentence } as const
  if (kind === 'public') return { ...base, state: 'ok' }
  if (kind === 'unknown') {
    return { ...base, state: 'warning', advice: 'Open a link, or start with --bootstrap and another peer’s address.' }
  }
  if (kind === 'relayed') {
    return {
      ...base,
      state: 'ok',
      advice: 'For full speed from outside, forward the listening TCP port in your router.',
    }
  }
  return {
    ...base,
    state: facts.hasRemotePeers ? 'warning' : 'ok',
    advice:
      'To be reached from outside, switch on UPnP in your router or forward the listening TCP port to this computer.',
  }
}

/** RFC 6598: what providers give to homes that share one address on the internet. */
const isCarriers = (ip: string) => /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(ip)

const nat: Check = ({ ownIps, observedIps, routerIps }) => {
  const base = { id: 'nat', title: 'Address translation (NAT)' } as const
  const [inner] = [...ownIps.filter(isCarriers), ...routerIps.filter((ip) => scopeOfIp(ip) !== 'public')]
  if (inner !== undefined) {
    return {
      ...base,
      state: 'warning',
      finding: `Behind a second router, mostly the provider's (carrier-grade NAT): the first one has the address ${inner}.`,
      advice:
        'Opening a port in the first router does not help. Direct ways are still found by UDP; IPv6, or a public address from the provider, helps everybody reach this computer.',
    }
  }
  if (observedIps.length === 0) {
    return {
      ...base,
      state: 'skipped',
      finding: 'No peer outside the local network has told us how it sees this computer.',
    }
  }
  if (observedIps.every((ip) => ownIps.includes(ip))) {
    return { ...base, state: 'ok', finding: 'None: this computer has its own address on the internet.' }
  }
  const several = new Set(observedIps.filter((ip) => !ip.includes(':'))).size > 1
  return {
    ...base,
    state: 'warning',
    finding: several
      ? 'Behind NAT with changing outside addresses (often a mobile or carrier network).'
      : `Behind NAT: the internet sees this computer as ${observedIps[0]}.`,
    advice: several
      ? 'Others reach you through relays; IPv6 from your provider would help most.'
      : 'Switch on UPnP in your router or forward the listening TCP port to this computer.',
  }
}

const router: Check = ({ udp }) => {
  const base = { id: 'udp', title: 'Direct ways through routers (UDP)' } as const
  if (udp === undefined) {
    return {
      ...base,
      state: 'warning',
      finding: 'Peerhood has no UDP for this system, so peers behind routers are reached by relays.',
      advice: 'Forward the listening TCP port in the router, and others reach this computer directly.',
    }
  }
  if (udp.asked === 0) {
    return { ...base, state: 'skipped', finding: 'No peer on the internet is connected that could be asked.' }
  }
  if (udp.answered === 0) {
    return {
      ...base,
      state: 'warning',
      finding: 'UDP does not come through: no peer that was asked could answer.',
      advice: 'A firewall blocks it. Until it lets UDP out, peers behind routers are reached by relays, more slowly.',
    }
  }
  const lets = udp.filtering === undefined ? '' : ` ${filteringSentences[udp.filtering]}`
  if (udp.isOwnAddress) {
    return { ...base, state: 'ok', finding: `No router translates the address of this computer.${lets}` }
  }
  const { finding, ...kind } = routerFindings[udp.mapping]
  return {
    ...base,
    ...kind,
    finding: `${finding}${udp.keepsPort ? ' It is the same port as here.' : ''}${lets}${hairpinSentence(udp.hairpin)}`,
  }
}

const filteringSentences: Readonly<Record<Filtering, string>> = {
  independent: 'Packets from anybody get in.',
  address: 'Packets get in from computers that this one has written to.',
  port: 'Packets get in only from ports that this computer has written to.',
}

function hairpinSentence(hairpin: boolean | undefined): string {
  if (hairpin === undefined) return ''
  return hairpin
    ? ' Computers behind it reach each other at its outside address.'
    : ' Computers behind it do not reach each other at its outside address.'
}

const routerFindings: Readonly<Record<Mapping, Pick<DoctorCheck, 'state' | 'finding' | 'advice'>>> = {
  independent: {
    state: 'ok',
    finding: 'The router keeps one port for this computer, so direct ways to nearly everyone can be opened.',
  },
  dependent: {
    state: 'ok',
    finding:
      'The router gives every connection another port. Direct ways are found by trying; where the other router does the same, bytes go by a relay.',
    advice: 'Forward a UDP port in the router, or switch on UPnP there, for direct ways to everyone.',
  },
  unknown: {
    state: 'ok',
    finding:
      'UDP comes through. What the router does with ports shows when a second peer on the internet is connected.',
  },
}

const upnp: Check = (facts) => {
  const base = { id: 'upnp', title: 'Router opens a port (UPnP)' } as const
  if (facts.upnp === 'off') {
    return {
      ...base,
      state: 'skipped',
      finding: 'Switched off in the settings.',
      advice: 'Switch it on to be reached from outside.',
    }
  }
  if (facts.upnp === 'mapped') return { ...base, state: 'ok', finding: 'The router forwards a port to this computer.' }
  if (facts.isPublic) return { ...base, state: 'skipped', finding: 'Not needed: this computer is reachable already.' }
  return {
    ...base,
    state: 'warning',
    finding: 'No router answered, or it refused to open a port.',
    advice: 'Look for “UPnP” in the router’s settings, or forward the listening TCP port by hand.',
  }
}

const relays: Check = ({ relays: count, isPublic, relayServer, hasRemotePeers }) => {
  const base = { id: 'relays', title: 'Relays' } as const
  const { running, reservations } = relayServer
  const serving = running ? ` This computer relays for ${reservations} ${reservations === 1 ? 'other' : 'others'}.` : ''
  if (count > 0) {
    return {
      ...base,
      state: 'ok',
      finding: `Reachable through ${count} ${count === 1 ? 'relay' : 'relays'}.${serving}`,
    }
  }
  if (isPublic) return { ...base, state: 'ok', finding: `None needed: reachable directly.${serving}` }
  const state = hasRemotePeers ? 'warning' : 'skipped'
  return {
    ...base,
    state,
    finding: `No peer relays for this computer yet.${serving}`,
    ...(state === 'warning'
      ? { advice: 'Connect to a peer that is reachable from anywhere (--bootstrap): it can relay for you.' }
      : {}),
  }
}

const dht: Check = ({ dht: { mode, tableSize }, connected }) => {
  const base = { id: 'dht', title: 'Finding others (DHT)' } as const
  const role = mode === 'server' ? 'answers and asks' : 'asks, as others cannot reach it'
  if (tableSize > 0) {
    return {
      ...base,
      state: 'ok',
      finding: `Knows ${tableSize} ${tableSize === 1 ? 'peer' : 'peers'}; this computer ${role}.`,
    }
  }
  return {
    ...base,
    state: connected === 0 ? 'skipped' : 'warning',
    finding: connected === 0 ? 'No peer is connected yet.' : 'None of the connected peers takes part.',
    advice: 'Links work without it as long as their addresses do; a --bootstrap peer brings it back.',
  }
}

const lan: Check = ({ mdns, lanPeers }) => {
  const base = { id: 'mdns', title: 'Local network (mDNS)' } as const
  if (!mdns) return { ...base, state: 'skipped', finding: 'Switched off in the settings.' }
  if (lanPeers > 0)
    return {
      ...base,
      state: 'ok',
      finding: `Found ${lanPeers} ${lanPeers === 1 ? 'peer' : 'peers'} on the local network.`,
    }
  return {
    ...base,
    state: 'ok',
    finding: 'No other peer on the local network has been seen.',
    advice: 'If there is one: guest networks and firewalls often drop multicast (UDP port 5353).',
  }
}

const ipv6: Check = ({ hasIpv6Address, hasPublicIpv6 }) => {
  const base = { id: 'ipv6', title: 'IPv6' } as const
  if (hasPublicIpv6) return { ...base, state: 'ok', finding: 'This computer has a public IPv6 address.' }
  return {
    ...base,
    state: 'skipped',
    finding: hasIpv6Address ? 'Only local IPv6 addresses.' : 'This computer has no IPv6 address.',
    advice: 'Not needed, but with IPv6 others often reach you without a relay; ask your provider.',
  }
}

const checks: readonly Check[] = [ports, reach, nat, router, upnp, relays, dht, lan, ipv6]

export function diagnoseNetwork(facts: DoctorFacts): readonly DoctorCheck[] {
  return checks.map((check) => check(facts))
}
