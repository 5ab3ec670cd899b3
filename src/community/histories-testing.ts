// Random histories of a community: persons with several devices, who see each other's entries late or never, and some of
// whom lie: they date back, name few parents, write after they were removed, fork, say what they may not.

import type { EntryId } from '../log/types.ts'
import type { Act } from './acts-wire.ts'
import {
  addDevice,
  admit,
  defineRole,
  History,
  invite,
  join,
  keyOf,
  type Odd,
  type Pen,
  profile,
  remove,
  removeDevice,
  revoke,
  rotate,
  setRole,
  settings,
} from './testing.ts'
import type { Purpose } from './types.ts'

/** What test/sim/random.ts gives. */
export interface Dice {
  below(below: number): number
  uniform(): number
  pick<Item>(items: readonly Item[]): Item
}

export interface HistoryOptions {
  readonly steps: number
  /** Part of the steps in which somebody sees what another has seen. */
  readonly seeing?: number
  /** Part of the acts that are lies. */
  readonly lying?: number
  readonly purpose?: Purpose
}

const persons = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay']
const roles = ['owner', 'admin', 'admin', 'member', 'member', 'guest', 'mod', 'seer']
const invites = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6']

export function randomHistory(dice: Dice, options: HistoryOptions): History {
  const { steps, seeing = 0.6, lying = 0.25, purpose = 'group' } = options
  const history = new History('ann', 'all', purpose)
  const ann = history.founder
  // A start in which something can happen.
  const role = purpose === 'direct' ? 'member' : 'admin'
  history.act(ann, invite('i1', { role, usesMax: 1 + dice.below(4) }))
  for (const name of persons.slice(1, 2 + dice.below(4))) {
    const pen = history.pen(name)
    history.show(pen, ann)
    history.act(pen, join(pen, 'i1'))
    if (dice.uniform() < 0.8) history.show(ann, pen)
  }
  for (let step = 0; step < steps; step++) {
    const pens = [...history.pens.values()]
    const pen = dice.pick(pens)
    if (dice.uniform() < seeing) history.show(pen, dice.pick(pens))
    if (dice.uniform() < 0.05) history.showAll()
    if (dice.uniform() < 0.2) history.say(pen, oddOf(history, dice, pen, lying))
    else writeSomething(history, dice, pen, lying)
  }
  return history
}

function writeSomething(history: History, dice: Dice, pen: Pen, lying: number): void {
  const fresh = dice.uniform()
  // Somebody, or another device of somebody, comes in.
  if (fresh < 0.12) {
    const name = dice.pick(persons) + dice.pick(['', '.2', '.3'])
    const newcomer = history.pen(name)
    history.show(newcomer, pen)
    history.act(newcomer, join(newcomer, dice.pick(invites)), oddOf(history, dice, newcomer, lying))
    return
  }
  const act = somethingOf(history, dice)
  const isFork = dice.uniform() < lying * 0.08 && pen.last !== undefined && pen.last.prev !== undefined
  if (isFork && pen.last !== undefined) {
    const instead = dice.uniform() < 0.5 ? pen.last : (history.get(pen.last.prev as EntryId) ?? pen.last)
    if (instead.prev !== undefined) {
      history.fork(pen, instead, act)
      return
    }
  }
  history.act(pen, act, oddOf(history, dice, pen, lying))
}

function somethingOf(history: History, dice: Dice): Act {
  const pens = [...history.pens.values()]
  const anybody = () => dice.pick(pens)
  const role = () => dice.pick(roles)
  const makers: readonly (() => Act)[] = [
    () => remove(anybody()),
    () => remove(anybody()),
    () => setRole(anybody(), role()),
    () => setRole(anybody(), role()),
    () => setRole(anybody(), role()),
    () => removeDevice(anybody()),
    () => invite(dice.pick(invites), inviteFields(history, dice)),
    () => invite(dice.pick(invites), inviteFields(history, dice)),
    () => revoke(dice.pick(invites)),
    () => admit(history.pen(dice.pick(persons) + dice.pick(['', '.2'])), role()),
    () => addDevice(history.pen(dice.pick(persons) + dice.pick(['', '.2', '.3']))),
    () => rotate(),
    () => rotate(dice.uniform() < 0.3 ? [dice.pick([...history.acts.keys()])] : []),
    () => profile('somebody'),
    () => settings({ history: dice.pick(['all', 'since-joining'] as const) }),
    () => defineRole('mod', dice.below(3), ...['remove', 'roles', 'approve'].filter(() => dice.uniform() < 0.6)),
    () => defineRole('seer', dice.below(2), ...['post', 'chat.see'].filter(() => dice.uniform() < 0.6)),
    () => ({ kind: 'unknown', name: 'later' }),
    () => ({ kind: 'malformed', name: 'role' }),
  ]
  return dice.pick(makers)()
}

function inviteFields(history: History, dice: Dice) {
  const expiresMs = dice.uniform() < 0.3 ? history.nowMs + dice.below(10_000) : undefined
  return { role: dice.pick(roles), usesMax: 1 + dice.below(3), expiresMs }
}

function oddOf(history: History, dice: Dice, pen: Pen, lying: number): Odd {
  if (dice.uniform() >= lying) return {}
  const odds: readonly (() => Odd)[] = [
    () => ({ ms: 0 }),
    () => ({ ms: 0, heads: headsFor(history, dice, pen) }),
    () => ({ heads: headsFor(history, dice, pen) }),
    () => ({ ms: history.nowMs + dice.below(20_000) }),
    () => ({ proven: false }),
    () => ({ key: { key: keyOf(dice.pick(['0', 'x', 'y'])), epoch: dice.below(3) } }),
  ]
  return dice.pick(odds)()
}

/** Few parents, so that the entry seems to know little. */
function headsFor(history: History, dice: Dice, pen: Pen): EntryId[] {
  if (pen.last !== undefined && dice.uniform() < 0.7) return []
  const others = [...pen.seen].filter((id) => history.get(id)?.device !== pen.device)
  return others.length === 0 ? [history.founding.id] : [dice.pick(others)]
}
