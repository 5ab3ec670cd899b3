// The app `ledger`: what the community's log says of its ledger, and saying it (ledger/announced.ts).

import type { Database } from '../../base/database.ts'
import { Emitter } from '../../base/events.ts'
import { hasCapability, noRole } from '../../community/roles-core.ts'
import type { Communities, CommunityEvent, Device, Member } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { Announced } from '../../ledger/announced.ts'
import { addressOfSecret, signDigest, willingDigest } from '../../ledger/keys.ts'
import type { CommunityId, DeviceId } from '../../log/types.ts'
import { foundCapability } from './capability.ts'
import { ledgerAppErrors } from './errors.ts'
import { openLedgerView } from './view.ts'
import { type LedgerAct, writeBody } from './wire.ts'

export interface LedgerAppParts {
  /** Where the view's table is. */
  readonly views: Database
  readonly communities: Communities
  /** This device. */
  readonly device: DeviceId
}

/** Registers its reducer: call it before `communities.start`. */
export function createLedgerApp({ views, communities, device }: LedgerAppParts): Announced & { stop(): void } {
  const view = openLedgerView({ database: views })
  communities.register(view.reducer)
  const emitter = new Emitter<CommunityId>()
  const leave = communities.on(onCommunity)

  function onCommunity(event: CommunityEvent): void {
    // What is no longer here has nothing to say.
    if (event.type === 'removed') return
    // Acts change who is a member, and which device is one's.
    const isOurs = event.type !== 'entries' || event.entries.some(({ app }) => app === 'ledger')
    if (isOurs) emitter.emit(event.id)
  }

  function activeMembers(id: CommunityId): ReadonlyMap<PersonDid, Member> {
    const { state } = communities.get(id)
    return new Map([...(state?.members ?? [])].filter(([, member]) => member.state === 'active'))
  }

  const say = (id: CommunityId, act: LedgerAct) => communities.append(id, 'ledger', act.kind, writeBody(act))

  function mayFound(id: CommunityId): boolean {
    const { state, self: member } = communities.get(id)
    if (state === undefined || member?.state !== 'active') return false
    return hasCapability(state.roles.get(member.role) ?? noRole, foundCapability)
  }

  return {
    geneses: (id) =>
      view.geneses(id).map(({ entry, person, atMs, act }) => ({ entry, by: person, atMs, bytes: act.genesis })),
    willing(id) {
      const members = activeMembers(id)
      return view.validators(id).flatMap(({ person, author, atMs, act }) => {
        const found = deviceOf(members.get(person), author)
        if (found === undefined || !act.willing) return []
        return [{ person, device: found.device, peerId: found.peerId, address: act.address, sinceMs: atMs }]
      })
    },
    accounts(id) {
      const members = activeMembers(id)
      const said = view.accounts(id).filter(({ person }) => members.has(person))
      return said.map(({ person, act }) => ({ person, address: act.address }))
    },
    changes(id) {
      const members = activeMembers(id)
      return view.changes(id).flatMap(({ person, author, act: { kind: _, ...signed } }) => {
        return deviceOf(members.get(person), author) === undefined ? [] : [{ person, ...signed }]
      })
    },
    async sayChange(id, change) {
      await say(id, { kind: 'change', ...change })
    },
    async sayWilling(id, { secret, willing }) {
      const proof = signDigest(willingDigest(id, device), secret)
      await say(id, { kind: 'validator', address: addressOfSecret(secret), willing, proof })
    },
    async sayAccount(id, { address, proof }) {
      await say(id, { kind: 'account', address, proof })
    },
    async publish(id, genesis) {
      if (!mayFound(id)) throw ledgerAppErrors.ledger_not_allowed('Your role here does not allow it to found a ledger.')
      const entry = await say(id, { kind: 'genesis', genesis })
      return entry.entry.id
    },
    mayFound,
    on: (listener) => emitter.on(listener),
    stop: () => void leave(),
  }
}

function deviceOf(member: Member | undefined, device: string): Device | undefined {
  return member?.devices.find((one) => one.device === device && one.state === 'active')
}
