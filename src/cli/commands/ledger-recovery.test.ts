// `peerhood ledger recovery`, against in-memory services: two validators, of which one is gone.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startApi, type TestApi, testToken } from '../../../test/support/api.ts'
import { runIn } from '../../../test/support/cli.ts'
import { createPeerhood } from '../../sdk/client.ts'
import type { LedgerRecovery, LedgerRecoveryFile } from '../../sdk/types.ts'

let api: TestApi
let folder = ''
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerhood-recovery-'))
  api = await startApi()
  await api.client.communities.found({ name: 'Village', memberName: 'Ada' })
  await api.client.ledger.found((await api.client.communities.list())[0]?.id ?? '')
})
after(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

const run = (...args: readonly string[]) => runIn(api.client, ['ledger', 'recovery', ...args], { workFolder: folder })

test('state, sign, show, confirm, forget', async () => {
  assert.match(
    (await run('status')).stdout,
    /^state +1 of 2 [\s\S]*\naway +Grace \([\s\S]*\nto sign +1 of the 2 at least\n/,
  )
  const [status] = (await run('status', '--json')).json<LedgerRecovery>()
  const self = status?.candidates[0]?.address ?? ''
  const made = await run('state', '--validators', self, '--to', 'village.recovery')
  assert.match(made.stdout, /\nsigned +nobody\n[\s\S]*Written to village\.recovery\./, made.stderr)
  // Before anybody signed, nothing may be confirmed.
  const [file] = (await run('show', 'village.recovery', '--json')).json<LedgerRecoveryFile>()
  const fingerprint = file?.fingerprint ?? ''
  assert.equal((await run('confirm', 'village.recovery', '--fingerprint', fingerprint)).code, 5)
  assert.equal((await run('sign', 'village.recovery')).code, 2, 'it asks who is gone')
  const signed = await run('sign', 'village.recovery', '--yes')
  assert.match(signed.stdout, /\nsigned +Ada \(.*, this computer\n[\s\S]*enough have signed/, signed.stderr)
  const shown = await run('show', 'village.recovery')
  assert.match(shown.stdout, /\ndid not sign +Grace \(.*\nfingerprint +([0-9a-f]{4} ){7}[0-9a-f]{4}\n/)
  assert.equal((await run('confirm', 'village.recovery')).code, 2, 'it asks for the fingerprint')
  assert.equal((await run('confirm', 'village.recovery', '--fingerprint', fingerprint.replace(/^./, 'x'))).code, 5)
  const confirmed = await run('confirm', 'village.recovery', '--fingerprint', fingerprint)
  assert.match(confirmed.stdout, /^Confirmed\. [\s\S]*\nconfirmed +for epoch 1, /)
  assert.match((await run('forget', '1', '--yes')).stdout, /to sign/)
})

test('what makes no sense, and an API token alone', async () => {
  writeFileSync(join(folder, 'empty.recovery'), '')
  writeFileSync(join(folder, 'other.recovery'), 'no such file')
  for (const args of [
    ['state', '--to', 'x'],
    ['state', '--validators', '0x00'],
    ['show', 'missing.recovery'],
    ['show', 'empty.recovery'],
    ['forget', 'one', '--yes'],
  ]) {
    assert.equal((await run(...args)).code, 2, args.join(' '))
  }
  assert.equal((await run('show', 'other.recovery')).code, 5)
  assert.equal((await run('state', '--validators', '0x00', '--to', 'no/such/folder')).code, 6)
  const program = createPeerhood({ url: api.url, token: testToken })
  const [community] = await program.communities.list()
  const id = community?.id ?? ''
  const file = `0x${readFileSync(join(folder, 'village.recovery')).toString('hex')}`
  const refused = { code: 'ledger_recovery_not_confirmed', kind: 'refused' }
  await assert.rejects(program.ledger.recovery.sign(id, { file }), refused)
  await assert.rejects(program.ledger.recovery.confirm(id, { file, fingerprint: '0' }), refused)
  await assert.rejects(program.ledger.recovery.forget(id, { epoch: 1 }), refused)
})
