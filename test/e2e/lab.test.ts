// A few pairs of `npm run lab`, so that the lab itself keeps working: two homes that must open holes to each other, and two
// that have to stay on a relay. Where the lab can't run, it says why, and this is skipped.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { whyNot } from '../../lab/alone.ts'
import type { Measured } from '../../lab/pairs.ts'

type Told = ({ event: 'pair'; isMet: boolean; note: string | null } & Measured) | { event: 'summary' }

async function runLab(...pairs: readonly string[]): Promise<Map<string, Extract<Told, { event: 'pair' }>>> {
  const file = fileURLToPath(new URL('../../lab/run.ts', import.meta.url))
  const args = [file, '--json', ...pairs.flatMap((pair) => ['--pairs', pair])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let report = ''
  child.stdout.on('data', (chunk) => {
    report += String(chunk)
  })
  await new Promise((resolve) => child.on('close', resolve))
  const told: Told[] = report
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const measured = told.filter((line) => line.event === 'pair')
  return new Map(measured.map((line) => [`${line.a},${line.b}`, line]))
}

const reason = whyNot()
const skip = reason === undefined ? false : reason

test('homes behind routers reach each other, by a hole or a relay', { skip, timeout: 120_000 }, async () => {
  const pairs = ['port,port', 'public,noudp', 'noudp,noudp']
  const found = await runLab(...pairs)
  assert.deepEqual([...found.keys()], pairs)
  for (const pair of found.values()) {
    assert.equal(pair.isMet, true, JSON.stringify(pair))
    assert.equal(pair.met, false, 'they had not met before')
  }
  assert.equal(found.get('port,port')?.sides.a.transport, 'udp')
  assert.equal(found.get('noudp,noudp')?.directMs, null, 'nothing but TCP gets out of either')
})
