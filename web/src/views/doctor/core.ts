// The doctor's report in words. Pure.

import type { DoctorReport } from '../../../../src/sdk/types.ts'
import type { IconName } from '../../ui/icon.tsx'
import type { Tone } from '../../ui/parts.tsx'

type CheckState = DoctorReport['checks'][number]['state']

export const checkLooks: Readonly<Record<CheckState, { icon: IconName; tone: Tone; word: string }>> = {
  ok: { icon: 'check', tone: 'good', word: 'Good' },
  warning: { icon: 'warning', tone: 'warn', word: 'Could be better' },
  failed: { icon: 'close', tone: 'bad', word: 'Does not work' },
  skipped: { icon: 'skip', tone: 'calm', word: 'Not checked' },
}

export function summaryText({ checks }: DoctorReport): string {
  const failed = checks.filter(({ state }) => state === 'failed').length
  const warnings = checks.filter(({ state }) => state === 'warning').length
  if (failed + warnings === 0) return 'Everything that was checked works.'
  const parts = [
    failed > 0 ? `${failed} ${failed === 1 ? 'thing does' : 'things do'} not work` : '',
    warnings > 0 ? `${warnings} could be better` : '',
  ]
  return `${parts.filter((part) => part !== '').join(', ')}.`
}

/** What needs doing comes first; the order of the daemon otherwise. */
export function sortChecks(checks: DoctorReport['checks']): DoctorReport['checks'] {
  const order: readonly CheckState[] = ['failed', 'warning', 'ok', 'skipped']
  return [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
}

/** The report as plain text, to send to somebody who helps. */
export function reportText(report: DoctorReport, version: string): string {
  const lines = report.checks.flatMap(({ state, title, finding, advice }) => [
    `[${state}] ${title}: ${finding}`,
    ...(advice === null ? [] : [`    ${advice}`]),
  ])
  return [`Peerhood ${version}: ${summaryText(report)}`, ...lines].join('\n')
}
