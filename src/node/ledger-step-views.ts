// How far a ledger is from its community, in the API's words: members, checkpoints, which chain is used. Pure.

import type * as Api from '../api/ledger-schemas.ts'
import type { Member } from '../community/types.ts'
import type { PersonDid } from '../identity/types.ts'
import { choiceSentence, choiceWarnings } from '../ledger/choice-core.ts'
import type { LedgerFacts } from '../ledger/service-types.ts'
import type { Membership } from '../ledger/thread/messages.ts'
import type { Address } from '../ledger/types.ts'

/** Who is in the community, and who was. */
export type People = ReadonlyMap<PersonDid, Pick<Member, 'name'>>

export function stepToApi(
  { standing }: LedgerFacts,
  people: People,
): Pick<Api.Ledger, 'membership' | 'checkpoint' | 'contradictions'> {
  const { membership, judged = [], checkpoints = [] } = standing ?? {}
  // A newer one that hardly anybody says is not what counts.
  const newest = checkpoints.find(({ isBelieved }) => isBelieved) ?? checkpoints[0]
  return {
    membership: membership === undefined ? null : membershipToApi(membership),
    checkpoint:
      newest === undefined
        ? null
        : {
            ...{ height: newest.checkpoint.height, block: newest.checkpoint.block },
            ...{ timestamp: newest.checkpoint.timestamp, epoch: newest.checkpoint.set.epoch },
            ...{ said: newest.said, needed: newest.needed, believed: newest.isBelieved },
          },
    contradictions: judged.flatMap(({ verdict, person, checkpoint: { height } }) => {
      if (verdict !== 'contradicts') return []
      const name = people.get(person)?.name ?? ''
      const who = name === '' ? 'A member' : name
      const sentence = `${who} told the community a block ${height} that is not in this chain; it is not believed.`
      return [{ person, name, height, code: 'ledger_checkpoint_contradicted', sentence }]
    }),
  }
}

function membershipToApi({ members, joining, leaving, bound, signed, needed }: Membership): Api.LedgerMembership {
  const counts = { members, joining, leaving: leaving.length, bound: bound.length, signed, needed }
  return { ...counts, sentence: membershipSentence(counts) }
}

function membershipSentence(counts: Omit<Api.LedgerMembership, 'sentence'>): string {
  const { members, joining, leaving, bound, signed, needed } = counts
  const accounts = (count: number) => (count === 1 ? '1 account' : `${count} accounts`)
  const of = (count: number, one: string, many: string) => `${accounts(count)} ${count === 1 ? one : many}`
  const news = [
    joining === 0 ? '' : `${of(joining, 'is', 'are')} let in next`,
    leaving === 0
      ? ''
      : `${of(leaving, 'is', 'are')} nobody’s any more and taken out: ${signed} of ${needed} validators have signed`,
    bound === 0 ? '' : `${of(bound, 'is', 'are')} nobody’s any more and validate still: agree on other validators`,
  ].filter((one) => one !== '')
  const free = `${of(members, 'transacts', 'transact')} free.`
  return news.length === 0 ? free : `${free} ${news.join('; ')}.`
}

export function choiceToApi({ choice, founded }: LedgerFacts, people: People): Api.LedgerChoice {
  const { chain, person, atMs } = choice ?? {}
  const { genesis } = founded ?? {}
  return {
    kind: chain === undefined ? 'own' : 'outside',
    chainId: chain?.chainId ?? genesis?.chainId ?? null,
    name: chain?.name ?? genesis?.name ?? '',
    coin:
      chain !== undefined ? { name: chain.coin, symbol: chain.symbol } : genesis === undefined ? null : genesis.coin,
    rpc: chain?.rpc ?? null,
    by: person ?? null,
    byName: person === undefined ? '' : (people.get(person)?.name ?? ''),
    chosenMs: atMs ?? null,
    sentence: choiceSentence(chain, founded !== undefined),
    warnings: [...choiceWarnings(chain)],
  }
}

// ---- the list

const sentences: Readonly<Record<Api.LedgerMember['state'], string>> = {
  member: 'Transacts free.',
  joining: 'Is let in by a validator.',
  leaving: 'Is nobody’s here any more; taken out once enough validators have signed.',
  bound: 'Is nobody’s here any more; leaves once it validates no more.',
  unknown: 'Is a member by the chain; the community’s log says nothing of it.',
}

export interface OnChain {
  readonly members: readonly Address[]
  /** Who decides now. */
  readonly inForce: ReadonlySet<Address>
}

export function membersToApi(facts: LedgerFacts, onChain: OnChain, people: People): Omit<Api.LedgerMembers, 'total'> {
  const owners = new Map<Address, PersonDid>()
  const [gone, present] = [new Set<Address>(), new Set<Address>()]
  for (const { address, person } of facts.gone) {
    owners.set(address, person)
    gone.add(address)
  }
  for (const { address, person } of [...facts.willing, ...facts.accounts]) {
    owners.set(address, person)
    present.add(address)
  }
  const isIn = new Set(onChain.members)
  const joining = facts.accounts.filter(({ address }) => !isIn.has(address)).map(({ address }) => address)
  const nameOf = (person: PersonDid | undefined) => (person === undefined ? '' : (people.get(person)?.name ?? ''))
  const stateOf = (address: Address): Api.LedgerMember['state'] => {
    if (!isIn.has(address)) return 'joining'
    if (gone.has(address)) return onChain.inForce.has(address) ? 'bound' : 'leaving'
    return present.has(address) || onChain.inForce.has(address) ? 'member' : 'unknown'
  }
  const members = [...onChain.members, ...joining].map((address) => {
    const person = owners.get(address)
    const state = stateOf(address)
    return {
      ...{ address, state, person: person ?? null, name: nameOf(person), sentence: sentences[state] },
      isSelf: address === facts.account || address === facts.validator,
      validator: onChain.inForce.has(address),
    }
  })
  const { change, needed = 0 } = facts.standing?.membership ?? {}
  const words = facts.memberWords.filter((word) => word.change === change)
  return {
    members: members.sort(byChangeAndName),
    words: words.map(({ person, removed, admitted }) => ({
      ...{ person, name: nameOf(person), removed: [...removed], admitted: [...admitted] },
    })),
    needed,
  }
}

const order: readonly Api.LedgerMember['state'][] = ['leaving', 'bound', 'joining', 'unknown', 'member']

function byChangeAndName(a: Api.LedgerMember, b: Api.LedgerMember): number {
  const [placeA, placeB] = [order.indexOf(a.state), order.indexOf(b.state)]
  if (placeA !== placeB) return placeA - placeB
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.address < b.address ? -1 : 1
}
