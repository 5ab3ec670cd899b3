import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startApi, type TestApi } from '../../../test/support/api.ts'
import { type CliOptions, runIn } from '../../../test/support/cli.ts'
import { type Neighbours, startNeighbours } from '../../../test/support/communities.ts'
import type { Applicant, Ask, Code, CodeEnded, Community, OwnDevice } from '../../sdk/types.ts'

let them: Neighbours
before(async () => {
  them = await startNeighbours()
})
after(() => them[Symbol.asyncDispose]())

const ada = (args: readonly string[], options: CliOptions = {}) => runIn(them.ada.client, args, options)

async function fresh(): Promise<TestApi> {
  const api = await startApi({ hub: them.hub })
  after(() => api.close())
  return api
}

/** Runs a command that shows a code, and calls `then` with the code as soon as it is there. */
async function withCode(args: readonly string[], then: (code: string) => Promise<unknown>, signal?: AbortSignal) {
  let called: Promise<unknown> | undefined
  const onStdout = (text: string) => {
    const [code] = /\b\d+-[a-z]+-[a-z]+\b/.exec(text) ?? []
    if (code !== undefined) called ??= then(code)
  }
  const result = await ada(args, signal === undefined ? { onStdout } : { onStdout, signal })
  await called
  return result
}

describe('a spoken code', () => {
  test('is shown, and the command waits for who comes in', async () => {
    const ben = await fresh()
    const shown = await withCode(['community', 'code', 'Family', '--role', 'guest'], async (code) => {
      const entered = await runIn(ben.client, ['community', 'enter', code, '--as', 'Ben'])
      assert.equal(entered.stdout, 'You are in Family.\n')
    })
    assert.equal(shown.code, 0)
    assert.match(shown.stdout, /^\d+-[a-z]+-[a-z]+\nBen has come in\.\n$/)
    assert.match(shown.stderr, /peerhood community enter \d+-[a-z]+-[a-z]+ --as NAME/)
    const [community] = await ben.client.communities.list()
    assert.equal(community?.self?.role, 'guest')
  })

  test('as JSON: the code, then what came of it', async () => {
    const cem = await fresh()
    const shown = await withCode(['community', 'code', 'Family', '--json'], (code) =>
      runIn(cem.client, ['community', 'enter', code, '--as', 'Cem']),
    )
    const [code, ended] = shown.json<Code & CodeEnded>()
    assert.deepEqual([code?.kind, code?.role, code?.triesLeft], ['member', 'member', 3])
    assert.deepEqual([ended?.outcome, ended?.guest], ['used', 'Cem'])
  })

  test('ends with Ctrl-C, or when it is cancelled elsewhere; --no-wait leaves it open', async () => {
    const stop = new AbortController()
    const ended = await withCode(['community', 'code', 'Family'], async () => stop.abort(), stop.signal)
    assert.equal(ended.code, 130)
    assert.deepEqual(await them.ada.client.communities.codes(them.community), [])
    const cancelled = await withCode(['community', 'code', 'Family', '--json'], async (code) => {
      await them.ada.client.communities.cancelCode(them.community, Number(code.split('-')[0]))
    })
    assert.deepEqual([cancelled.code, cancelled.json<{ code: string }>()[1]?.code], [5, 'code_ended'])
    const [left] = (await ada(['community', 'code', 'Family', '--no-wait', '--json'])).json<Code>()
    assert.deepEqual(await them.ada.client.communities.codes(them.community), [left])
    const grace = await runIn(them.grace.client, ['community', 'code', 'Family'])
    assert.deepEqual([grace.code, grace.stdout], [5, ''])
  })
})

describe('asking', () => {
  test('link, ask, list, refuse, block, accept', async () => {
    const dora = await fresh()
    const run = (...args: string[]) => runIn(dora.client, ['community', ...args])
    const linked = await ada(['community', 'request-link', 'Family', '--qr'])
    const [link = '', ...qr] = linked.stdout.split('\n')
    assert.match(qr.join('\n'), /[█▀▄]{5}/)
    const inspected = (await runIn(dora.client, ['link', 'inspect', link])).stdout
    assert.match(inspected, /for +asking to be let into a community\nname +Family\n/)
    assert.match(inspected, /next +`peerhood community ask LINK --as NAME`; a member decides/)
    const [asked] = (await run('ask', link, '--as', 'Dora', '--note', 'a cousin', '--json')).json<Ask>()
    assert.deepEqual([asked?.state, asked?.name, asked?.note], ['asking', 'Family', 'a cousin'])
    assert.match((await run('asks')).stdout, /Family +Dora +\d{4}-.* Somebody there has to say yes\./)
    assert.match((await ada(['community', 'requests', 'Family'])).stdout, /Dora +z6Mk.* +pending +.* +a cousin/)

    const refused = await ada(['community', 'requests', 'Family', '--refuse', 'dora'])
    assert.equal(refused.stdout, 'Dora is refused.\n')
    assert.match((await run('asks')).stdout, /A member has refused it\./)
    assert.equal((await run('asks', '--cancel', 'Family')).stdout, 'Family is asked for no longer.\n')
    assert.match((await run('asks')).stdout, /^Nothing is asked for\./)

    await run('ask', link, '--as', 'Dora')
    await ada(['community', 'requests', 'Family', '--block', 'Dora'])
    const [blocked] = (await ada(['community', 'requests', 'Family', '--json'])).json<Applicant[]>()
    assert.equal(blocked?.[0]?.state, 'blocked')
    const device = blocked?.[0]?.device ?? ''
    const accept = ['community', 'requests', 'Family', '--accept', device.slice(0, 8), '--role', 'guest', '--json']
    assert.deepEqual((await ada(accept)).json(), [{ device, accept: true, role: 'guest' }])
    const [communities] = (await run('list', '--json')).json<Community[]>()
    assert.equal(communities?.[0]?.self?.role, 'guest')
    assert.equal((await ada(['community', 'requests', 'Family'])).stdout, 'Nobody asks to be let in.\n')
  })

  test('one decision at a time', async () => {
    for (const options of [
      ['--accept', 'x', '--refuse', 'x'],
      ['--role', 'guest'],
      ['--block', 'x', '--role', 'guest'],
    ]) {
      assert.equal((await ada(['community', 'requests', 'Family', ...options])).code, 2)
    }
    assert.equal((await ada(['community', 'requests', 'Family', '--accept', 'nobody'])).code, 4)
  })
})

describe('devices', () => {
  test('add, join, list', async () => {
    const laptop = await fresh()
    const shown = await withCode(['device', 'add'], async (code) => {
      const joined = await runIn(laptop.client, ['device', 'join', code])
      assert.deepEqual([joined.code, joined.stdout], [0, 'This computer is theirs now.\n'])
    })
    assert.equal(shown.code, 0)
    assert.match(shown.stdout, /[█▀▄]{5}/)
    assert.match(shown.stdout, /test is yours now, in 0 communities\.\n$/)
    const [devices] = (await ada(['device', 'list', '--json'])).json<OwnDevice[]>()
    assert.deepEqual(
      devices?.map(({ here }) => here),
      [true, false],
    )
    assert.match((await ada(['device', 'list'])).stdout, /test \(this one\) +\d/)
  })

  test('a code is asked for again after a typing error', async () => {
    const laptop = await fresh()
    const wrong = await runIn(laptop.client, ['device', 'join', 'seven ocean lamp', '--json'])
    assert.deepEqual([wrong.code, wrong.json<{ code: string }>()[0]?.code], [2, 'code_malformed'])
  })
})
