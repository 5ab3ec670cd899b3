import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorReport } from '../../../../src/sdk/types.ts'
import { reportText, sortChecks, summaryText } from './core.ts'

const check = (id: string, state: 'ok' | 'warning' | 'failed' | 'skipped', advice: string | null = null) => ({
  id,
  title: id,
  state,
  finding: `${id} was looked at.`,
  advice,
})
const report: DoctorReport = {
  state: 'failed',
  checks: [check('clock', 'ok'), check('nat', 'warning', 'Open a port.'), check('disk', 'failed')],
}

test('the summary counts what needs doing', () => {
  assert.equal(summaryText(report), '1 thing does not work, 1 could be better.')
  assert.equal(
    summaryText({ state: 'ok', checks: [check('clock', 'ok'), check('dht', 'skipped')] }),
    'Everything that was checked works.',
  )
})

test('what needs doing comes first', () => {
  assert.deepEqual(
    sortChecks(report.checks).map(({ id }) => id),
    ['disk', 'nat', 'clock'],
  )
})

test('the report can be sent as text', () => {
  assert.deepEqual(reportText(report, '1.2.3').split('\n'), [
    'Peerhood 1.2.3: 1 thing does not work, 1 could be better.',
    '[ok] clock: clock was looked at.',
    '[warning] nat: nat was looked at.',
    '    Open a port.',
    '[failed] disk: disk was looked at.',
  ])
})
