// Ledgers in the API's words. Pure.

import type * as Api from '../api/ledger-schemas.ts'
import { toHex } from '../base/bytes.ts'
import type { Communities } from '../community/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { Proven, ProvenRecovery } from '../ledger/proof/types.ts'
import type { LedgerFacts } from '../ledger/service-types.ts'
import type { AccountFacts, Answers, BlockFacts, TransactionFacts } from '../ledger/thread/messages.ts'
import type { Address } from '../ledger/types.ts'
import type { LedgerStatus, SyncState, ValidatorStatus, VotingState } from '../ledger/validator/types.ts'
import { choiceToApi, type People, stepToApi } from './ledger-step-views.ts'

export type StatusAnswer = Answers['status']

/** Bytes of a transaction's data that a list shows. */
const dataShownBytes = 4_096

// ---- names

export interface LedgerNames {
  person(address: Address): PersonDid | undefined
  name(address: Address | undefined): string
  isSelf(address: Address): boolean
  isValidator(address: Address): boolean
  /** Of members and validators, sorted. */
  addresses(): readonly Address[]
}

export function namesOf(facts: LedgerFacts, communities: Pick<Communities, 'get'>): LedgerNames {
  const { state } = communities.get(facts.community)
  const members = new Map<Address, PersonDid>()
  const validators = new Map<Address, PersonDid>()
  for (const { person, address } of facts.accounts) members.set(address, person)
  for (const { person, address } of facts.willing) validators.set(address, person)
  const all = new Set([...members.keys(), ...validators.keys(), ...(facts.founded?.genesis.validators ?? [])])
  const called = (person: PersonDid | undefined) =>
    person === undefined ? '' : (state?.members.get(person)?.name ?? '')
  const person = (address: Address) => members.get(address) ?? validators.get(address)
  return {
    person,
    name(address) {
      if (address === undefined) return ''
      const name = called(person(address))
      return members.has(address) || name === '' ? name : `${name} (validator)`
    },
    isSelf: (address) => address === facts.account || address === facts.validator,
    isValidator: (address) => validators.has(address) || facts.founded?.genesis.validators.includes(address) === true,
    addresses: () => [...all].sort(),
  }
}

// ---- the whole

export function ledgerToApi(
  facts: LedgerFacts,
  answer: StatusAnswer | undefined,
  { communities, api }: { readonly communities: Pick<Communities, 'get'>; readonly api: string },
): Api.Ledger {
  const names = namesOf(facts, communities)
  const { founded, thread, settings } = facts
  const people: People = communities.get(facts.community).state?.members ?? new Map()
  const state =
    founded === undefined ? 'none' : answer !== undefined ? 'running' : thread?.kind === 'down' ? 'down' : 'opening'
  return {
    community: facts.community,
    founded: founded === undefined ? null : foundedToApi(facts),
    state,
    sentence: sentenceOf(facts, answer?.status, state),
    chain: answer === undefined ? null : chainToApi(answer),
    validators: validatorsToApi(facts, answer?.status, names),
    ...stepToApi(facts, people),
    choice: choiceToApi(facts, people),
    changes: facts.changes.map(({ person, epoch, validators }) => ({
      ...{ person, epoch, validators: [...validators] },
      name: communities.get(facts.community).state?.members.get(person)?.name ?? '',
    })),
    validates: facts.isWilling,
    validator: facts.validator,
    account: facts.account ?? null,
    accounts: facts.accounts.length,
    mayFound: facts.mayFound,
    rpc: `${api}/communities/${facts.community}/rpc`,
    settings: { ...settings, origins: [...settings.origins] },
  }
}

function foundedToApi({ founded, genesisHash }: LedgerFacts): Api.LedgerFounded | null {
  if (founded === undefined) return null
  const { genesis, by, atMs, others } = founded
  const { name, chainId, coin, quota, strangerFee, blockTimeMs, blockGasLimit } = genesis
  return {
    ...{ name, chainId, coin: { ...coin }, by, others, blockTimeMs },
    genesisHash: genesisHash ?? null,
    foundedMs: atMs,
    quota: { gas: quota.gas.toString(), blocks: quota.blocks },
    strangerFee: strangerFee?.toString() ?? null,
    blockGasLimit: blockGasLimit.toString(),
  }
}

function chainToApi({ status, head, oldest }: StatusAnswer): Api.LedgerChain {
  const { height, heightSeen, epoch, view, leader, isOurTurn, quorum, waiting, peers, evidence, stuck } = status
  return {
    ...{ height, heightSeen, epoch, view, isOurTurn, quorum, waiting, peers, evidence },
    head: head.hash,
    timestamp: head.timestamp,
    leader: leader ?? null,
    trusted: status.isTrustedMode,
    voting: { kind: status.voting.kind, sentence: votingSentence(status.voting) },
    sync: { kind: status.sync.kind, sentence: syncSentence(status.sync) },
    stuck: stuck === undefined ? null : { ...stuck },
    oldestBlock: oldest.block,
    oldestState: oldest.state,
  }
}

function validatorsToApi(
  { willing, validator, founded }: LedgerFacts,
  status: LedgerStatus | undefined,
  names: LedgerNames,
): Api.LedgerValidator[] {
  const inSet = new Map<Address, ValidatorStatus | undefined>(
    (founded?.genesis.validators ?? []).map((address) => [address, undefined]),
  )
  if (status !== undefined) {
    inSet.clear()
    for (const one of status.validators) inSet.set(one.address, one)
  }
  const addresses = [...new Set([...inSet.keys(), ...willing.map(({ address }) => address)])]
  return addresses.map((address) => {
    const found = inSet.get(address)
    const offer = willing.find((one) => one.address === address)
    const isSelf = address === validator
    return {
      address,
      person: names.person(address) ?? null,
      name: names.name(address).replace(/ \(validator\)$/, ''),
      peerId: offer?.peerId ?? (found?.peer as string | undefined) ?? null,
      inSet: inSet.has(address),
      willing: offer !== undefined,
      isSelf,
      online: isSelf || found?.isConnected === true,
      height: found?.height ?? null,
      heardMsAgo: found?.heardMsAgo === undefined ? null : Math.max(0, Math.round(found.heardMsAgo)),
    }
  })
}

// ---- sentences

function sentenceOf(facts: LedgerFacts, status: LedgerStatus | undefined, state: Api.Ledger['state']): string {
  if (state === 'none') {
    const { length } = facts.willing
    return `This community has no ledger. ${length} of its computers ${length === 1 ? 'offers' : 'offer'} to validate.`
  }
  if (facts.thread?.kind === 'down') return `The ledger is not running: ${facts.thread.error.message}`
  if (status === undefined) return 'The chain is being opened.'
  if (status.stuck !== undefined) return status.stuck.sentence
  if (status.sync.kind !== 'level') return syncSentence(status.sync)
  const count = status.validators.length
  if (!status.isTrustedMode) return `It goes on: ${count} validators decide, ${status.quorum} of them have to agree.`
  const who = count === 1 ? 'one validator decides' : `${count} validators decide`
  return `Trusted mode: ${who}, and none may fail or lie. With four or more, one could.`
}

function votingSentence(voting: VotingState): string {
  switch (voting.kind) {
    case 'follower':
      return 'This computer follows; it does not vote.'
    case 'voting':
      return 'This computer votes.'
    case 'asking':
      return `This computer asks the others what it last said before it votes: ${voting.answered} of ${voting.needed} answered.`
    case 'stopped':
      return voting.sentence
  }
}

function syncSentence(sync: SyncState): string {
  switch (sync.kind) {
    case 'level':
      return 'It has every final block that is known.'
    case 'blocks':
      return `Blocks ${sync.from} to ${sync.to} are being fetched.`
    case 'epochs':
      return `It learns who decides: epoch ${sync.epoch}.`
    case 'snapshot':
      return `The state at block ${sync.height} is being fetched: ${sync.done} of ${sync.chunks} parts.`
    case 'confirming':
      return `The invitation is old, so validators are asked: ${sync.agreed} of ${sync.needed} agree.`
  }
}

/** What a proof file says, in a sentence. */
export function provenSentence(proven: Proven): string {
  return [claimSentence(proven), ...proven.recoveries.map(recoverySentence)].join(' ')
}

function recoverySentence({ epoch, height, fingerprint, signatures, validators }: ProvenRecovery): string {
  const who = `${signatures} of ${validators} validators, less than a quorum,`
  return (
    `This rests on a recovery: ${who} said that the others were gone for good after block ${height}, and who decides from epoch ` +
    `${epoch} on. It proves nothing to you unless people you trust confirm its fingerprint: ${fingerprint}.`
  )
}

function claimSentence({ claim, height, coin, validators, signatures, name }: Proven): string {
  const final = `${signatures} of ${validators} validators of ${name} made block ${height} final`
  if (claim.kind === 'balance') {
    return `${final}; in it ${claim.address} has ${coinText(claim.wei)} ${coin.symbol}.`
  }
  const what = claim.succeeded ? 'was done' : 'is in it and failed'
  const to = claim.to === undefined ? 'a new contract' : claim.to
  return `${final}; the transaction from ${claim.from} to ${to} over ${coinText(claim.wei)} ${coin.symbol} ${what}.`
}

/** 18 decimals, without zeros at the end. */
function coinText(wei: bigint): string {
  const digits = wei.toString().padStart(19, '0')
  const [whole, part] = [digits.slice(0, -18), digits.slice(-18).replace(/0+$/, '')]
  return part === '' ? whole : `${whole}.${part}`
}

// ---- explorer

export function blockToApi(block: BlockFacts, names: LedgerNames): Api.LedgerBlock {
  return {
    ...block,
    gasUsed: block.gasUsed.toString(),
    gasLimit: block.gasLimit.toString(),
    proposerName: names.name(block.proposer),
  }
}

export function transactionToApi(one: TransactionFacts, names: LedgerNames): Api.LedgerTransaction {
  const { hash, index, type, from, to, data, created, logs } = one
  return {
    ...{ hash, type, from },
    state: one.height === undefined ? 'waiting' : one.succeeded === false ? 'failed' : 'done',
    height: one.height ?? null,
    block: one.block ?? null,
    timestamp: one.timestamp ?? null,
    index: index ?? null,
    fromName: names.name(from),
    to: to ?? null,
    toName: names.name(to),
    value: one.value.toString(),
    nonce: one.nonce.toString(),
    gasLimit: one.gasLimit.toString(),
    gasUsed: one.gasUsed?.toString() ?? null,
    gasPrice: one.gasPrice?.toString() ?? null,
    created: created ?? null,
    data: `0x${toHex(data.subarray(0, dataShownBytes))}`,
    dataBytes: data.length,
    logs: logs ?? null,
  }
}

export function accountToApi(account: AccountFacts, names: LedgerNames): Api.LedgerAccount {
  const { address, balance, nonce, codeBytes } = account
  return {
    ...{ address, codeBytes },
    person: names.person(address) ?? null,
    name: names.name(address),
    isSelf: names.isSelf(address),
    validator: names.isValidator(address),
    balance: balance.toString(),
    nonce: nonce.toString(),
  }
}
