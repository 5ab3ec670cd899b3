import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../../../test/support/api.ts'
import { runIn } from '../../../test/support/cli.ts'

test('notifications are switched on and off, tried, and told of', async () => {
  await using api = await startApi({})
  const run = (...args: string[]) => runIn(api.client, ['notify', ...args])
  assert.match((await run()).stdout, /^on: /)
  assert.equal((await run('test')).stdout, 'One is shown on the desktop now.\n')
  assert.match((await run('off')).stdout, /^off: They are switched off\.\n$/)
  assert.equal((await api.client.settings.get()).notifications, false)
  const failed = await run('test', '--json')
  assert.deepEqual([failed.code, failed.json<{ code: string }>()[0]?.code], [6, 'notify_failed'])
  const [state] = (await run('on', '--json')).json<{ on: boolean; possible: boolean }>()
  assert.deepEqual([state?.on, state?.possible], [true, true])
  assert.equal((await run('loudly')).code, 2)
})
