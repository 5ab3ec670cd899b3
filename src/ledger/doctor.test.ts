// What the doctor says of checkpoints that the community's log holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId } from '../log/types.ts'
import { type DiagnosedLedger, diagnoseLedgers } from './doctor.ts'
import type { InStepStanding } from './in-step.ts'

const community = 'c'.repeat(64) as CommunityId

async function checks(standing: Partial<InStepStanding>) {
  const whole = { membership: undefined, checkpoints: [], judged: [], refused: undefined, ...standing }
  const room = { host: { state: { kind: 'starting' } }, founded: { others: 0 } } as unknown as DiagnosedLedger['room']
  return diagnoseLedgers([{ community, name: 'Village', room, standing: whole, nameOf: () => 'Mallory' }])
}

test('who told a checkpoint that is not in the chain is named; a majority that did is worse', async () => {
  assert.equal((await checks({})).length, 1)
  const person = 'did:key:zMallory' as PersonDid
  const lie = { person, verdict: 'contradicts', checkpoint: { height: 5 } } as InStepStanding['judged'][number]
  const [, named] = await checks({ judged: [lie, { ...lie, verdict: 'agrees' }] })
  assert.equal(named?.state, 'warning')
  assert.match(named?.finding ?? '', /^Mallory told the community a checkpoint .*\(ledger_checkpoint_contradicted\)$/)
  const [, refused] = await checks({ judged: [lie], refused: { code: 'x', sentence: 'Another block.' } })
  assert.deepEqual([refused?.state, refused?.finding], ['failed', 'Another block. (x)'])
})
