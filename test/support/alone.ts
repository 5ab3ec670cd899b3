// Runs a test file a second time in namespaces of its own, where it may lay cables and give itself any address, and
// nothing outside sees what it does. Needs no rights where users may have such namespaces; else the caller skips.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

const inside = 'PEERHOOD_TEST_ALONE'

/** Whether this process is the one inside. */
export const isAlone = process.env[inside] !== undefined

/** `setUp`: shell commands run in there first; where they fail the test is skipped. `file`: the test file itself. */
export async function runAlone(t: TestContext, setUp: string, file: string): Promise<void> {
  const unshare = (...command: string[]) => ['-Urnm', 'sh', '-c', `set -e\n${setUp}\nexec "$@"`, 'sh', ...command]
  if (process.platform !== 'linux' || spawnSync('unshare', unshare('true')).status !== 0) {
    t.skip('this user may not have a network namespace of their own')
    return
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn('unshare', unshare(process.execPath, '--test-reporter=tap', file), {
    env: { ...env, [inside]: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let report = ''
  child.stdout.on('data', (chunk) => {
    report += String(chunk)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(code, 0, report)
  assert.match(report, /# pass [1-9]/)
  assert.match(report, /# skipped 0/)
}
