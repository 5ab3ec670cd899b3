// What the doctor says of ledgers: whether each goes on, who is missing, and what to do.

import { toPeerhoodError } from '../base/errors.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import type { DoctorCheck } from '../network/types.ts'
import type { InStepStanding } from './in-step.ts'
import type { LedgerRoom } from './room.ts'
import type { LedgerStatus } from './validator/types.ts'

export interface DiagnosedLedger {
  readonly community: CommunityId
  readonly name: string
  readonly room: Pick<LedgerRoom, 'host' | 'founded'>
  readonly standing: InStepStanding | undefined
  readonly nameOf: (person: PersonDid) => string
}

export async function diagnoseLedgers(ledgers: readonly DiagnosedLedger[]): Promise<readonly DoctorCheck[]> {
  return (await Promise.all(ledgers.map(diagnose))).flat()
}

async function diagnose(ledger: DiagnosedLedger): Promise<readonly DoctorCheck[]> {
  const { community, name, room } = ledger
  const base = { id: `ledger-${community.slice(0, 10)}`, title: `Ledger of ${name}` }
  const { host, founded } = room
  const conflict = [
    ...(founded.others === 0 ? [] : [conflictCheck(base, founded.others)]),
    ...checkpointChecks(base, ledger),
  ]
  if (host.state.kind === 'down') {
    const { code, message, hint } = host.state.error
    return [{ ...base, state: 'failed', finding: `Its thread ended: ${message} (${code})`, advice: hint }, ...conflict]
  }
  if (host.state.kind !== 'ready') return [{ ...base, state: 'skipped', finding: 'It is being opened.' }, ...conflict]
  try {
    const { status } = await host.ask({ what: 'status' })
    return [statusCheck(base, status, host.ends, host.repairs), ...conflict]
  } catch (error) {
    const { message, hint } = toPeerhoodError(error)
    return [{ ...base, state: 'failed', finding: message, advice: hint }, ...conflict]
  }
}

type Base = Pick<DoctorCheck, 'id' | 'title'>

function conflictCheck(base: Base, others: number): DoctorCheck {
  return {
    id: `${base.id}-founded`,
    title: base.title,
    state: 'warning',
    finding: `It was founded ${others + 1} times; this computer follows the founding that it saw first.`,
    advice: 'Compare the genesis hash in `peerhood ledger status` with the others, and found no second ledger.',
  }
}

/** Words that the chain here contradicts, and a majority that does. */
function checkpointChecks(base: Base, { standing, nameOf }: DiagnosedLedger): readonly DoctorCheck[] {
  const advice =
    'Ask them which program they run; compare the genesis hash and the newest block in `peerhood ledger status`.'
  const check = { id: `${base.id}-checkpoint`, title: base.title, advice }
  const { refused, judged = [] } = standing ?? {}
  if (refused !== undefined) return [{ ...check, state: 'failed', finding: `${refused.sentence} (${refused.code})` }]
  const liars = new Set(judged.filter(({ verdict }) => verdict === 'contradicts').map(({ person }) => nameOf(person)))
  if (liars.size === 0) return []
  const finding = `${[...liars].join(', ')} told the community a checkpoint that is not in this chain; it is not believed.`
  return [{ ...check, state: 'warning', finding: `${finding} (ledger_checkpoint_contradicted)` }]
}

function statusCheck(base: Base, status: LedgerStatus, ends: number, repairs: readonly string[]): DoctorCheck {
  const { height, validators, voting, stuck, isTrustedMode } = status
  const online = validators.filter(({ isConnected, isSelf }) => isConnected || isSelf).length
  const mended = repairs.length === 0 ? '' : ` At the start: ${repairs.join(' ')}`
  const again = ends === 0 ? '' : ` Its thread ended by itself ${ends} times since the start; the log says why.`
  const facts = `Height ${height}, ${online} of ${validators.length} validators online.${again}${mended}`
  if (voting.kind === 'stopped') {
    return {
      ...base,
      state: 'failed',
      finding: `${voting.sentence} ${facts}`,
      advice: 'Do what the sentence says, then look again.',
    }
  }
  if (stuck !== undefined) {
    const advice = 'Ask those who are missing to start Peerhood; it goes on by itself once enough are there.'
    return { ...base, state: 'warning', finding: `${stuck.sentence} ${facts}`, advice }
  }
  if (isTrustedMode) {
    const advice = 'Let four or more computers validate, so that one may fail or lie.'
    return { ...base, state: 'warning', finding: `Trusted mode: no validator may fail or lie. ${facts}`, advice }
  }
  return {
    ...base,
    state: ends > 0 ? 'warning' : 'ok',
    finding: facts,
    ...(ends > 0 ? { advice: 'Send us the log.' } : {}),
  }
}
