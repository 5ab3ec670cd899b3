// How the copies of this computer's shares stand, as people see it. Pure over the state of core.ts; times become those of the
// calendar.

import type { Clock } from '../base/ports.ts'
import type { ShareId } from '../content/types.ts'
import { type Standing, standingOf } from './plan-core.ts'
import type { CopiesState, Copy, Keeper } from './state-core.ts'
import type { CopyView, KeeperView, ShareCopies } from './types.ts'

export function createViews({ clock, state }: { readonly clock: Clock; readonly state: () => CopiesState }) {
  const now = () => clock.monotonicMs()
  const toWall = (ms: number) => Math.max(0, Math.round(clock.nowMs() - (now() - ms)))

  function copyView(copy: Copy): CopyView {
    return {
      peer: copy.peer,
      label: state().keepers.get(copy.peer)?.label ?? '',
      standing: standingOf(state(), copy, now()),
      sequence: copy.state.sequence,
      blocks: copy.state.blocks,
      placedMs: toWall(copy.placedMs),
      provenMs: copy.provenSequence === 0 ? undefined : toWall(copy.provenMs),
    }
  }

  /** `wanted`: of a share that has no version yet. */
  function share(id: ShareId, wanted = 0): ShareCopies {
    const { shares, copies: placed, keepers } = state()
    const copies = shares.get(id)?.copies ?? wanted
    const where = [...(placed.get(id)?.values() ?? [])]
      .map(copyView)
      .sort((a, b) => rank(a.standing) - rank(b.standing) || a.placedMs - b.placedMs || (a.peer < b.peer ? -1 : 1))
    const alive = where.filter(({ standing }) => standing === 'alive').length
    return { share: id, copies, alive, where, sentence: sentenceOf(copies, alive, where, hasKeepers(keepers.values())) }
  }

  function keeperView(keeper: Keeper): KeeperView {
    const { peer, label, free, lost, goneMs, seenMs } = keeper
    return {
      peer,
      label,
      state: lost ? 'lost' : goneMs === undefined ? 'here' : 'away',
      free,
      copies: [...state().copies.values()].filter((held) => held.has(peer)).length,
      seenMs: Number.isFinite(seenMs) ? toWall(seenMs) : undefined,
    }
  }

  /** All that people see change, by share: figures that move with every block are left out. */
  function digest(): ReadonlyMap<ShareId, string> {
    const { shares, copies } = state()
    const ids = new Set([...shares.keys(), ...copies.keys()])
    return new Map([...ids].map((id) => [id, digestOf(id)]))
  }

  function digestOf(id: ShareId): string {
    const held = [...(state().copies.get(id)?.values() ?? [])]
    const standings = held.map((copy) => `${copy.peer} ${standingOf(state(), copy, now())} ${copy.state.blocks}`)
    return `${state().shares.get(id)?.copies ?? 0} ${standings.join()}`
  }

  return {
    share,
    shares: () =>
      [...digest().keys()].map((id) => share(id)).filter(({ copies, where }) => copies > 0 || where.length > 0),
    keepers: () =>
      [...state().keepers.values()]
        .filter(({ free, seenMs }) => free !== undefined || Number.isFinite(seenMs))
        .map(keeperView)
        .sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : a.peer < b.peer ? -1 : 1)),
    digest,
    changedSince(before: ReadonlyMap<ShareId, string>): ShareId[] {
      const after = digest()
      const ids = new Set([...before.keys(), ...after.keys()])
      return [...ids].filter((id) => before.get(id) !== after.get(id))
    },
  }
}

const order: readonly Standing[] = ['alive', 'behind', 'arriving', 'checking', 'stalled', 'refused', 'unproven', 'lost']
const rank = (standing: Standing) => order.indexOf(standing)

function hasKeepers(keepers: Iterable<Keeper>): boolean {
  return [...keepers].some(({ free }) => free !== undefined)
}

function sentenceOf(copies: number, alive: number, where: readonly CopyView[], hasAny: boolean): string {
  if (copies === 0)
    return where.length === 0 ? 'No copies are wanted.' : 'Copies that are no longer wanted are being removed.'
  const figures = `${alive} of ${copies} ${copies === 1 ? 'copy is' : 'copies are'} alive`
  if (alive >= copies) return `${figures}.`
  const coming = where.filter(({ standing }) => onTheWay.has(standing)).length
  if (coming > 0) return `${figures}; ${coming} ${coming === 1 ? 'is' : 'are'} on the way.`
  if (!hasAny) return `${figures}: no computer that agreed to keep copies for you was reached yet.`
  return `${figures}: no other computer that agreed is there and has room.`
}

const onTheWay: ReadonlySet<Standing> = new Set(['behind', 'arriving', 'checking'])
