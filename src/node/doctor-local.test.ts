import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from './adapters.ts'
import { openDatabase } from './database.ts'
import { diagnoseComputer, type LocalDoctorParts } from './doctor-local.ts'
import { noticesMax } from './limits.ts'
import { Notices } from './notices.ts'
import { temporaryHome } from './testing.ts'
import { checksToReport } from './views.ts'

async function diagnose(t: TestContext, change: (parts: LocalDoctorParts) => Partial<LocalDoctorParts> = () => ({})) {
  const home = temporaryHome(t)
  writeFileSync(home.keystore, '{}', { mode: 0o600 })
  const { database, close } = openDatabase({ path: home.database, clock: systemClock })
  t.after(close)
  const parts: LocalDoctorParts = {
    home,
    clock: systemClock,
    database,
    downloads: () => join(home.folder, 'downloads'),
    lastClockJumpMs: () => 0,
    strayErrors: () => [],
  }
  const checks = await diagnoseComputer({ ...parts, ...change(parts) })
  return { checks, state: (id: string) => checks.find((check) => check.id === id)?.state }
}

test('a sound computer has nothing to mend', async (t) => {
  const { checks } = await diagnose(t)
  const troubled = checks.filter((check) => check.state !== 'ok' && check.id !== 'watches')
  assert.deepEqual(troubled, [])
})

test('a clock behind what this computer wrote, and one that jumped, are told', async (t) => {
  const early = { ...systemClock, nowMs: () => 1_000_000_000_000 }
  assert.equal((await diagnose(t, () => ({ clock: early }))).state('clock'), 'failed')
  assert.equal((await diagnose(t, () => ({ lastClockJumpMs: () => 3_600_000 }))).state('clock'), 'warning')
})

test('an exposed keystore, a folder that can not be written and stray errors are told, each with advice', async (t) => {
  const { checks, state } = await diagnose(t, ({ home }) => {
    chmodSync(home.keystore, 0o644)
    const downloads = () => join(home.keystore, 'below a file')
    return { downloads, strayErrors: () => [{ atMs: 0, message: 'Error: x' }] }
  })
  assert.equal(state('keystore'), 'failed')
  assert.equal(state('disk-downloads'), 'failed')
  assert.equal(state('stray-errors'), 'warning')
  for (const check of checks) if (check.state !== 'ok') assert.ok(check.advice, check.id)
  assert.equal(checksToReport(checks).state, 'failed')
})

test('a report is as bad as its worst check, and what was skipped has no say', () => {
  const check = (state: 'ok' | 'warning' | 'skipped') => ({ id: state, title: '', state, finding: '' })
  assert.equal(checksToReport([check('ok'), check('skipped')]).state, 'ok')
  assert.equal(checksToReport([check('ok'), check('warning')]).state, 'warning')
  assert.equal(checksToReport([check('ok')]).checks[0]?.advice, null)
})

test('notices: the latest of each code stands, and there are never too many', () => {
  const notices = new Notices()
  const seen: string[] = []
  notices.on((notice) => seen.push(notice.code))
  notices.add({ code: 'a', sentence: 'first', advice: null })
  notices.add({ code: 'a', sentence: 'second', advice: null })
  assert.deepEqual(notices.list(), [{ code: 'a', sentence: 'second', advice: null }])
  for (let index = 0; index < noticesMax; index++) notices.add({ code: `n${index}`, sentence: '', advice: null })
  assert.equal(notices.list().length, noticesMax)
  assert.equal(notices.list()[0]?.code, 'n0')
  assert.equal(seen.length, noticesMax + 2)
})
