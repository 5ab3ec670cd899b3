// The app `ledger`: what the community's log says of its ledger, and saying it (ledger/announced.ts).

import type { Database } from '../../base/database.ts'
import { Emitter } from '../../base/events.ts'
import { hasCapability, noRole } from '../../community/roles-core.ts'
import type { Communities, CommunityEvent, Device, Member } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { Announced } from '../../ledger/announced.ts'
import { addressOfSecret, checkpointDigest, signDigest, willingDigest } from '../../ledger/keys.ts'
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

  function requireMayFound(id: CommunityId, what: string): void {
    if (!mayFound(id)) throw ledgerAppErrors.ledger_not_allowed(`Your role here does not allow it to ${what}.`)
  }

  /** Of active members' active devices. */
  function byDevice<One extends { readonly person: PersonDid; readonly author: string }>(
    id: CommunityId,
    all: readonly One[],
  ) {
    const members = activeMembers(id)
    return all.filter(({ person, author }) => deviceOf(members.get(person), author) !== undefined)
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
      return byDevice(id, view.changes(id)).map(({ person, act: { kind: _, ...signed } }) => ({ person, ...signed }))
    },
    gone(id) {
      const present = new Set([...this.accounts(id), ...this.willing(id)].map(({ address }) => address))
      const once = new Map(view.everyAddress(id).map((one) => [one.address, one]))
      return [...once.values()].filter(({ address }) => !present.has(address))
    },
    memberWords(id) {
      return byDevice(id, view.members(id)).map(({ person, act: { kind: _, ...signed } }) => ({ person, ...signed }))
    },
    async sayMembers(id, word) {
      await say(id, { kind: 'members', ...word })
    },
    checkpoints(id) {
      return byDevice(id, view.checkpoints(id)).map(({ person, author, act }) => {
        const { kind: _, proof: __, address, epoch, validators, ...place } = act
        return { person, device: author as DeviceId, address, checkpoint: { ...place, set: { epoch, validators } } }
      })
    },
    async sayCheckpoint(id, { secret, checkpoint: { set, ...place } }) {
      const said = { ...place, ...set }
      const proof = signDigest(checkpointDigest({ community: id, device }, said), secret)
      await say(id, { kind: 'checkpoint', ...said, address: addressOfSecret(secret), proof })
    },
    choice(id) {
      const said = view.chain(id)
      return said === undefined ? undefined : { person: said.person, atMs: said.atMs, chain: said.act.chain }
    },
    async sayChoice(id, chain) {
      requireMayFound(id, 'choose which chain it uses')
      await say(id, { kind: 'chain', chain })
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
      requireMayFound(id, 'found a ledger')
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
