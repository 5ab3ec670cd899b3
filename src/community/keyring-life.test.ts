// A thousand random communities with real keys, in which people join, leave, are removed, add and lose devices: everybody
// who may read, reads everything; nobody else does.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom, type SeededRandom } from '../../test/sim/random.ts'
import { compareEntries } from '../log/order-core.ts'
import type { Entry, EntryId } from '../log/types.ts'
import { type MadeInvite, Node, World } from './sealed-testing.ts'

const names = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay']

interface Life {
  readonly world: World
  readonly dice: SeededRandom
  readonly messages: Entry[]
  readonly invites: { readonly made: MadeInvite; readonly by: Node }[]
  /** The invitations of which a device has the secret. */
  readonly known: Map<Node, MadeInvite[]>
}

function live(dice: SeededRandom, history: 'all' | 'since-joining', steps: number): Life {
  const world = new World(dice)
  const life: Life = { world, dice, messages: [], invites: [], known: new Map() }
  world.found('ann', history)
  for (let step = 0; step < steps; step++) {
    const node = dice.pick(world.nodes)
    if (dice.uniform() < 0.55) node.hear(...world.nodes.filter(() => dice.uniform() < 0.4))
    if (node.acts.size > 0 && node.isMember) doSomething(life, node)
  }
  return life
}

function doSomething(life: Life, node: Node): void {
  const { dice, messages } = life
  const people = [...node.state.members.values()]
  const role = node.state.members.get(node.person)?.role ?? 'guest'
  const mayAll = role === 'owner' || role === 'admin'
  const target = dice.pick(people)
  const what = dice.below(20)
  if (what < 5) messages.push(node.say(`message ${messages.length}`))
  else if (what < 7 && role !== 'guest') invite(life, node, mayAll ? ['admin', 'member', 'guest'] : ['member', 'guest'])
  else if (what < 11) newcomer(life)
  else if (what === 11) addDevice(life, node)
  else if (what === 12) loseDevice(life, node)
  else if (what === 13 && mayAll && target.person !== node.person) node.act({ kind: 'remove', person: target.person })
  else if (what === 14 && dice.uniform() < 0.2) leave(node)
  else if (what === 15 && mayAll)
    node.act({ kind: 'role', person: target.person, role: dice.pick(['admin', 'member']) })
  else if (what === 16) node.rotate()
  else if (what === 17) node.payDebts()
  else if (what === 18 && mayAll) admit(life, node)
}

/** Removes another device of the same person; an admin also those of others. */
function loseDevice({ world, dice }: Life, node: Node): void {
  const lost = dice.pick(world.nodes)
  const isOwn = lost.person === node.person && lost !== node
  const isAdmin = node.state.members.get(node.person)?.role === 'admin'
  const isKnown = [...node.state.members.values()].some(({ devices }) =>
    devices.some((one) => one.device === lost.device),
  )
  if (isKnown && (isOwn || (isAdmin && dice.uniform() < 0.3))) node.act({ kind: 'device-remove', device: lost.device })
}

/** Whoever goes hands on what only they may have. */
function leave(node: Node): void {
  node.payDebts()
  node.act({ kind: 'remove', person: node.person })
}

function knows({ known }: Life, node: Node, invite: MadeInvite): void {
  known.set(node, [...(known.get(node) ?? []), invite])
}

function invite(life: Life, node: Node, roles: readonly string[]): void {
  const { dice, invites } = life
  const made = node.invite(`${invites.length}`, dice.pick(roles), dice.pick([1, 1, 3]))
  invites.push({ made, by: node })
  knows(life, node, made)
}

function freshNode({ world, dice }: Life, person?: string): Node | undefined {
  if (world.nodes.length >= 9) return undefined
  const name = person ?? dice.pick(names)
  const count = world.nodes.filter((node) => node.name.split('.')[0] === name).length
  return world.node(count === 0 ? name : `${name}.${count + 1}`)
}

function newcomer(life: Life): void {
  const { dice, invites } = life
  if (invites.length === 0) return
  const { made, by } = dice.pick(invites)
  const node = freshNode(life)
  if (node === undefined) return
  node.hear(by)
  node.join(made)
  knows(life, node, made)
}

function addDevice(life: Life, node: Node): void {
  const fresh = freshNode(life, node.name.split('.')[0])
  if (fresh === undefined) return
  node.act({ kind: 'device', certificate: fresh.certificate, deviceName: fresh.name }, { devices: [fresh.device] })
  // At once: this device may be the only one that has some of the keys, and may be lost next.
  node.payDebts()
  fresh.hear(node)
}

function admit(life: Life, node: Node): void {
  const fresh = freshNode(life)
  if (fresh === undefined) return
  const { certificate, name } = fresh
  const act = { kind: 'admit', certificate, role: 'member', memberName: name, deviceName: name } as const
  node.act(act, { devices: [fresh.device] })
  fresh.hear(node)
}

/** Everybody hears everybody, and whoever has a key hands it to whoever is owed it. */
function heal({ world }: Life): void {
  for (let round = 0; round < 12; round++) {
    for (const node of world.nodes) node.hear(...world.nodes)
    let paid = false
    for (const node of world.nodes) {
      if (node.acts.size === 0 || !node.isMember) continue
      node.hear(...world.nodes)
      paid = node.payDebts() || paid
    }
    if (!paid) return
  }
  assert.fail('debts do not end')
}

const pasts = new WeakMap<World, Map<EntryId, Set<EntryId>>>()

/** All ancestors, the slow way. */
function pastOf(world: World, id: EntryId): Set<EntryId> {
  const known = pasts.get(world) ?? new Map<EntryId, Set<EntryId>>()
  pasts.set(world, known)
  const past = known.get(id) ?? findPast(world, id)
  known.set(id, past)
  return past
}

function findPast(world: World, id: EntryId): Set<EntryId> {
  const past = new Set<EntryId>()
  const open = [id]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const entry = world.entries.get(next)
    for (const parent of [entry?.prev, ...(entry?.heads ?? [])]) {
      if (parent === undefined || past.has(parent)) continue
      past.add(parent)
      open.push(parent)
    }
  }
  return past
}

/** Whether whoever made a key had read an act. */
function hadRead({ world, acts }: Node, maker: EntryId, act: Entry): boolean {
  const made = acts.get(maker)?.act
  return pastOf(world, maker).has(act.id) && !(made?.kind === 'rotate' && made.unread.includes(act.id))
}

interface Fate {
  /** What the person's present membership rests on, while they are one. */
  granted: Entry | undefined
  admissions: number
  /** The last act that took this device's access. */
  taken: Entry | undefined
  /** It was its own person's. */
  left: boolean
}

/** What became of a device, read off the acts that count, in order. */
function fateOf(node: Node, witness: Node): Fate {
  const { voided } = witness.state
  const acts = [...witness.acts.values()].sort((a, b) => compareEntries(a.entry, b.entry))
  const fate: Fate = { granted: undefined, admissions: 0, taken: undefined, left: false }
  const entryOf = (id: EntryId) => witness.world.entries.get(id)
  const persons = new Map(witness.world.nodes.map(({ device, person }) => [device, person]))
  for (const { entry, act } of acts) {
    if (voided.has(entry.id)) continue
    if (
      (act.kind === 'join' || act.kind === 'admit' || act.kind === 'found') &&
      act.certificate.person === node.person
    ) {
      const invite = acts.find(
        (one) => act.kind === 'join' && one.act.kind === 'invite' && one.act.invite === act.invite,
      )
      if (fate.granted === undefined) {
        fate.granted = entryOf(invite?.entry.id ?? entry.id)
        fate.admissions += 1
      }
    }
    if ('certificate' in act && act.certificate.device === node.device) fate.taken = undefined
    const isGone = act.kind === 'remove' && act.person === node.person
    if (isGone) fate.granted = undefined
    if (!isGone && !(act.kind === 'device-remove' && act.device === node.device)) continue
    fate.taken = entryOf(entry.id)
    fate.left = act.kind === 'remove' && persons.get(entry.device) === node.person
  }
  return fate
}

interface Tally {
  read: number
  unread: number
  members: number
  removed: number
  lost: number
}

/**
 * What only devices knew that were removed before they could hand it on, is lost to the others, acts and keys alike; it
 * is counted, and everything else has to be right.
 */
function assertReadable(life: Life, history: 'all' | 'since-joining', tally: Tally): void {
  const { world, messages } = life
  const all = witnessOf(world, world.nodes)
  const members = world.nodes.filter((node) => isIn(all, node))
  const witness = witnessOf(world, members)
  for (const member of members) assertSame(member, witness)
  const makers = new Map(all.state.keys.map(({ key, introducedBy }) => [key, introducedBy]))
  for (const message of messages) {
    const maker = makers.get(message.key)
    if (maker === undefined || typeof all.resolution.counts(message) === 'string') continue
    const isLost = members.every((member) => member.keyring.holds(message.key) !== 'whole')
    if (isLost && members.length > 0) tally.lost += 1
    for (const node of world.nodes) {
      const fate = fateOf(node, all)
      const isRead = node.read(message) !== undefined
      if (!members.includes(node)) {
        const wasBefore = fate.taken !== undefined && hadRead(all, maker, fate.taken)
        if (!wasBefore || isInvited(life, node, fate, all, maker)) continue
        assert.ok(!isRead, `${node.name}, who was removed, does not read ${message.id}`)
      } else if (!isLost) {
        const isOld = fate.granted !== undefined && pastOf(world, fate.granted.id).has(maker)
        const mayRead = history === 'all' || !isOld || message.key === fate.granted?.key
        if (mayRead) assert.ok(isRead, `${node.name} reads ${message.id}`)
        else if (fate.admissions === 1 && hasNoOther(life, node, fate))
          assert.ok(!isRead, `${node.name} does not read ${message.id}`)
      }
      tally[isRead ? 'read' : 'unread'] += 1
    }
  }
  tally.members += members.length
  tally.removed += world.nodes.length - members.length
}

/** What somebody would see who had opened all that these have. */
function witnessOf(world: World, nodes: readonly Node[]): Node {
  const witness = new Node(world, 'nobody')
  for (const node of nodes) for (const [id, act] of node.acts) witness.acts.set(id, act)
  return witness
}

function isIn(witness: Node, { person, device }: Node): boolean {
  const devices = witness.state.members.get(person)?.devices ?? []
  return devices.some((one) => one.device === device && one.state === 'active')
}

/**
 * Whether a device without membership has an invitation's secret all the same, so that a key can have been sealed to it:
 * one that was made for it after it was removed; one that whoever made the key could not know it to have; or, of somebody
 * who left of their own will, one that is still open.
 */
function isInvited({ world, known }: Life, node: Node, { taken, left }: Fate, witness: Node, maker: EntryId): boolean {
  const past = pastOf(world, maker)
  const persons = new Map(world.nodes.map(({ device, person }) => [device, person]))
  return (known.get(node) ?? []).some(({ id, entry }) => {
    const isTied = witness.acts.values().some(({ entry: shown, act }) => {
      const shows = (act.kind === 'invite' || act.kind === 'join') && act.invite === id
      return shows && persons.get(shown.device) === node.person && past.has(shown.id)
    })
    return !isTied || left || (taken !== undefined && pastOf(world, entry.id).has(taken.id))
  })
}

/** Whether a device has no other invitation than the one that its person came by. */
function hasNoOther({ known }: Life, node: Node, { granted }: Fate): boolean {
  return (known.get(node) ?? []).every(({ entry }) => entry.id === granted?.id)
}

function assertSame(node: Node, witness: Node): void {
  const picture = ({ state }: Node) => ({
    members: [...state.members.values()],
    roles: [...state.roles],
    keys: state.keys,
    writingKey: state.writingKey,
    invites: [...state.invites],
  })
  assert.deepEqual(picture(node), picture(witness))
}

describe('a thousand communities in which people join, leave, add and lose devices', () => {
  for (const history of ['all', 'since-joining'] as const) {
    test(`whoever may read, reads everything; nobody else does: ${history}`, (t) => {
      const tally: Tally = { read: 0, unread: 0, members: 0, removed: 0, lost: 0 }
      for (let run = 0; run < 500; run++) {
        const seed = `${history} ${run}`
        try {
          const life = live(createRandom(seed), history, 30)
          heal(life)
          const witness = witnessOf(life.world, life.world.nodes)
          const member = life.world.nodes.find((node) => isIn(witness, node))
          if (member !== undefined) life.messages.push(member.say('goodbye'))
          heal(life)
          assertReadable(life, history, tally)
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
        }
      }
      const { read, unread, removed, lost } = tally
      assert.ok(read > 5_000 && unread > 200 && removed > 300 && lost < read / 100, JSON.stringify(tally))
      t.diagnostic(JSON.stringify(tally))
    })
  }
})
