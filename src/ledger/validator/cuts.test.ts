// A validator's files cut at places that a seed chooses, in a cluster that goes on. `npm run faults -- --cuts` cuts at all of them.

import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { CutCluster, type CutFile } from '../../../test/support/ledger-cuts.ts'

const files: readonly CutFile[] = ['chain', 'votes', 'journal', 'guard']

test('chain, journal, vote log and guard cut: it mends or says so, comes level, and never contradicts itself', async (t) => {
  const cluster = new CutCluster(mkdtempSync(join(tmpdir(), 'peerhood-cuts-')), 'cuts')
  t.after(() => cluster.close())
  const random = createRandom('cuts')
  await cluster.begin()
  const outcomes = new Set<string>()
  for (let round = 0; round < 12; round++) {
    const file = files[round % files.length] ?? 'chain'
    outcomes.add(`${file} ${await cluster.cut(file, random.pick(cluster.places(file)))}`)
    assert.deepEqual(cluster.contradictions, [])
  }
  assert.equal(cluster.evidence(), 0)
  assert.ok(outcomes.has('guard files_damaged'))
  assert.ok(outcomes.has('votes opened'))
})
