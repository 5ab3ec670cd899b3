import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startApi, type TestApi } from '../../../test/support/api.ts'
import { type CliOptions, runIn } from '../../../test/support/cli.ts'
import { createMemoryHub } from '../../../test/support/services-hub.ts'
import type { Blocked, Contact, Conversation, DirectAsk, DirectRequest } from '../../sdk/types.ts'

let ada: TestApi
let ben: TestApi
let eve: TestApi
before(async () => {
  const hub = createMemoryHub()
  ;[ada, ben, eve] = await Promise.all([startApi({ hub }), startApi({ hub }), startApi({ hub })])
})
after(() => Promise.all([ada.close(), ben.close(), eve.close()]))

const run = (api: TestApi, args: readonly string[], options?: CliOptions) => runIn(api.client, args, options)

async function linkOf(api: TestApi): Promise<string> {
  const [contact] = (await run(api, ['direct', 'link', '--json'])).json<Contact>()
  return contact?.link ?? ''
}

test('a link, a request, yes, and words to and fro', async () => {
  const shown = await run(ben, ['direct', 'link', '--as', 'Ben'])
  assert.match(shown.stdout, /^peerhood:contact\./)
  assert.match(shown.stdout, /as +Ben\nyour words +(\w+ ){5}\w+\nmay ask you +everybody with this link/)
  const inspected = await run(ada, ['link', 'inspect', await linkOf(ben)])
  assert.match(inspected.stdout, /asking a person to talk/)

  const asked = await run(ada, ['direct', 'ask', await linkOf(ben), 'Is the boat', 'for sale?', '--as', 'Ada'])
  assert.equal(asked.code, 0, asked.stderr)
  assert.match(asked.stdout, /: They have to say yes\.\n$/)
  const waiting = await run(ben, ['direct', 'requests'])
  assert.match(waiting.stdout, /Ada .* Is the boat for sale\?\n\nYou ask nobody\.\n$/s)
  assert.match((await run(ada, ['direct', 'requests'])).stdout, /^Nobody asks you\.\n\nREQUEST/)
  const accepted = await run(ben, ['direct', 'accept', 'ada', '--as', 'Ben'])
  assert.match(accepted.stdout, /^Ada: /)

  assert.match((await run(ben, ['direct', 'send', '@Ada', 'It', 'is.'])).stdout, /^Sent \(/)
  assert.match((await run(ada, ['direct', 'send', 'Ben', '-'], { stdin: 'I take it\n' })).stdout, /^Sent \(/)
  assert.equal((await run(ada, ['direct', 'send', 'Ben'])).code, 2)
  const read = await run(ada, ['direct', 'read', 'Ben', '--mark'])
  assert.match(read.stdout, /Is the boat for sale\?[\s\S]*It is\.[\s\S]*I take it/)
  const [list] = (await run(ben, ['direct', 'list', '--json'])).json<Conversation[]>()
  assert.deepEqual([list?.[0]?.name, list?.[0]?.state], ['Ada', 'open'])
  assert.match((await run(ada, ['direct', 'list'])).stdout, /Ben +open +0/)
  assert.equal((await run(ada, ['community', 'list', '--json'])).stdout, '[]\n')
  assert.equal((await run(ada, ['direct', 'read', 'Nobody'])).code, 4)
})

test('keepers of conversations are told of, and switched off', async () => {
  assert.match((await run(ada, ['direct', 'keepers'])).stdout, /^on: no computer keeps for you yet\n$/)
  assert.equal((await run(ada, ['direct', 'keepers', 'off'])).stdout, 'off\n')
  assert.equal((await ada.client.settings.get()).keepConversations, false)
  const [state] = (await run(ada, ['direct', 'keepers', 'on', '--json'])).json<{ on: boolean; keepers: unknown[] }>()
  assert.deepEqual(state, { on: true, keepers: [] })
})

test('no, taken back, and never again', async () => {
  const [ask] = (
    await run(eve, ['direct', 'ask', await linkOf(ben), 'Watches', '--as', 'Eve', '--json'])
  ).json<DirectAsk>()
  assert.equal((await run(ben, ['direct', 'refuse', 'Eve'])).stdout, 'Eve is refused.\n')
  const [both] = (await run(eve, ['direct', 'requests', '--json'])).json<{
    requests: DirectRequest[]
    asks: DirectAsk[]
  }>()
  assert.deepEqual([both?.asks[0]?.id, both?.asks[0]?.state], [ask?.id, 'refused'])
  assert.match((await run(eve, ['direct', 'cancel', (ask?.id ?? '').slice(0, 8)])).stdout, /is asked no longer\.\n$/)

  await run(eve, ['direct', 'ask', await linkOf(ben), 'Good watches', '--as', 'Eve'])
  const [blocked] = (await run(ben, ['direct', 'block', 'Eve', '--json'])).json<Blocked>()
  assert.equal(blocked?.name, 'Eve')
  assert.match((await run(ben, ['direct', 'blocked'])).stdout, /Eve/)
  assert.match((await run(ben, ['direct', 'requests'])).stdout, /^Nobody asks you\./)
  assert.equal((await run(ben, ['direct', 'unblock', blocked?.person ?? ''])).stdout, 'Eve is no longer blocked.\n')
  assert.equal((await run(ben, ['direct', 'blocked'])).stdout, 'Nobody is blocked.\n')
  assert.equal((await run(ben, ['direct', 'block', 'did:key:zSomebody'])).code, 0)
})

test('who may ask, and a new link', async () => {
  const before = await linkOf(ben)
  const [renewed] = (await run(ben, ['direct', 'link', '--renew', '--who', 'nobody', '--json'])).json<Contact>()
  assert.deepEqual([renewed?.who, renewed?.link === before], ['nobody', false])
  assert.equal((await run(ben, ['direct', 'link', '--who', 'anybody'])).code, 2)
  assert.notEqual((await run(ada, ['direct', 'ask', before, 'Hello', '--as', 'Ada'])).code, 0)
  const qr = await run(ben, ['direct', 'link', '--qr'])
  assert.match(qr.stdout, /nobody\n[\s\S]*█/)
})

test('a conversation is followed as it goes on', async () => {
  const stop = new AbortController()
  const followed = run(ada, ['direct', 'follow', 'Ben', '--history', '1', '--json'], {
    signal: stop.signal,
    onStdout: (text) => {
      if (text.includes('And a trailer?')) stop.abort()
      else void run(ben, ['direct', 'send', 'Ada', 'And a trailer?'])
    },
  })
  assert.match((await followed).stdout, /"history"[\s\S]*"new"/)
})
