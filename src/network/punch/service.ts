// From a relayed connection to a direct one: both peers say over the relay where their packets come from and what their
// routers do, then send at the same moment (DCUtR's timing: https://github.com/libp2p/specs/blob/master/relay/DCUtR.md).
//
//   who connected by the relay                 the other one
//   asks observers, offer(token, side)  ──►    asks observers
//                                       ◄──    offer(token, side)
//   start                               ──►    sends
//   half a round trip later, sends
//
// Must stay true: packets go only where the other peer itself said, just now, that it is, and never more of them than the
// limits say; whatever fails leaves the relayed connection as it was.

import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { BoundedMap, TokenBucket } from '../../base/bounded.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import type { PeerhoodError } from '../../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics, type Random, sleep } from '../../base/ports.ts'
import { networkErrors, toConnectError, toStreamError } from '../errors.ts'
import type { Host } from '../host.ts'
import { knownPeersMax } from '../limits.ts'
import { punchProtocol } from '../protocol.ts'
import type { PeerId } from '../types.ts'
import { isPeersPlace } from '../udx/address.ts'
import { encodeSeen, tokenBytes } from '../udx/datagram-wire.ts'
import { guessesMax, punchSockets } from '../udx/limits.ts'
import type { UdxAddress } from '../udx/native.ts'
import type { Family, UdxTransport } from '../udx/transport.ts'
import {
  type Filtering,
  filteringOf,
  type Mapping,
  mappingOf,
  type NotDirect,
  notDirectSentences,
  type Plan,
  planOf,
  type Seen,
  type Side,
} from './core.ts'
import * as limits from './limits.ts'
import { talkOn } from './talk.ts'
import { checkStart, decodeOffer, encodeOffer, type Offer, start } from './wire.ts'

export interface PunchParts {
  readonly host: Host
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Where peers on the internet can be asked, other than this one; nearest first. */
  readonly observers: (but?: PeerId) => readonly UdxAddress[]
  /** What keeps a peer on its relay has changed. */
  readonly changed: (peerId: PeerId) => void
}

/** What our router does, by the word of peers on the internet. */
export interface Look {
  readonly mapping: Mapping
  readonly asked: number
  readonly answered: number
  /** They see an address of this very computer. */
  readonly isOwnAddress: boolean
  /** What gets in; undefined with fewer than two to ask. */
  readonly filtering: Filtering | undefined
  /** Others see the port that we send from. */
  readonly keepsPort: boolean
  /** Whether two computers behind the router reach each other by its outside address; undefined where nobody answered. */
  readonly hairpin: boolean | undefined
}

export interface Puncher {
  start(transport: UdxTransport): Promise<void>
  /** A connection by a relay has opened, or is all that is left. */
  relayed(peerId: PeerId): void
  /** Why a peer's bytes go by a relay; undefined: nothing was tried. */
  reason(peerId: PeerId): NotDirect | undefined
  /** Whether a connection came about together: it does not show that strangers can reach us. */
  isPunched(connection: Connection): boolean
  /** Asks peers on the internet what our router does; undefined without UDP. Throws `network_stopped`. */
  look(): Promise<Look | undefined>
  /** Our addresses or our network changed: what failed may work now. */
  again(): void
  stop(): void
}

const families: readonly Family[] = [4, 6]

class HolePuncher implements Puncher {
  readonly #parts: PunchParts
  readonly #reasons = new BoundedMap<PeerId, NotDirect>(knownPeersMax)
  readonly #asked = new BoundedMap<PeerId, TokenBucket>(knownPeersMax)
  readonly #guessed = new BoundedMap<string, TokenBucket>(knownPeersMax)
  /** Peers on relays, each with its next try, or `undefined` while one runs. */
  readonly #looking = new Map<PeerId, Cancel | undefined>()
  /** Peers whose network changed while a try ran: what that one says of pauses is out of date. */
  readonly #changed = new Set<PeerId>()
  readonly #stopped = new AbortController()
  #transport: UdxTransport | undefined
  #running = 0

  constructor(parts: PunchParts) {
    this.#parts = parts
  }

  async start(transport: UdxTransport): Promise<void> {
    this.#transport = transport
    await this.#parts.host.handle(punchProtocol, (stream, connection) => this.#onStream(stream, connection), {
      maxInboundStreams: 2,
      runOnLimitedConnection: true,
    })
  }

  relayed(peerId: PeerId): void {
    if (this.#transport === undefined || this.#relayTo(peerId) === undefined) return
    this.#anew(peerId)
  }

  reason(peerId: PeerId): NotDirect | undefined {
    return this.#reasons.get(peerId)
  }

  isPunched({ remoteAddr }: Connection): boolean {
    return this.#transport?.isPunched(remoteAddr) === true
  }

  async look(): Promise<Look | undefined> {
    const transport = this.#transport
    if (transport === undefined) return undefined
    const observers = await this.#someObservers(undefined, this.#stopped.signal)
    const seen = await this.#askAll(observers, this.#stopped.signal)
    const own = new Set(transport.places().map(hostOf))
    const isOwnAddress = seen.length > 0 && seen.every((each) => own.has(hostOf(each.seen)))
    // With IPv6 alone, what that one's router does.
    const alike = seen.some(isByIpv4) ? seen.filter(isByIpv4) : seen
    const [first, second] = alike
    const endpoint = first === undefined ? undefined : transport.endpointFor(first.by.host)
    const patient = <T>(run: (signal: AbortSignal) => Promise<T>) =>
      this.#within(2 * limits.askTimeoutMs, run).catch(() => undefined)
    const [letsIn, hairpin] = await Promise.all([
      first && second && patient(async (signal) => endpoint?.lookIn(first.by, second.by, signal)),
      first && patient(async (signal) => endpoint?.hairpins(first.by, signal)),
    ])
    return {
      mapping: mappingOf(alike),
      asked: observers.length,
      answered: seen.length,
      isOwnAddress,
      filtering: letsIn && filteringOf(letsIn),
      keepsPort: first !== undefined && alike.every((each) => each.seen.port === endpoint?.port),
      hairpin,
    }
  }

  again(): void {
    const relayed = this.#parts.host.getConnections().filter(({ direct }) => !direct)
    for (const peerId of new Set(relayed.map(({ remotePeer }) => remotePeer.toString() as PeerId))) this.relayed(peerId)
  }

  stop(): void {
    this.#stopped.abort(networkErrors.network_stopped('The network is stopping.'))
    for (const cancel of this.#looking.values()) cancel?.()
    this.#looking.clear()
  }

  // ---- the side that connected

  #anew(peerId: PeerId): void {
    const isRunning = this.#looking.has(peerId) && this.#looking.get(peerId) === undefined
    if (isRunning) this.#changed.add(peerId)
    else this.#schedule(peerId, 0, 0)
  }

  #schedule(peerId: PeerId, tries: number, pauseMs: number): void {
    this.#looking.get(peerId)?.()
    this.#looking.set(
      peerId,
      this.#parts.clock.after(pauseMs, () => void this.#try(peerId, tries)),
    )
  }

  /** The connection to say it over; undefined where there is no need any more, or it is for the other side to begin. */
  #relayTo(peerId: PeerId): Connection | undefined {
    const open = this.#parts.host.getConnections(peerIdFromString(peerId)).filter(({ status }) => status === 'open')
    if (open.some(({ direct }) => direct)) return undefined
    return open.find(({ direction }) => direction === 'outbound')
  }

  async #try(peerId: PeerId, tries: number): Promise<void> {
    const connection = this.#relayTo(peerId)
    if (this.#stopped.signal.aborted || connection === undefined) {
      this.#looking.delete(peerId)
      return
    }
    if (this.#running >= limits.punchesMax) {
      this.#schedule(peerId, tries, limits.punchPausesMs[0] ?? 0)
      return
    }
    this.#looking.set(peerId, undefined)
    if (tries === 0) this.#because(peerId, 'trying')
    try {
      await this.#within(limits.answerTimeoutMs + limits.punchTimeoutMs, (signal) => this.#offer(connection, signal))
      this.#reasons.delete(peerId)
      this.#ended(peerId, undefined)
    } catch (error) {
      this.#failed(peerId, tries, error)
    }
  }

  #failed(peerId: PeerId, tries: number, error: unknown): void {
    if (this.#stopped.signal.aborted) return
    const why = whyOf(error)
    const { code, message } = toPunchError(error, peerId)
    this.#parts.log.debug('punch_failed', { peerId, code, message, tries })
    const pauseMs = limits.punchPausesMs[Math.min(tries, limits.punchPausesMs.length - 1)]
    const mayWorkLater = pauseMs !== undefined && (why === 'failed' || why === 'udp-blocked')
    if (this.#relayTo(peerId) !== undefined) this.#because(peerId, why)
    this.#ended(peerId, mayWorkLater ? { tries: tries + 1, pauseMs } : undefined)
  }

  #ended(peerId: PeerId, next: { readonly tries: number; readonly pauseMs: number } | undefined): void {
    this.#looking.delete(peerId)
    const hasChanged = this.#changed.delete(peerId)
    const then = hasChanged ? { tries: 0, pauseMs: 0 } : next
    if (then !== undefined && this.#relayTo(peerId) !== undefined) this.#schedule(peerId, then.tries, then.pauseMs)
  }

  #because(peerId: PeerId, why: NotDirect): void {
    if (this.#reasons.get(peerId) === why) return
    this.#reasons.set(peerId, why)
    this.#parts.changed(peerId)
  }

  async #offer(connection: Connection, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts
    const token = random.bytes(tokenBytes)
    const peerId = connection.remotePeer.toString() as PeerId
    const [mine, stream] = await Promise.all([
      this.#side(peerId, signal),
      connection.newStream(punchProtocol, { signal, runOnLimitedConnection: true }),
    ])
    const talk = talkOn(stream)
    try {
      const sentMs = clock.monotonicMs()
      await talk.write(encodeOffer({ token, ...mine }), signal)
      const other = decodeOffer(await talk.read(signal))
      if (!equalBytes(other.token, token)) throw networkErrors.punch_malformed('An answer is to another offer.')
      const roundTripMs = clock.monotonicMs() - sentMs
      await talk.write(start, signal)
      await sleep(clock, roundTripMs / 2, { signal })
      await this.#punch(connection, 'greet', mine, other)
    } finally {
      stream.close().catch(() => {})
    }
  }

  // ---- the other side

  async #onStream(stream: Stream, connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString() as PeerId
    try {
      if (!this.#mayAsk(peerId) || this.#running >= limits.punchesMax) {
        throw networkErrors.punch_failed('Too many direct ways are looked for at once.')
      }
      await this.#within(limits.answerTimeoutMs + limits.punchTimeoutMs, (signal) =>
        this.#answer(stream, connection, signal),
      )
      stream.close().catch(() => {})
      this.#reasons.delete(peerId)
    } catch (error) {
      const failure = toPunchError(error, peerId)
      this.#parts.log.debug('punch_failed', { peerId, code: failure.code, message: failure.message })
      stream.abort(failure)
      this.#because(peerId, whyOf(error))
    }
  }

  #mayAsk(peerId: PeerId): boolean {
    return this.#take(this.#asked, peerId, limits.punchesPerMinute)
  }

  #maySend({ targets, sockets, guess }: Plan): boolean {
    const host = guess?.host ?? targets[0]?.host ?? ''
    const isMuch = sockets > 0 || guess !== undefined
    return !isMuch || this.#take(this.#guessed, host, limits.guessesPerHostPerMinute)
  }

  #take<Key>(buckets: BoundedMap<Key, TokenBucket>, key: Key, burst: number): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    const bucket = buckets.get(key) ?? new TokenBucket({ perSecond: burst / 60, burst, nowMs })
    buckets.set(key, bucket)
    return bucket.take(nowMs)
  }

  async #answer(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void> {
    const talk = talkOn(stream)
    const [offer, mine] = await Promise.all([
      talk.read(signal),
      this.#side(connection.remotePeer.toString() as PeerId, signal),
    ])
    const other = decodeOffer(offer)
    await talk.write(encodeOffer({ ...mine, token: other.token }), signal)
    checkStart(await talk.read(signal))
    await this.#punch(connection, 'await', mine, other)
  }

  // ---- both

  /** What we say of ourselves: asked anew each time, since a router forgets, and gives other ports. */
  async #side(but: PeerId, signal: AbortSignal): Promise<Side> {
    const transport = this.#transport
    if (transport === undefined) throw networkErrors.punch_failed('This computer listens on no UDP port.')
    const observers = await this.#someObservers(but, signal)
    const seen = await this.#askAll(observers, signal)
    const mapping = mappingOf(seen.filter(isByIpv4))
    this.#parts.log.debug('punch_seen', { observers: observers.length, seen: seen.length, mapping })
    const places = new Map(seen.map((each) => [`${each.seen.host} ${each.seen.port}`, each.seen]))
    return {
      mapping,
      seen: [...places.values()].reverse().slice(0, limits.addressesMax),
      own: transport.places().slice(0, limits.addressesMax),
    }
  }

  #observers(but?: PeerId): readonly UdxAddress[] {
    const own = this.#transport?.places() ?? []
    const canAsk = (address: UdxAddress) => own.some((place) => isIpv6(place) === isIpv6(address))
    return this.#parts.observers(but).filter(canAsk).slice(0, limits.observersMax)
  }

  /** Right after a start peers are connected that have not yet said where they listen: two tell what the router does. */
  async #someObservers(but: PeerId | undefined, signal: AbortSignal): Promise<readonly UdxAddress[]> {
    for (let looks = 0; looks < limits.observerLooksMax; looks++) {
      if (this.#observers(but).length > 1) break
      await sleep(this.#parts.clock, limits.observerLookMs, { signal })
    }
    return this.#observers(but)
  }

  /** Those that answer in time, in the order of asking: ports in sequence show by it. */
  async #askAll(observers: readonly UdxAddress[], signal: AbortSignal): Promise<Seen[]> {
    const ask = async (by: UdxAddress): Promise<Seen | undefined> => {
      const endpoint = this.#transport?.endpointFor(by.host)
      const seen = await this.#within(limits.askTimeoutMs, async (limit) =>
        endpoint?.ask(by, AbortSignal.any([signal, limit])),
      ).catch(() => undefined)
      return seen === undefined ? undefined : { by, seen }
    }
    const answers = await Promise.all(observers.map(ask))
    signal.throwIfAborted()
    return answers.filter((answer) => answer !== undefined)
  }

  async #punch(connection: Connection, role: 'greet' | 'await', mine: Side, other: Offer): Promise<void> {
    const { metrics, log } = this.#parts
    const { remotePeer } = connection
    const peerId = remotePeer.toString() as PeerId
    this.#running += 1
    const startedMs = this.#parts.clock.monotonicMs()
    try {
      const { from, sent } = await this.#within(limits.punchTimeoutMs, (signal) =>
        this.#race(connection, role, mine, other, signal),
      )
      const ms = Math.round(this.#parts.clock.monotonicMs() - startedMs)
      metrics.count('network_punches', 1, { outcome: 'opened', role })
      log.info('punch_opened', {
        peerId,
        role,
        sent,
        ms,
        mapping: mine.mapping,
        theirs: other.mapping,
        port: from.port,
      })
    } catch (error) {
      metrics.count('network_punches', 1, { outcome: 'failed', role })
      throw error
    } finally {
      this.#running -= 1
    }
  }

  /** By IPv4 and IPv6 at once, where both sides have them; the first one wins. */
  async #race(connection: Connection, role: 'greet' | 'await', mine: Side, other: Offer, signal: AbortSignal) {
    const transport = this.#transport
    if (transport === undefined) throw networkErrors.punch_failed('This computer listens on no UDP port.')
    const won = new AbortController()
    const any = AbortSignal.any([signal, won.signal])
    const plans = families
      .filter((family) => transport.families().includes(family))
      .map((family) => ({ family, plan: this.#plan(role, sideOf(mine, family), sideOf(other, family)) }))
    const isUdpBlocked = mine.seen.length === 0 || other.seen.length === 0
    const ways = plans.flatMap(({ family, plan }) => {
      if (plan === 'hopeless' || plan.targets.length === 0 || !this.#maySend(plan)) return []
      return [transport.punch(connection.remotePeer, family, { ...plan, role, token: other.token }, any)]
    })
    if (ways.length === 0) {
      if (plans.some(({ plan }) => plan !== 'hopeless' && plan.targets.length > 0)) throw new NoWay('failed')
      const isHopeless = plans.some(({ plan }) => plan === 'hopeless')
      throw new NoWay(isHopeless ? 'both-dependent' : isUdpBlocked ? 'udp-blocked' : 'one-family')
    }
    try {
      return await Promise.any(ways)
    } catch {
      throw new NoWay(isUdpBlocked ? 'udp-blocked' : 'failed')
    } finally {
      // The greeter chooses: what is faster here may be what it lets go of.
      const graceMs = role === 'greet' || ways.length < 2 ? 0 : limits.choiceGraceMs
      const isOver =
        graceMs === 0 ? Promise.resolve() : sleep(this.#parts.clock, graceMs, { signal: this.#stopped.signal })
      void isOver.catch(() => {}).then(() => won.abort(networkErrors.punch_failed('Another way was faster.')))
    }
  }

  #plan(role: 'greet' | 'await', mine: Side, other: Side) {
    const sizes = { sockets: punchSockets, guesses: guessesMax }
    return planOf(mine, other, role, sizes, (below) => {
      const [high = 0, low = 0] = this.#parts.random.bytes(2)
      return (high * 256 + low) % below
    })
  }

  async #within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = () => networkErrors.punch_failed('No packet came through in time.')
    const limit = deadline(this.#parts.clock, ms, late, this.#stopped.signal)
    try {
      return await run(limit.signal)
    } finally {
      limit.done()
    }
  }
}

/** Why a try was for nothing. */
class NoWay extends Error {
  readonly why: NotDirect

  constructor(why: NotDirect) {
    super(why)
    this.why = why
  }
}

function whyOf(error: unknown): NotDirect {
  if (error instanceof NoWay) return error.why
  return error instanceof Error && error.name === 'UnsupportedProtocolError' ? 'other-cannot' : 'failed'
}

function toPunchError(error: unknown, peerId: PeerId): PeerhoodError {
  if (error instanceof NoWay) return networkErrors.punch_failed(notDirectSentences[error.why])
  return whyOf(error) === 'other-cannot' ? toConnectError(error, peerId) : toStreamError(error)
}

/** IPv6 has many spellings. */
const hostOf = ({ host }: UdxAddress) => toHex(encodeSeen({ host, port: 1 }))

const isByIpv4 = ({ by }: Seen) => !by.host.includes(':')

const isIpv6 = ({ host }: UdxAddress) => host.includes(':')

function sideOf({ mapping, seen, own }: Side, family: Family): Side {
  const ofFamily = (address: UdxAddress) => isIpv6(address) === (family === 6) && isPeersPlace(address)
  // With IPv6 routers filter, and hardly ever translate.
  return { mapping: family === 6 ? 'independent' : mapping, seen: seen.filter(ofFamily), own: own.filter(ofFamily) }
}

export function createPuncher(parts: PunchParts): Puncher {
  return new HolePuncher(parts)
}
