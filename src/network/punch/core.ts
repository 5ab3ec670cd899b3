// What each side of a punch does, from what both know of their routers. Pure.
//
// A router maps our socket to one port for all destinations (endpoint-independent), or gives each destination another port
// (endpoint-dependent; RFC 4787 names both). Who asks two peers on different addresses where its packets come from knows
// which. Against a router of the second kind the port has to be guessed: its side sends from many sockets, which makes many
// mappings, the other side tries many ports, and by the birthday paradox one pair soon meets.

import { scopeOfIp } from '../addresses.ts'
import type { UdxAddress } from '../udx/native.ts'
import type { Guess, LetsIn } from '../udx/types.ts'
import { predictedMax, predictedPerSocket, predictedStepMax } from './limits.ts'

export type Mapping = 'unknown' | 'independent' | 'dependent'

/** What one side says of itself. */
export interface Side {
  readonly mapping: Mapping
  /** Where its packets were seen to come from, the last one first; for `dependent` the ports are those of others' mappings. */
  readonly seen: readonly UdxAddress[]
  /** Its own addresses, for two computers behind one router. */
  readonly own: readonly UdxAddress[]
}

/** Somebody's word on where our packets come from. */
export interface Seen {
  readonly by: UdxAddress
  readonly seen: UdxAddress
}

/** What a router asks for before it lets somebody's packets in: nothing, that we wrote to that address, or to that port of it. */
export type Filtering = 'independent' | 'address' | 'port'

export function filteringOf({ otherPort, otherHost }: LetsIn): Filtering {
  if (otherHost) return 'independent'
  return otherPort ? 'address' : 'port'
}

/** Two observers with one address between them are one: a router may keep a mapping for each address. */
export function mappingOf(observations: readonly Seen[]): Mapping {
  const byHost = new Map(observations.map(({ by, seen }) => [by.host, `${seen.host} ${seen.port}`]))
  if (byHost.size < 2) return 'unknown'
  return new Set(byHost.values()).size === 1 ? 'independent' : 'dependent'
}

export interface Plan {
  readonly targets: readonly UdxAddress[]
  readonly sockets: number
  readonly guess: Guess | undefined
}

/** What to do, or why it is hopeless: both routers give each destination another port, in no order that could be guessed. */
export function planOf(
  mine: Side,
  other: Side,
  role: 'greet' | 'await',
  sizes: { readonly sockets: number; readonly guesses: number },
  random: (below: number) => number,
): Plan | 'hopeless' {
  const isHard = (side: Side) => side.mapping === 'dependent'
  const predicted = isHard(other) ? predictPorts(other.seen) : []
  const targets = targetsOf(mine, other)
  const host = other.seen[0]?.host
  if (isHard(mine) && isHard(other)) {
    const isForeseen = predicted.length > 0 && predictPorts(mine.seen).length > 0
    if (isForeseen && host !== undefined) {
      const ports = role === 'greet' ? inRounds(predicted) : predicted
      return { targets, sockets: 0, guess: { host, ports, perSocket: predictedPerSocket } }
    }
    return isOneRouter(mine, other) ? { targets, sockets: 0, guess: undefined } : 'hopeless'
  }
  if (!isHard(other) || host === undefined)
    return { targets, sockets: isHard(mine) ? sizes.sockets : 0, guess: undefined }
  const ports = guesses(predicted, sizes.guesses, random)
  return { targets, sockets: 0, guess: { host, ports, perSocket: undefined } }
}

/** Addresses that only a home knows are tried from the same home: a stranger must not make us knock at doors of ours. */
function targetsOf(mine: Side, other: Side): UdxAddress[] {
  const isNear = mine.seen.length === 0 || isOneRouter(mine, other)
  return [...other.seen, ...other.own.filter(({ host }) => isNear || scopeOfIp(host) === 'public')]
}

/**
 * Where both routers give ports in sequence, the n-th datagram of each side leaves from the n-th port that the other one
 * foresees, and meets the other's. Others behind the routers have taken some ports meanwhile; each round supposes one more.
 */
function inRounds(predicted: readonly number[]): number[] {
  return predicted.flatMap((_, at) => predicted[at + Math.floor(at / predictedPerSocket)] ?? [])
}

function isOneRouter(a: Side, b: Side): boolean {
  return a.seen.some(({ host }) => b.seen.some((other) => other.host === host))
}

const portMin = 1_024
const portMax = 65_535

/** Ports that come next where those seen were given out in sequence; `seen` has the last one first. */
export function predictPorts(seen: readonly UdxAddress[]): number[] {
  const ports = seen.map(({ port }) => port)
  const steps = ports.slice(1).map((port, at) => (ports[at] ?? 0) - port)
  const [step] = steps
  if (steps.length < 2 || step === undefined || step === 0) return []
  const isSequence = steps.every((each) => Math.sign(each) === Math.sign(step) && Math.abs(each) <= predictedStepMax)
  if (!isSequence) return []
  const last = ports[0] ?? 0
  // Some routers give every second port; where steps differ, others have taken some between.
  const stride = steps.every((each) => each === step) ? step : Math.sign(step)
  const next = Array.from({ length: predictedMax }, (_, at) => last + stride * (at + 1))
  return next.filter((port) => port >= portMin && port <= portMax)
}

function guesses(first: readonly number[], count: number, random: (below: number) => number): number[] {
  const ports = new Set(first)
  while (ports.size < count) ports.add(portMin + random(portMax - portMin + 1))
  return [...ports]
}

/** Why bytes still go through a relay. */
export type NotDirect = 'trying' | 'udp-blocked' | 'both-dependent' | 'other-cannot' | 'failed' | 'one-family'

export const notDirectSentences: Readonly<Record<NotDirect, string>> = {
  trying: 'A direct way is being looked for.',
  'udp-blocked': 'One of the two networks lets no UDP through, so bytes go by a relay.',
  'both-dependent':
    'Both routers give every connection another port, which nobody can foresee, so bytes go by a relay. Forwarding a UDP port on one of them mends that.',
  'other-cannot': 'The other peer does not open direct ways: it may run an older version.',
  failed: 'No direct way through the routers was found; it is tried again when an address changes.',
  'one-family': 'One of the two has only IPv6 and the other one only IPv4, so bytes go by a relay that has both.',
}
