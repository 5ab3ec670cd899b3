// Where the node is and, when it doesn't go on, why: in words that name who is missing.

import type { Chain } from '../chain/types.ts'
import { quorumOf } from '../consensus/certificate-core.ts'
import type { Standing } from '../consensus/types.ts'
import type { Address } from '../types.ts'
import { recoverySentence } from './errors.ts'
import { missingAfterMs, stuckAfterMs } from './limits.ts'
import type { Peers } from './peers.ts'
import type { LedgerStatus, SyncState, ValidatorStatus, VotingState } from './types.ts'

export interface StatusSources {
  readonly chain: Chain
  readonly peers: Peers
  readonly self: Address | undefined
  readonly standing: Standing | undefined
  readonly voting: VotingState
  readonly sync: SyncState
  readonly evidence: number
  readonly isDiskFailing: boolean
  readonly isRecoveryUnknown: boolean
  /** For how long something waits while nothing became final; undefined: nothing waits. */
  readonly waitingMs: number | undefined
}

/** Fewer bear no fault (f = ⌊(n−1)/3⌋). */
export const trustedBelow = 4

export function statusOf(sources: StatusSources): LedgerStatus {
  const { chain, peers, self, standing, voting, sync, evidence } = sources
  const head = chain.head()
  const set = chain.validators()
  const validators = set.validators.map((address) => validatorOf(address, sources))
  const heights = peers.all().map(({ progress }) => progress?.height ?? 0)
  const { pending } = chain.pool.content()
  return {
    chainId: chain.genesis.chainId,
    genesisHash: chain.genesisHash,
    height: head.height,
    head: head.hash,
    epoch: set.epoch,
    view: standing?.view ?? Math.max(0, ...peers.all().map(({ progress }) => viewIn(progress, set.epoch))),
    leader: standing?.leader,
    isOurTurn: standing !== undefined && standing.leader === self,
    validators,
    quorum: quorumOf(set.validators.length),
    voting,
    heightSeen: Math.max(head.height, ...heights),
    sync,
    waiting: [...pending.values()].reduce((sum, list) => sum + list.length, 0),
    isTrustedMode: set.validators.length < trustedBelow,
    stuck: stuckOf(sources, validators),
    evidence,
    peers: peers.size,
  }
}

function viewIn(progress: { readonly epoch: number; readonly view: number } | undefined, epoch: number): number {
  return progress?.epoch === epoch ? progress.view : 0
}

function validatorOf(address: Address, { peers, self, chain }: StatusSources): ValidatorStatus {
  const peer = peers.nameOf(address)
  const isSelf = address === self
  return {
    address,
    isSelf,
    peer,
    isConnected: isSelf || peer !== undefined,
    heardMsAgo: isSelf ? 0 : peers.heardMsAgo(address),
    height: isSelf ? chain.head().height : peers.heightOf(address),
  }
}

export function missingOf(validators: readonly ValidatorStatus[], waitingMs: number): readonly ValidatorStatus[] {
  const isSilent = (ms: number | undefined) =>
    waitingMs > missingAfterMs && (ms ?? Number.POSITIVE_INFINITY) > missingAfterMs
  return validators.filter(({ isSelf, isConnected, heardMsAgo }) => !isSelf && (!isConnected || isSilent(heardMsAgo)))
}

/** Also where nothing waits: without the file nothing comes any more. */
export const recoveryIsUnknown = {
  code: 'recovery_unknown',
  sentence: `${recoverySentence} If people of the community agreed on that, ask one you trust for the file; else this is a lie.`,
} as const

function askingSentence({ answered, needed, missing }: VotingState & { kind: 'asking' }, bearable: number): string {
  return (
    `This validator was restored or lost its votes, so ${needed} others have to say what they heard of it; ${answered} did. ` +
    `No answer came from ${missing.join(', ')}: one that was restored as well gives none. ` +
    `Where more than ${bearable} were restored, people have to decide: docs/ledger-faults.md.`
  )
}

function stuckOf(sources: StatusSources, validators: readonly ValidatorStatus[]): LedgerStatus['stuck'] {
  const { voting, sync, waitingMs, isDiskFailing, standing } = sources
  if (isDiskFailing) {
    const sentence = 'The disk takes nothing, so this validator does not vote; it goes on by itself when there is room.'
    return { code: 'disk_failing', sentence }
  }
  if (voting.kind === 'stopped') return { code: 'voting_stopped', sentence: voting.sentence }
  if (sources.isRecoveryUnknown) return recoveryIsUnknown
  if (waitingMs === undefined || waitingMs < stuckAfterMs) return undefined
  const missing = missingOf(validators, waitingMs)
  const bearable = validators.length - quorumOf(validators.length)
  if (missing.length > bearable) {
    const names = missing.map(({ address }) => address).join(', ')
    const sentence = `${missing.length} of ${validators.length} validators are missing: ${names}. At most ${bearable} may be; it goes on by itself when they are back.`
    return { code: 'validators_missing', sentence }
  }
  if (sync.kind !== 'level') return { code: 'catching_up', sentence: 'This node is catching up with the others.' }
  if (voting.kind === 'asking') return { code: 'not_agreeing', sentence: askingSentence(voting, bearable) }
  const silent = standing?.silent ?? []
  const who =
    silent.length > bearable
      ? `no vote came from ${silent.join(', ')}`
      : 'the connections may be slow, or one is faulty'
  return { code: 'not_agreeing', sentence: `Enough validators are connected, but they do not agree yet: ${who}.` }
}
