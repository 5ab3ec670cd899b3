// A seeded world of validators: first everything that a plan says goes wrong, with every check at every step; then all is well
// again, and the chain has to move within a bounded time, then to fall silent.

import { isPeerhoodError } from '../../../src/base/errors.ts'
import type { Ballot, Message } from '../../../src/ledger/consensus/types.ts'
import { voteDigest } from '../../../src/ledger/consensus/vote-wire.ts'
import { decodeMessage, encodeMessage } from '../../../src/ledger/consensus/wire.ts'
import type { Address, Hash, ValidatorSet } from '../../../src/ledger/types.ts'
import { createVirtualClock } from '../clock.ts'
import { createRandom } from '../random.ts'
import { Broken, Journal } from './journal.ts'
import { cheapKeys, type Keys } from './keys.ts'
import { createLiar, type Liar } from './liar.ts'
import { SimNode } from './node.ts'
import { type Fault, faultsBorne, type Plan } from './plan.ts'
import { decodeBlock } from './toy-chain.ts'

export interface Outcome {
  /** What was found wrong, if anything. */
  readonly broken: string | undefined
  readonly events: number
  readonly heights: number
  readonly epochs: number
  readonly evidences: number
  /** From healing to the last of what was asked for being final everywhere, in Δ. */
  readonly healDelays: number
}

/** Progress after healing, in Δ: a few leaders that lie or have to catch up, each with the longest timeout (24 Δ). */
export const healDelaysMax = 400
const eventsMax = 150_000
export const genesisHash = `0x${'5e'.repeat(32)}` as Hash

export interface Choices {
  readonly mutations?: ReadonlySet<string>
  readonly keys?: (count: number) => Keys
}

export function runWorld(plan: Plan, { mutations = new Set(), keys = cheapKeys }: Choices = {}): Outcome {
  const total = plan.validators + plan.spares
  const world = createWorld(plan, mutations, keys(total))
  let broken: string | undefined
  try {
    world.chaos()
    world.heal()
    world.idle()
  } catch (error) {
    const isExpected = error instanceof Broken || (error instanceof Error && error.message.startsWith('CHECK'))
    if (!isExpected) throw error
    broken = error.message
  }
  return world.outcome(broken)
}

function createWorld(plan: Plan, mutations: ReadonlySet<string>, keys: Keys) {
  const clock = createVirtualClock()
  const random = createRandom(`world/${plan.seed}`)
  const firstSet: ValidatorSet = { epoch: 0, validators: keys.addresses.slice(0, plan.validators) }
  const { recover } = keys
  const digestOf = rememberDigests((ballot) => voteDigest(genesisHash, ballot))
  // What a fault leads to is to be found, not the fault itself.
  const checkEvery = mutations.size > 0 ? 0 : 10
  const journal = new Journal({ firstSet, genesisHash, recover, checkEvery })
  const wanted = new Set<string>()
  const liarOf = new Map<Address, Liar>()
  let events = 0
  let asked = 0
  let isHealed = false
  let isQuiet = false
  let loss = plan.loss
  let extraMs = 0
  let side: number | undefined

  const nodes: readonly SimNode[] = keys.addresses.map(
    (address) => new SimNode(nodeWorld(address), address, keys.signOf(address)),
  )
  const nodeOf = new Map(nodes.map((node) => [node.address, node]))
  const placeOf = new Map(keys.addresses.map((address, at) => [address, at]))
  for (const { who, lies } of plan.liars) {
    const node = nodes[who]
    if (node === undefined) continue
    journal.liars.add(node.address)
    const liar = createLiar({
      address: node.address,
      lies,
      sign: keys.signOf(node.address),
      digestOf,
      random: random.fork(`liar/${who}`),
      placeIn: (epoch) => placeIn(epoch, node.address),
      validators: () => journal.set.validators.filter((address) => address !== node.address),
      send: (to, message) => deliver(node, to, message),
    })
    node.tongue = liar
    liarOf.set(node.address, liar)
  }
  const honest = nodes.filter(({ tongue }) => tongue === undefined)

  function placeIn(epoch: number, address: Address): number | undefined {
    if (journal.set.epoch !== epoch && firstSet.epoch !== epoch) return undefined
    const set = journal.set.epoch === epoch ? journal.set : firstSet
    const place = set.validators.indexOf(address)
    return place < 0 ? undefined : place
  }

  function nodeWorld(address: Address) {
    return {
      journal,
      random: random.fork(address),
      mutations,
      recover,
      firstSet,
      isWire: plan.isWire,
      chainMs: plan.chainMs,
      options: { genesisHash, delayMs: plan.delayMs, blockTimeMs: plan.blockTimeMs },
      testing: { mutations, digestOf },
      nowMs: () => clock.monotonicMs(),
      after: (delayMs: number, run: () => void) => {
        clock.after(delayMs, run)
      },
      send: deliver,
      finalsOf: (peer: Address) => {
        const node = nodeOf.get(peer)
        return node?.isUp === true && node.tongue === undefined ? node.finals : []
      },
    }
  }

  // ---- network

  function deliver(from: SimNode, to: Address, message: Message): void {
    const target = nodeOf.get(to)
    if (target === undefined || target === from || isCut(from.address, to)) return
    if (random.uniform() < loss) return
    const carried = plan.isWire ? wired(message) : message
    if (carried === undefined) return
    const copies = random.uniform() < plan.duplicate ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const delayMs = 5 + 25 * random.uniform() + (extraMs === 0 ? 0 : extraMs * random.uniform())
      clock.after(delayMs, () => {
        events++
        if (!target.isUp || isCut(from.address, to)) return
        if (from.tongue === undefined) liarOf.get(to)?.hear(from.address, carried)
        target.input({ kind: 'message', from: from.address, message: carried })
      })
    }
  }

  function wired(message: Message): Message | undefined {
    try {
      return decodeMessage(encodeMessage(message), decodeBlock)
    } catch (error) {
      if (isPeerhoodError(error) && error.code === 'consensus_message_malformed') return undefined
      throw error
    }
  }

  function isCut(from: Address, to: Address): boolean {
    if (side === undefined) return false
    const bit = (address: Address) => ((side ?? 0) >> (placeOf.get(address) ?? 0)) & 1
    return bit(from) !== bit(to)
  }

  // ---- what people want

  function ask(name = `t${++asked}`): void {
    wanted.add(name)
    spread(name, plan.gossip)
  }

  function spread(name: string, chance: number): void {
    // Somebody always has it.
    const first = random.below(nodes.length)
    nodes.forEach((node, at) => {
      if (at === first || random.uniform() < chance) clock.after(random.uniform() * 20, () => node.take(name))
    })
  }

  function askOften(): void {
    if (isHealed) return
    if (!isQuiet) ask()
    clock.after(plan.everyMs * 2 * random.uniform(), askOften)
  }

  function changeSet(drop: number, add: number): void {
    const now = journal.set.validators
    const candidates = now.filter((address) => placeOf.get(address) !== drop)
    const added = keys.addresses[add]
    const next = added !== undefined && !candidates.includes(added) ? [...candidates, added].sort() : candidates
    const liars = next.filter((address) => journal.liars.has(address)).length
    if (next.length === 0 || liars > faultsBorne(next.length)) return
    ask(`set:${next.join(',')}.${++asked}`)
  }

  // ---- what goes wrong

  function restart(node: SimNode, delayMs: number, mustConfirm = false): void {
    clock.after(delayMs, () => {
      if (node.isUp) return
      node.start(mustConfirm)
      meet(node)
    })
  }

  /** Streams are open again. */
  function meet(node: SimNode): void {
    for (const other of nodes) {
      if (other === node || !other.isUp || !node.isUp) continue
      if (random.uniform() < 0.5) node.input({ kind: 'met', peer: other.address })
      if (random.uniform() < 0.5) other.input({ kind: 'met', peer: node.address })
    }
  }

  function down(node: SimNode | undefined, forMs: number): void {
    if (node?.isUp !== true) return
    node.crash()
    restart(node, forMs)
  }

  function begin(fault: Fault): void {
    const end = (run: () => void) => clock.after('forMs' in fault ? fault.forMs : 0, run)
    switch (fault.kind) {
      case 'crash':
      case 'crash-at-end': {
        const node = nodes[fault.who]
        if (node?.isUp !== true) return
        if (fault.kind === 'crash') node.crashAfter = fault.effects
        else node.crashAtEnd = fault.effects
        node.onCrash = () => {
          node.onCrash = () => {}
          restart(node, fault.forMs)
        }
        return
      }
      case 'crash-all':
        for (const node of nodes) down(node, fault.forMs * (0.5 + random.uniform()))
        return
      case 'restore':
        restore(nodes[fault.who], fault.forMs)
        return
      case 'restore-many':
        for (const node of nodes.slice(0, fault.count)) rewind(node, fault.forMs)
        return
      case 'split':
        side = fault.side
        end(() => {
          side = undefined
        })
        return
      case 'lossy':
        loss = fault.loss
        end(() => {
          loss = plan.loss
        })
        return
      case 'slow':
        extraMs = fault.extraMs
        end(() => {
          extraMs = 0
        })
        return
      case 'slow-disk': {
        const node = nodes[fault.who]
        if (node === undefined) return
        node.diskMs = fault.extraMs
        end(() => {
          node.diskMs = 1
        })
        return
      }
      case 'quiet':
        isQuiet = true
        end(() => {
          isQuiet = false
        })
        return
      case 'change-set':
        changeSet(fault.drop, fault.add)
    }
  }

  /** A validator that lost its memory is a fault of its own: the plan has none beside it. */
  function restore(node: SimNode | undefined, forMs: number): void {
    const isAlone = plan.liars.length === 0 && journal.set.validators.length >= 4
    if (node?.isUp === true && isAlone && restored.size === 0) rewind(node, forMs)
  }

  function rewind(node: SimNode, forMs: number): void {
    if (node.backups.length === 0) return
    restored.add(node)
    const backup = random.pick(node.backups)
    node.crash()
    node.restore(backup)
    restart(node, forMs, true)
  }
  const restored = new Set<SimNode>()

  // ---- phases

  function runUntil(untilMs: number, isDone: () => boolean = () => false): boolean {
    while (!isDone()) {
      if (events > eventsMax) journal.fail('a storm of messages')
      if (!clock.advance(untilMs)) {
        clock.moveTo(untilMs)
        return isDone()
      }
    }
    return true
  }

  function chaos(): void {
    for (const node of nodes) node.start()
    for (const fault of plan.faults) clock.after(fault.atMs, () => begin(fault))
    clock.after(1, askOften)
    runUntil(plan.chaosMs)
  }

  let healDelays = 0
  function heal(): void {
    isHealed = true
    loss = 0
    extraMs = 0
    side = undefined
    for (const node of nodes) {
      node.crashAfter = undefined
      node.crashAtEnd = undefined
      node.diskMs = 1
      node.onCrash = () => {}
      if (!node.isUp) node.start(restored.has(node))
    }
    const healedMs = clock.monotonicMs()
    ask('last')
    const again = () => {
      if (!isHealing) return
      for (const name of wanted) spread(name, 1)
      callNewcomers()
      clock.after(1_000, again)
    }
    again()
    const limitMs = healedMs + healDelaysMax * plan.delayMs
    const isDone = () => {
      for (const name of wanted) if (journal.isFinal(name)) wanted.delete(name)
      return wanted.size === 0 && members().every((node) => node.finals.length >= journal.chain.length)
    }
    if (!runUntil(limitMs, isDone)) {
      const where = nodes.map((node) => `${node.finals.length}@${JSON.stringify(node.core?.standing() ?? 'down')}`)
      journal.fail(`no progress after healing: ${journal.chain.length} final; ${where.join(' ')}`)
    }
    isHealing = false
    healDelays = (clock.monotonicMs() - healedMs) / plan.delayMs
  }

  /** Whoever is of no epoch that it knows hears of the chain by other ways than votes (validator/ tells everyone its height). */
  function callNewcomers(): void {
    for (const node of members()) {
      const epoch = node.core?.standing().epoch ?? 0
      const isOutside = journal.setOf(epoch)?.validators.includes(node.address) === false
      if (isOutside) node.input({ kind: 'met', peer: random.pick(honest).address })
    }
  }
  let isHealing = true

  function members(): SimNode[] {
    const { validators } = journal.set
    return honest.filter(({ address }) => validators.includes(address))
  }

  /** Nothing to do: after the last things are through, not a byte is sent or written, and no timer runs. */
  function idle(): void {
    for (const liar of liarOf.keys()) nodeOf.get(liar)?.crash()
    runUntil(clock.monotonicMs() + 300 * plan.delayMs)
    const before = [journal.messages, journal.writes]
    runUntil(clock.monotonicMs() + 600_000)
    const after = [journal.messages, journal.writes]
    if (String(before) !== String(after)) journal.fail(`idle, and yet ${before} became ${after}`)
    const awake = members().filter(({ hasTimer }) => hasTimer)
    if (awake.length > 0) journal.fail('idle, and yet a timer runs')
  }

  return {
    chaos,
    heal,
    idle,
    outcome: (broken: string | undefined): Outcome => ({
      broken,
      events,
      heights: journal.chain.length,
      epochs: journal.set.epoch,
      evidences: journal.evidences,
      healDelays,
    }),
  }
}

export function rememberDigests(digestOf: (ballot: Ballot) => Uint8Array): (ballot: Ballot) => Uint8Array {
  const known = new Map<string, Uint8Array>()
  return (ballot) => {
    const key = `${ballot.kind}${ballot.epoch}/${ballot.view}${ballot.block ?? ''}`
    const before = known.get(key)
    if (before !== undefined) return before
    const digest = digestOf(ballot)
    known.set(key, digest)
    return digest
  }
}
