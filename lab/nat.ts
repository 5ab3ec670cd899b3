// Routers as rules of nftables. Linux keeps a source port where it is free, so `masquerade` maps independently of the
// endpoint; what it translates back depends on address and port, which is the strictest filtering. Rules loosen that. Pure.

export interface NatOptions {
  /** The inside host's IPv4 address. */
  readonly inside: string
  readonly mapping: 'independent' | 'random'
  readonly filtering: 'none' | 'address' | 'port'
  readonly udp: boolean
}

/** How long `address` filtering remembers whom a port, which is the same inside and outside, wrote to; longer than any pair takes. */
const contactSeconds = 120

/**
 * New packets from outside are dropped silently (a refusal would make the mapping that a later answer needs go to another
 * port), and what the lan sends to the router's own outside address goes nowhere: no hairpin.
 */
export function natRules({ inside, mapping, filtering, udp }: NatOptions): string {
  const masquerade = mapping === 'random' ? 'masquerade random,fully-random' : 'masquerade'
  const contacted = filtering === 'address'
  return [
    'table ip home {',
    ...(contacted
      ? [
          `set contacted { type ipv4_addr . inet_service; flags dynamic,timeout; timeout ${contactSeconds}s; size 4096; }`,
        ]
      : []),
    'chain arriving { type nat hook prerouting priority dstnat',
    ...(filtering === 'none' ? [`iifname "wan" meta l4proto udp dnat to ${inside}`] : []),
    ...(contacted ? [`iifname "wan" meta l4proto udp ip saddr . udp dport @contacted dnat to ${inside}`] : []),
    '}',
    `chain leaving { type nat hook postrouting priority srcnat\noifname "wan" ${masquerade}`,
    '}',
    'chain passing { type filter hook forward priority filter; policy drop',
    ...(udp ? [] : ['meta l4proto udp drop']),
    ...(contacted ? ['iifname "lan" meta l4proto udp update @contacted { ip daddr . udp sport }'] : []),
    'iifname "lan" accept',
    'ct state established,related accept',
    'ct status dnat accept',
    '}',
    'chain own { type filter hook input priority filter; policy drop',
    'iifname "lo" accept',
    'meta l4proto icmp accept',
    '}',
    '}',
  ].join('\n')
}

/** IPv6 as homes have it: no translation, nobody gets in who was not written to. */
export function firewallRules(): string {
  return [
    'table ip6 home {',
    'chain passing { type filter hook forward priority filter; policy drop',
    'iifname "lan" accept',
    'meta l4proto ipv6-icmp accept',
    'ct state established,related accept',
    '}',
    '}',
  ].join('\n')
}

/** In the middle of the internet: drops all UDP between these networks, each way; everything passes when there are none. */
export function udpBlockRules(networks: readonly string[]): string {
  const set = `{ ${networks.join(', ')} }`
  const drops = networks.length === 0 ? [] : [`ip saddr ${set} ip daddr ${set} meta l4proto udp drop`]
  return [
    'table ip middle',
    'delete table ip middle',
    'table ip middle {',
    'chain passing { type filter hook forward priority filter',
    ...drops,
    '}',
    '}',
  ].join('\n')
}
