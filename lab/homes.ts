// The kinds of homes in the lab: what each emulates, and which pairs must reach each other directly. Pure.

/** What a router does with UDP, in the words of RFC 4787. `name`: what it is called on the command line and in the matrix. */
export const homeKinds = {
  public: 'a computer with a public address, no router',
  cone: 'endpoint-independent mapping and filtering: whoever knows the port gets in',
  address: 'endpoint-independent mapping, address-dependent filtering: only addresses that were written to get in',
  port: 'endpoint-independent mapping, port-dependent filtering: only the very address and port written to get in',
  symmetric: 'endpoint-dependent mapping with random ports, port-dependent filtering',
  cgnat: 'two routers in a row, the outer one a provider’s (100.64.0.0/10 between them)',
  short: 'like port, but what is idle for 20 seconds is forgotten',
  noudp: 'TCP outwards only; all UDP is dropped',
  ip6: 'IPv6 only, a public address behind a firewall that lets nobody in',
  lan: 'two computers in one home, behind a firewall that lets nobody in',
} as const

export type HomeKind = keyof typeof homeKinds

export const allKinds = Object.keys(homeKinds) as readonly HomeKind[]

export interface Pair {
  /** Asks. */
  readonly a: HomeKind
  /** Is asked. */
  readonly b: HomeKind
}

/** `direct`: must be. `any`: may stay on a relay, for the reason given, and must work there. */
export type Expectation = { readonly path: 'direct' } | { readonly path: 'any'; readonly because: string }

/** Which pairs must become direct: all but those that nobody could make so. */
export function expectationOf({ a, b }: Pair): Expectation {
  const has = (kind: HomeKind) => a === kind || b === kind
  if (has('ip6') && a !== b) return { path: 'any', because: 'one has IPv6 only, the other IPv4 only' }
  // TCP from behind a blocked UDP still reaches a public address.
  if (has('noudp') && !has('public')) return { path: 'any', because: 'UDP is blocked' }
  if (a === 'symmetric' && b === 'symmetric') return { path: 'any', because: 'both mappings depend on the endpoint' }
  return { path: 'direct' }
}

/** Each two kinds once, a kind with itself too. Of `lan` only the two within one home: towards others it is `port`. */
export function allPairs(kinds: readonly HomeKind[] = allKinds): Pair[] {
  const others = kinds.filter((kind) => kind !== 'lan')
  const pairs = others.flatMap((b, index) => others.slice(0, index + 1).map((a) => ({ a, b })))
  return kinds.includes('lan') ? [...pairs, { a: 'lan', b: 'lan' }] : pairs
}

/** `cone,port` → that pair; `cone` → all pairs with it. Throws for what is no kind. */
export function parsePair(text: string): Pair[] {
  const kinds = text.split(',').map((name) => {
    if (!Object.hasOwn(homeKinds, name)) throw new Error(`No such home: ${name}. There are: ${allKinds.join(', ')}.`)
    return name as HomeKind
  })
  const [a, b] = kinds
  if (a === undefined || kinds.length > 2) throw new Error(`${text} is no pair: write two homes, as in cone,port.`)
  if (b === undefined) return allPairs().filter((pair) => pair.a === a || pair.b === a)
  if (a !== b && (a === 'lan' || b === 'lan')) throw new Error('lan pairs with itself only; towards others it is port.')
  return [{ a, b }]
}
