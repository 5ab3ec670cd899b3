// Keeps the chain of one ledger in step with its community: whoever comes is let in, whoever goes is taken out, validators that
// were agreed on take over, checkpoints are said and believed. The log says what is wanted (announced.ts), the chain's thread what
// is so; this asks the thread, and writes into the log what it answers.
//
//   log or chain is new ──► look ──► admit, change, membership, believe, judge (thread)
//                                          └──► a word of this validator ──► log, within a budget
//
// Must stay true: nothing is said for this computer but what the thread answered from this computer's own log; the budget bounds
// what anybody can make it write.

import { TokenBucket } from '../base/bounded.ts'
import { toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import type { CommunityId } from '../log/types.ts'
import type { Announced, SaidCheckpoint } from './announced.ts'
import { believedOf, type Standing, standingsOf } from './checkpoint-core.ts'
import type { Host } from './host.ts'
import { checkpointsJudgedMax, memberWordEveryMs, memberWordRetryMs, memberWordsBurst } from './limits.ts'
import type { CheckpointVerdict, Membership, SignedMembers } from './thread/messages.ts'
import type { Address } from './types.ts'
import type { Checkpoint } from './validator/types.ts'

export interface InStepParts {
  readonly community: CommunityId
  readonly announced: Announced
  readonly host: Pick<Host, 'state' | 'ask'>
  readonly clock: Clock
  readonly log: Log
  /** This device's validator address and its key. */
  readonly address: Address
  secret(): Uint8Array
  /** Something of `standing` is another. */
  changed(): void
}

export interface JudgedCheckpoint extends SaidCheckpoint {
  readonly verdict: CheckpointVerdict
}

export interface InStepStanding {
  /** Undefined: not known yet, or in light mode. */
  readonly membership: Membership | undefined
  /** Newest first. */
  readonly checkpoints: readonly Standing[]
  readonly judged: readonly JudgedCheckpoint[]
  /** Why the checkpoint that most believe is not taken here; undefined: it is. */
  readonly refused: { readonly code: string; readonly sentence: string } | undefined
}

export interface InStep {
  readonly standing: InStepStanding
  /** The log is another, or the thread is ready. */
  look(): void
  /** There is a new final block. */
  head(height: number): void
  /** The thread names a block to be told. */
  tell(checkpoint: Checkpoint): void
  stop(): void
}

/** What the log makes one believe before the thread is there. */
export function believedIn(announced: Announced, community: CommunityId): Checkpoint | undefined {
  return believedOf(readCheckpoints(announced, community).standings)
}

function readCheckpoints(announced: Announced, community: CommunityId) {
  const willing = new Set(announced.willing(community).map(({ person }) => person))
  const counted = announced.checkpoints(community).filter(({ person }) => willing.has(person))
  const said = counted.slice(0, checkpointsJudgedMax)
  return { said, standings: standingsOf(said, willing) }
}

export function createInStep(parts: InStepParts): InStep {
  const { community, announced, host, clock, log } = parts
  const budget = new TokenBucket({
    perSecond: 1000 / memberWordEveryMs,
    burst: memberWordsBurst,
    nowMs: clock.monotonicMs(),
  })
  const warned = new Set<string>()
  let standing: InStepStanding = { membership: undefined, checkpoints: [], judged: [], refused: undefined }
  /** Where accounts of members are not in yet, as far as is known. */
  let isOutside = true
  let believed: Checkpoint | undefined
  let lastSaid = ''
  let headHeight = 0
  let retry: Cancel | undefined
  let isLooking = false
  let isWanted = false
  let isStopped = false

  const isReady = () => !isStopped && host.state.kind === 'ready'

  /** One look after the other; what happens meanwhile is looked at once more. */
  async function lookAll(): Promise<void> {
    isWanted = true
    if (isLooking) return
    isLooking = true
    while (isWanted && isReady()) {
      isWanted = false
      for (const work of [change, membership, checkpoints]) {
        await work().catch((error: unknown) => log.debug('ledger_not_in_step', { community, how: codeOf(error) }))
      }
    }
    isLooking = false
  }

  /** Members' accounts are let in by validators; asked again with each block until all are in. */
  function admit(): void {
    const accounts = announced.accounts(community).map(({ address }) => address)
    if (!isReady() || accounts.length === 0) return
    isOutside = true
    host.ask({ what: 'admit', accounts }).then(
      (left) => {
        isOutside = left.length > 0
      },
      (error: unknown) => log.debug('ledger_not_admitted', { community, how: codeOf(error) }),
    )
  }

  /** Tells the thread who said what of who is to follow; it knows whose word counts, and how many are needed. */
  async function change(): Promise<void> {
    const changes = announced.changes(community).map(({ person: _, ...signed }) => signed)
    if (changes.length > 0) await host.ask({ what: 'change', changes })
  }

  async function membership(): Promise<void> {
    const words = announced.memberWords(community).map(({ person: _, ...signed }) => signed)
    const addressesOf = (all: readonly { readonly address: Address }[]) => all.map(({ address }) => address)
    const found = await host.ask({
      ...{ what: 'membership', words, gone: addressesOf(announced.gone(community)) },
      present: addressesOf(announced.accounts(community)),
    })
    update({ membership: found })
    if (found?.say !== undefined) await sayMembers(found.say)
  }

  async function sayMembers(word: SignedMembers): Promise<void> {
    const text = JSON.stringify([word.change, word.admitted, word.removed])
    if (text === lastSaid) return
    if (!budget.take(clock.monotonicMs())) {
      retry ??= clock.after(memberWordRetryMs, () => {
        retry = undefined
        void lookAll()
      })
      return
    }
    lastSaid = text
    await announced.sayMembers(community, word)
    log.info('ledger_members_signed', { community, admitted: word.admitted.length, removed: word.removed.length })
  }

  async function checkpoints(): Promise<void> {
    const { said, standings } = readCheckpoints(announced, community)
    if (said.length === 0 && standing.judged.length === 0) return
    const newest = believedOf(standings)
    if (newest !== undefined && JSON.stringify(newest) !== JSON.stringify(believed)) {
      believed = newest
      update({ refused: await refusalOf(newest) })
    }
    const verdicts = await host.ask({ what: 'judge', checkpoints: said.map(({ checkpoint }) => checkpoint) })
    const judged = said.map((one, place) => ({ ...one, verdict: verdicts[place] ?? 'unknown' }) as const)
    for (const one of judged) if (one.verdict === 'contradicts') warn(one)
    update({ checkpoints: standings, judged })
  }

  async function refusalOf(checkpoint: Checkpoint): Promise<InStepStanding['refused']> {
    try {
      await host.ask({ what: 'believe', checkpoint })
      return undefined
    } catch (error) {
      const { code, message } = toPeerhoodError(error)
      log.warn(code, { community, message })
      return { code, sentence: message }
    }
  }

  function warn({ person, checkpoint }: SaidCheckpoint): void {
    const key = `${person} ${checkpoint.height} ${checkpoint.block}`
    if (warned.has(key) || warned.size >= checkpointsJudgedMax) return
    warned.add(key)
    log.warn('ledger_checkpoint_contradicted', { community, person, height: checkpoint.height })
  }

  function update(news: Partial<InStepStanding>): void {
    const next = { ...standing, ...news }
    const isOther = textOf(next) !== textOf(standing)
    standing = next
    if (isOther) parts.changed()
  }

  return {
    get standing() {
      return standing
    },
    look() {
      admit()
      void lookAll()
    },
    head(height) {
      const isFirst = headHeight === 0
      const before = headHeight
      headHeight = height
      if (isFirst || isOutside) admit()
      const { membership: known, judged } = standing
      const isBehind = known === undefined || known.leaving.length + known.joining > 0
      const isJudgeable = judged.some(
        ({ verdict, checkpoint }) => verdict === 'unknown' && checkpoint.height > before && checkpoint.height <= height,
      )
      if (isFirst || isBehind || isJudgeable) void lookAll()
    },
    tell(checkpoint) {
      const { address } = parts
      const isWilling = announced.willing(community).some((one) => one.address === address)
      const isSaid = announced
        .checkpoints(community)
        .some((one) => one.address === address && one.checkpoint.height >= checkpoint.height)
      if (!isWilling || isSaid) return
      announced
        .sayCheckpoint(community, { secret: parts.secret(), checkpoint })
        .catch((error: unknown) => log.warn('ledger_checkpoint_not_said', { community, code: codeOf(error) }))
    },
    stop() {
      isStopped = true
      retry?.()
    },
  }
}

const codeOf = (error: unknown) => toPeerhoodError(error).code

/** Signatures differ in nothing that is seen. */
function textOf(standing: InStepStanding): string {
  return JSON.stringify(standing, (key, value) => (key === 'say' ? undefined : value))
}
