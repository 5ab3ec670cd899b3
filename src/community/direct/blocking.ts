// Whom this person has blocked: decided here, or on another computer of theirs (own/). The last change of each person counts,
// so one who was unblocked is remembered, too.

import type { Clock } from '../../base/ports.ts'
import { didOf } from '../../identity/core.ts'
import type { Identity, PersonDid } from '../../identity/types.ts'
import type { DirectGate } from '../direct-gate.ts'
import { person as personField, personKeyOf } from '../fields-wire.ts'
import type { Communities } from '../types.ts'
import type { Asking } from './asking.ts'
import { mergeBlocks } from './core.ts'
import type { Desk } from './desk.ts'
import { directErrors } from './errors.ts'
import { blocksMax } from './limits.ts'
import type { DirectStore } from './store.ts'
import type { BlockChange, Blocked, Direct } from './types.ts'

export interface BlockingParts {
  readonly clock: Clock
  readonly identity: Identity
  readonly communities: Pick<Communities, 'list'>
  readonly gate: Pick<DirectGate, 'blocksChanged'>
  readonly store: DirectStore
  readonly asking: Pick<Asking, 'cancelAllTo'>
  readonly desk: Pick<Desk, 'refuseAllOf' | 'pardon'>
  readonly tell: (person: PersonDid, blocked: boolean) => void
}

type Blocking = Pick<Direct, 'blocked' | 'block' | 'unblock' | 'blockChanges' | 'mergeBlocks'>

export function createBlocking(parts: BlockingParts): Blocking {
  const { store, gate, identity, communities, clock, asking, desk, tell } = parts

  /** What they call themselves, as far as it is known here. */
  function nameOf(person: PersonDid): string {
    const asked = store.requestsOf(identity.did, person).at(-1)?.name
    const said = communities.list().flatMap(({ state }) => state?.members.get(person)?.name ?? [])
    return said[0] ?? asked ?? ''
  }

  /** Later than what is known, whatever the clocks of this person's computers say. */
  const changedMs = (person: PersonDid) =>
    Math.max(Math.round(clock.nowMs()), (store.blockChange(identity.did, person)?.ms ?? -1) + 1)

  async function follow({ person, blocked }: BlockChange): Promise<void> {
    if (blocked) {
      desk.refuseAllOf(person)
      await asking.cancelAllTo(person)
    } else desk.pardon(person)
    tell(person, blocked)
  }

  const isBlocked = (person: PersonDid) => store.isBlocked(identity.did, person)

  return {
    blocked: () => store.blocks(identity.did),
    async block(did) {
      const person = checkPerson(did)
      if (person === identity.did) throw directErrors.direct_self('This is you.')
      const known = store.blocks(identity.did)
      const present = known.find((one) => one.person === person)
      if (present !== undefined) return present
      if (known.length >= blocksMax) {
        throw directErrors.direct_blocks_too_many(`You block ${blocksMax} persons already.`)
      }
      const change = { person, name: nameOf(person), ms: changedMs(person), blocked: true }
      store.putBlockChange(identity.did, change)
      gate.blocksChanged()
      await follow(change)
      return { person, name: change.name, sinceMs: change.ms } satisfies Blocked
    },
    async unblock(did) {
      const person = checkPerson(did)
      const known = store.blockChange(identity.did, person)
      if (known?.blocked !== true) throw directErrors.direct_not_blocked('This person is not blocked.')
      const change = { ...known, ms: changedMs(person), blocked: false }
      store.putBlockChange(identity.did, change)
      gate.blocksChanged()
      await follow(change)
    },
    blockChanges: () => store.blockChanges(identity.did),
    async mergeBlocks(others) {
      const known = new Map(store.blockChanges(identity.did).map((change) => [change.person, change]))
      const later = mergeBlocks(known, others, clock.nowMs()).filter(({ person }) => person !== identity.did)
      const turned: BlockChange[] = []
      let room = blocksMax - store.blocks(identity.did).length
      for (const change of later) {
        const was = isBlocked(change.person)
        if (change.blocked && !was && room <= 0) continue
        store.putBlockChange(identity.did, change)
        if (change.blocked === was) continue
        room += change.blocked ? -1 : 1
        turned.push(change)
      }
      if (turned.length > 0) gate.blocksChanged()
      for (const change of turned) await follow(change)
    },
  }
}

function checkPerson(did: PersonDid): PersonDid {
  try {
    const key = personKeyOf(did)
    if (did.startsWith('did:key:z6Mk') && didOf(key) === did && personField.read(key) === did) return did
  } catch {}
  throw directErrors.direct_person_unusable('This is no person.')
}
