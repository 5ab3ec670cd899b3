// The lab's network as shell commands: one namespace is the internet and routes between networks, each of another block of
// public addresses; every other namespace is a computer or a router. Nothing leads out of the lab. Pure.

import type { HomeKind } from './homes.ts'
import { firewallRules, type NatOptions, natRules } from './nat.ts'

export const internet = 'internet'
/** Holds the ends of all cables, between which wire.py carries what comes, later. */
export const wires = 'wires'

export interface Host {
  /** Of its namespace. */
  readonly name: string
  /** Port of its API: on its own loopback, and through a door on the lab's. */
  readonly port: number
  /** Where it is reached from outside, if it has a public address of its own. */
  readonly addresses: readonly string[]
}

export interface Home {
  readonly kind: HomeKind | 'relay'
  readonly hosts: readonly Host[]
  /** Namespace of the router that has the public address; none at a public computer. */
  readonly router: string | undefined
  /** The network that the internet routes here. */
  readonly network: number
  readonly commands: readonly string[]
  /** Cables that end in `wires`, by their number. */
  readonly cable: number
}

/** `ip netns exec` would mount things, which a user who is not root may not. */
const within = (name: string, command: string) => `nsenter --net=/run/netns/${name} ${command}`

/** Its first bytes differ too, so that whoever wants witnesses on different networks has them. */
export function publicAddress(network: number, host: number): string {
  return `${10 + network}.${network}.0.${host}`
}

export function publicAddress6(network: number, subnet: number, host: number): string {
  return `2600:${network.toString(16)}:0:${subnet.toString(16)}::${host.toString(16)}`
}

/** Where the relay of that network is. */
export function relayAddresses(network: number): string[] {
  return [publicAddress(network, 2), publicAddress6(network, 0, 2)]
}

/** A namespace without a link; IPv6 only where it is wanted, so that what has IPv4 only has nothing else. */
function namespaceCommands(name: string, options: { ip6?: boolean; routes?: boolean } = {}): string[] {
  const { ip6 = false, routes = false } = options
  const off = ip6 ? 0 : 1
  return [
    `ip netns add ${name}`,
    within(name, `sysctl -qw net.ipv6.conf.all.disable_ipv6=${off} net.ipv6.conf.default.disable_ipv6=${off}`),
    `ip -n ${name} link set lo up`,
    ...(routes ? [within(name, 'sysctl -qw net.ipv4.ip_forward=1')] : []),
    ...(routes && ip6 ? [within(name, 'sysctl -qw net.ipv6.conf.all.forwarding=1')] : []),
  ]
}

/** The internet itself, and the place where its cables are. */
export function coreCommands(): string[] {
  return [...namespaceCommands(internet, { ip6: true, routes: true }), ...namespaceCommands(wires)]
}

function addressCommands(name: string, link: string, addresses: readonly string[]): string[] {
  return [
    ...addresses.map(
      (address) => `ip -n ${name} addr add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`,
    ),
    `ip -n ${name} link set ${link} up`,
  ]
}

/** A cable from `wan` of the namespace to `up<network>` of the internet, through the wires. */
function cableCommands(name: string, network: number, families: { ip4: boolean; ip6: boolean }): string[] {
  const { ip4, ip6 } = families
  const at = (host: number) => [
    ...(ip4 ? [`${publicAddress(network, host)}/24`] : []),
    ...(ip6 ? [`${publicAddress6(network, 0, host)}/64`] : []),
  ]
  return [
    `ip link add wan netns ${name} type veth peer name near${network} netns ${wires}`,
    `ip link add far${network} netns ${wires} type veth peer name up${network} netns ${internet}`,
    `ip -n ${wires} link set near${network} up`,
    `ip -n ${wires} link set far${network} up`,
    ...addressCommands(internet, `up${network}`, at(1)),
    ...addressCommands(name, 'wan', at(2)),
    ...(ip4 ? [`ip -n ${name} route add default via ${publicAddress(network, 1)}`] : []),
    ...(ip6 ? [`ip -n ${name} route add default via ${publicAddress6(network, 0, 1)}`] : []),
  ]
}

/** Replaces or adds tables of nftables there. */
export const applyRules = (name: string, rules: string) => within(name, `nft -f - <<'RULES'\n${rules}\nRULES`)

export function relayHome(network: number, port: number): Home {
  const name = `relay-${network}`
  const addresses = relayAddresses(network)
  return {
    kind: 'relay',
    hosts: [{ name, port, addresses }],
    router: undefined,
    network,
    cable: network,
    commands: [...namespaceCommands(name, { ip6: true }), ...cableCommands(name, network, { ip4: true, ip6: true })],
  }
}

const nats: Readonly<Record<Exclude<HomeKind, 'public' | 'ip6'>, Omit<NatOptions, 'inside'>>> = {
  cone: { mapping: 'independent', filtering: 'none', udp: true },
  address: { mapping: 'independent', filtering: 'address', udp: true },
  port: { mapping: 'independent', filtering: 'port', udp: true },
  symmetric: { mapping: 'random', filtering: 'port', udp: true },
  cgnat: { mapping: 'independent', filtering: 'port', udp: true },
  short: { mapping: 'independent', filtering: 'port', udp: true },
  noudp: { mapping: 'independent', filtering: 'port', udp: false },
  lan: { mapping: 'independent', filtering: 'port', udp: true },
}

const strict: Omit<NatOptions, 'inside'> = nats.port
/** Seconds for which the router of `short` remembers what is idle. */
const shortSeconds = 20

/** The `which`th home of a kind, its hosts having ports from `port` on. */
export function homeOf(kind: HomeKind, which: number, { network, port }: { network: number; port: number }): Home {
  const base = `${kind}-${which}`
  const common = { kind, network, cable: network }
  if (kind === 'public') {
    const host = { name: base, port, addresses: [publicAddress(network, 2)] }
    const commands = [...namespaceCommands(base), ...cableCommands(base, network, { ip4: true, ip6: false })]
    return { ...common, hosts: [host], router: undefined, commands }
  }
  const names = kind === 'lan' ? [`${base}-a`, `${base}-b`] : [base]
  const hosts = names.map((name, index) => ({ name, port: port + index, addresses: [] }))
  const inner = `${base}-router`
  if (kind === 'ip6') return { ...common, hosts, router: inner, commands: ip6Commands(names, inner, network) }
  const outer = kind === 'cgnat' ? `${base}-carrier` : inner
  const lan = lanCommands(names, inner, {
    gateway: `192.168.${network}.1/24`,
    host: (n) => `192.168.${network}.${n}/24`,
  })
  const commands = [
    ...namespaceCommands(outer, { routes: true }),
    ...cableCommands(outer, network, { ip4: true, ip6: false }),
    ...(kind === 'cgnat' ? carrierCommands(outer, inner, network) : []),
    ...lan,
    applyRules(inner, natRules({ ...nats[kind], inside: `192.168.${network}.2` })),
    ...(kind === 'short' ? [shortMemory(inner)] : []),
  ]
  return { ...common, hosts, router: outer, commands }
}

function shortMemory(router: string): string {
  const names = ['nf_conntrack_udp_timeout', 'nf_conntrack_udp_timeout_stream']
  return within(router, `sysctl -qw ${names.map((name) => `net.netfilter.${name}=${shortSeconds}`).join(' ')}`)
}

/** The provider's router, and the home's own behind it. */
function carrierCommands(outer: string, inner: string, network: number): string[] {
  const between = `100.64.${network}`
  return [
    ...namespaceCommands(inner, { routes: true }),
    `ip link add wan netns ${inner} type veth peer name lan netns ${outer}`,
    ...addressCommands(outer, 'lan', [`${between}.1/24`]),
    ...addressCommands(inner, 'wan', [`${between}.2/24`]),
    `ip -n ${inner} route add default via ${between}.1`,
    applyRules(outer, natRules({ ...strict, inside: `${between}.2` })),
  ]
}

interface LanPlan {
  /** Of the router, with the length of its prefix. */
  readonly gateway: string
  readonly host: (n: number) => string
}

/** A bridge called `lan` in the router, and hosts on it. */
function lanCommands(hosts: readonly string[], router: string, { gateway, host }: LanPlan): string[] {
  const ip6 = gateway.includes(':')
  return [
    `ip -n ${router} link add lan type bridge`,
    ...addressCommands(router, 'lan', [gateway]),
    ...hosts.flatMap((name, index) => [
      ...namespaceCommands(name, { ip6 }),
      `ip link add lan netns ${name} type veth peer name to${index} netns ${router}`,
      `ip -n ${router} link set to${index} master lan up`,
      ...addressCommands(name, 'lan', [host(index + 2)]),
      `ip -n ${name} route add default via ${gateway.split('/')[0]}`,
    ]),
  ]
}

function ip6Commands(hosts: readonly string[], router: string, network: number): string[] {
  const at = (n: number) => `${publicAddress6(network, 1, n)}/64`
  return [
    ...namespaceCommands(router, { ip6: true, routes: true }),
    ...cableCommands(router, network, { ip4: false, ip6: true }),
    ...lanCommands(hosts, router, { gateway: at(1), host: at }),
    `ip -n ${internet} route add ${publicAddress6(network, 1, 0)}/64 via ${publicAddress6(network, 0, 2)}`,
    applyRules(router, firewallRules()),
  ]
}

/** The provider gives the home another address; what came and went by the one before is lost. */
export function readdressCommands({ router, network }: Home, from: number, to: number): string[] {
  const change = (act: string, host: number) => `ip -n ${router} addr ${act} ${publicAddress(network, host)}/24 dev wan`
  // Taking the address away takes the route away, too.
  return [change('del', from), change('add', to), `ip -n ${router} route add default via ${publicAddress(network, 1)}`]
}

/** What leaves the home is no faster than that. */
export function slowDownCommands({ router }: Home, mbits: number): string[] {
  return [`${within(router ?? '', 'tc')} qdisc replace dev wan root tbf rate ${mbits}mbit burst 256k latency 200ms`]
}
