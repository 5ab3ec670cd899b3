import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { z } from 'zod'
import { startApi } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import { type Neighbours, startNeighbours } from '../../test/support/communities.ts'
import { until } from '../../test/support/until.ts'
import { admissionRoutes } from './admission-routes.ts'
import { routes } from './all-routes.ts'
import { exportLineSchema } from './community-schemas.ts'
import { lateRoutes } from './late-routes.ts'
import { exportStreamsMax, handlerTimeoutMs, joinTimeoutMs } from './limits.ts'
import type { Route } from './route.ts'
import { type Event, eventSchema, problemSchema } from './schemas.ts'

let them: Neighbours
before(async () => {
  them = await startNeighbours()
})
after(() => them[Symbol.asyncDispose]())

type Who = 'ada' | 'grace'

async function call(who: Who, key: string, params: Readonly<Record<string, string>> = {}, body?: unknown) {
  const [method = '', template = ''] = key.split(' ')
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? them.community))
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return them[who].get(path, { method, ...json })
}

async function codeOf(response: Response): Promise<string> {
  const problem = problemSchema.parse(await response.json())
  assert.equal(problem.status, response.status)
  return `${problem.status} ${problem.code}`
}

const covered = new Set<string>()

/** Calls a route and holds the answer to its row. */
async function answer<Value = Record<string, unknown>>(
  who: Who,
  key: string,
  params?: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<Value> {
  const row: Route | undefined = Object.entries<Route>(routes).find(([one]) => one === key)?.[1]
  assert.ok(row, key)
  const response = await call(who, key, params, body)
  const text = await response.text()
  assert.equal(response.status, row.status, `${key}: ${text}`)
  covered.add(key)
  if (row.response === undefined) {
    assert.equal(text, '', key)
    return undefined as Value
  }
  const value: unknown = JSON.parse(text)
  const parsed = (row.response as z.ZodType).parse(value)
  assert.deepEqual(parsed, value, `${key} answers nothing that its schema does not have`)
  return value as Value
}

type HasId = { readonly id: string }

describe('the routes of communities', () => {
  test('each answers what its schema says, with its status', async () => {
    const { id } = await answer<HasId>('ada', 'POST /api/communities', {}, { name: 'Club', memberName: 'Ada' })
    const of = { id }
    await answer('ada', 'GET /api/communities')
    await answer('ada', 'GET /api/communities/:id', of)
    await answer('ada', 'PATCH /api/communities/:id', of, { description: 'We play chess.' })
    await answer('ada', 'PATCH /api/communities/:id/self', of, { memberName: 'Ada L.', presence: false })
    const invitation = await answer<{ link: string; invite: HasId }>('ada', 'POST /api/communities/:id/invites', of, {
      usesMax: 2,
      expiresMs: Date.now() + 60_000,
      note: 'for Grace',
    })
    await answer('grace', 'POST /api/communities/join', {}, { link: invitation.link, memberName: 'Grace' })
    await answer('ada', 'DELETE /api/communities/:id/invites/:invite', { ...of, invite: invitation.invite.id })
    await answer('ada', 'GET /api/communities/:id/invites', of)
    const { members } = await answer<{ members: { person: string; devices: { device: string }[] }[] }>(
      'ada',
      'GET /api/communities/:id/members',
      of,
    )
    const grace = { ...of, person: members[1]?.person ?? '' }
    await answer('ada', 'PUT /api/communities/:id/roles', of, { name: 'scribe', capabilities: ['post'], rank: 1 })
    await answer('ada', 'GET /api/communities/:id/roles', of)
    await answer('ada', 'PATCH /api/communities/:id/members/:person', grace, { role: 'scribe' })
    await answer('ada', 'GET /api/communities/:id/presence', of)

    const keeper = { peerId: '12D3KooWCellar', addresses: ['/ip4/192.0.2.7/tcp/4001'], name: 'cellar', bytesMax: 1e9 }
    await answer('ada', 'POST /api/communities/:id/keepers', of, keeper)
    await answer('ada', 'GET /api/communities/:id/keepers', of)
    await answer('ada', 'GET /api/communities/:id/sync', of)
    await answer('ada', 'DELETE /api/communities/:id/keepers/:peer', { ...of, peer: keeper.peerId })
    await answer('ada', 'GET /api/communities/:id/keep-link', of)
    await answer('ada', 'GET /api/communities/:id/activity', of)
    await answer('ada', 'POST /api/communities/:id/verify', of)
    await chatRoutes(of, grace)

    const device = members[1]?.devices[0]?.device ?? ''
    await answer('ada', 'DELETE /api/communities/:id/devices/:device', { ...of, device })
    await answer('ada', 'DELETE /api/communities/:id/members/:person', grace)
    await answer('ada', 'POST /api/communities/:id/leave', of)
    await answer('ada', 'DELETE /api/communities/:id', of)
    const { link } = await answer<{ link: string }>('ada', 'GET /api/communities/:id/keep-link')
    const kept = await startApi({ hub: them.hub })
    const keep = await kept.get('/api/communities/keep', {
      method: 'POST',
      body: JSON.stringify({ link }),
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(keep.status, 201)
    await kept.close()
    covered.add('POST /api/communities/keep')

    const elsewhere = { ...admissionRoutes, ...lateRoutes }
    const rows = Object.entries<Route>(routes).filter(
      ([key, row]) => row.kind === 'json' && key.includes('/communities') && !Object.hasOwn(elsewhere, key),
    )
    assert.deepEqual([...covered].sort(), rows.map(([key]) => key).sort())
  })

  async function chatRoutes(of: { id: string }, grace: Readonly<Record<string, string>>): Promise<void> {
    const base = '/api/communities/:id'
    const { channels } = await answer<{ channels: HasId[] }>('ada', `GET ${base}/channels`, of)
    const general = { ...of, channel: channels[0]?.id ?? '' }
    const made = await answer<HasId>('ada', `POST ${base}/channels`, of, { name: 'news', kind: 'announce' })
    await answer('ada', `PATCH ${base}/channels/:channel`, { ...of, channel: made.id }, { archived: true })
    await answer('ada', `POST ${base}/direct`, of, { person: grace.person })
    const sent = await answer<HasId>('ada', `POST ${base}/channels/:channel/messages`, general, {
      text: 'Good *morning*',
    })
    const message = { ...of, message: sent.id, emoji: '👍🏽' }
    await answer('ada', `GET ${base}/channels/:channel/messages`, general)
    await answer('grace', `POST ${base}/channels/:channel/read`, general, { message: sent.id })
    await answer('grace', `POST ${base}/channels/:channel/typing`, general)
    await answer('ada', `GET ${base}/messages/:message`, message)
    await answer('ada', `PATCH ${base}/messages/:message`, message, { text: 'Good evening' })
    await answer('grace', `PUT ${base}/messages/:message/reactions/:emoji`, message)
    await answer('grace', `DELETE ${base}/messages/:message/reactions/:emoji`, message)
    const search = await them.ada.get(`/api/communities/${of.id}/search?q=evening&limit=1`)
    const { response } = routes['GET /api/communities/:id/search']
    assert.equal(response.parse(await search.json()).found.length, 1)
    covered.add(`GET ${base}/search`)
    await answer('grace', `POST ${base}/messages/:message/report`, message, { reason: 'It is morning.' })
    await answer('ada', `GET ${base}/reports`, of)
    await answer('ada', `POST ${base}/messages/:message/hide`, message, { reason: 'Agreed.' })
    await answer('ada', `DELETE ${base}/messages/:message/hide`, message)
    await answer('ada', `POST ${base}/members/:person/mute`, grace, { untilMs: Date.now() + 60_000 })
    await answer('ada', `GET ${base}/mutes`, of)
    await answer('ada', `DELETE ${base}/members/:person/mute`, grace)
    await answer('ada', `DELETE ${base}/messages/:message`, message)
  }

  test('what is malformed is refused with its field, before anything of it is looked at', async () => {
    const base = '/api/communities/:id'
    const channel = '0'.repeat(32)
    const long = 'x'.repeat(10_001)
    const cases: [string, unknown, string][] = [
      ['POST /api/communities', { name: '', memberName: 'Ada' }, 'name'],
      ['POST /api/communities', { name: '   ', memberName: 'Ada' }, 'name'],
      ['POST /api/communities', { name: 'x'.repeat(65), memberName: 'Ada' }, 'name'],
      ['POST /api/communities', { name: 'a\u001b[2Jb', memberName: 'Ada' }, 'name'],
      ['POST /api/communities', { name: 'Club', memberName: 'Ada\nOwner: Eve' }, 'memberName'],
      ['POST /api/communities', { name: 'Club' }, 'memberName'],
      ['POST /api/communities', { name: 'Club', memberName: 'Ada', history: 'some' }, 'history'],
      ['POST /api/communities', { name: 'Club', memberName: 'Ada', owner: true }, 'owner'],
      ['POST /api/communities/join', { link: 5, memberName: 'Ada' }, 'link'],
      ['POST /api/communities/join', { link: 'x'.repeat(8193), memberName: 'Ada' }, 'link'],
      ['POST /api/communities/keep', { link: 'peerhood:x', bytesMax: 1 }, 'bytesMax'],
      ['POST /api/communities/keep', { link: 'peerhood:x', bytesMax: 2 ** 60 }, 'bytesMax'],
      [`PATCH ${base}`, {}, ''],
      [`PATCH ${base}`, { description: 'x'.repeat(2001) }, 'description'],
      [`PATCH ${base}/self`, { presence: 'yes' }, 'presence'],
      [`PATCH ${base}/members/:person`, {}, 'role'],
      [`PATCH ${base}/members/:person`, { role: 'King' }, 'role'],
      [`PUT ${base}/roles`, { name: 'boss', capabilities: ['Everything!'], rank: 1 }, 'capabilities.0'],
      [`PUT ${base}/roles`, { name: 'boss', capabilities: [], rank: 3 }, 'rank'],
      [`PUT ${base}/roles`, { name: 'boss', capabilities: Array(65).fill('post'), rank: 1 }, 'capabilities'],
      [`POST ${base}/invites`, { usesMax: 0 }, 'usesMax'],
      [`POST ${base}/invites`, { usesMax: 1.5 }, 'usesMax'],
      [`POST ${base}/invites`, { expiresMs: -1 }, 'expiresMs'],
      [`POST ${base}/keepers`, { peerId: 'x', name: 'y', bytesMax: 1e9, addresses: Array(9).fill('/a') }, 'addresses'],
      [`POST ${base}/channels`, { name: 'x', kind: 'direct' }, 'kind'],
      [`POST ${base}/channels`, { name: 'x', persons: Array(101).fill('p') }, 'persons'],
      [`POST ${base}/direct`, { person: 'x'.repeat(257) }, 'person'],
      [`POST ${base}/channels/:channel/messages`, { text: long }, 'text'],
      [`POST ${base}/channels/:channel/messages`, { text: ' \n ' }, 'text'],
      [`POST ${base}/channels/:channel/messages`, { text: 'x', replyTo: '../..' }, 'replyTo'],
      [
        `POST ${base}/channels/:channel/messages`,
        { text: 'x', attachments: [{ name: 'a' }] },
        'attachments.0.mediaType',
      ],
      [`POST ${base}/channels/:channel/messages`, { text: 'x', attachments: Array(11).fill({}) }, 'attachments'],
      [`POST ${base}/channels/:channel/read`, { message: '' }, 'message'],
      [`PATCH ${base}/messages/:message`, { text: '' }, 'text'],
      [`POST ${base}/messages/:message/hide`, { reason: 'x'.repeat(1001) }, 'reason'],
      [`POST ${base}/members/:person/mute`, { untilMs: 'soon' }, 'untilMs'],
    ]
    for (const [key, body, field] of cases) {
      const params = { channel, message: 'a'.repeat(64), person: them.persons.grace }
      const problem = problemSchema.parse(await (await call('ada', key, params, body)).json())
      assert.deepEqual([problem.status, problem.code], [400, 'request_malformed'], `${key} ${JSON.stringify(body)}`)
      const fields = (problem.details as { fields: { field: string }[] }).fields.map((one) => one.field)
      assert.ok(fields.includes(field), `${key}: ${fields}`)
    }
    const queries = [
      'activity?limit=201',
      'activity?limit=0',
      'activity?before=',
      'activity?befor=x',
      'search',
      'search?q=',
      'search?q=a&limit=101',
      `search?q=${'a'.repeat(257)}`,
    ]
    for (const query of queries) {
      const response = await them.ada.get(`/api/communities/${them.community}/${query}`)
      assert.equal(await codeOf(response), '400 request_malformed', query)
    }
  })

  test('ids, persons and emoji that are none are refused, whatever they hide', async () => {
    const base = `/api/communities/${them.community}`
    const good = encodeURIComponent(them.persons.grace)
    const cases: [string, string][] = [
      ['GET', '/api/communities/a%2Fb'],
      ['GET', `/api/communities/${'x'.repeat(129)}`],
      ['GET', '/api/communities/%00/members'],
      ['DELETE', `${base}/members/did:web:example.org`],
      ['DELETE', `${base}/members/${good}%2F..%2Fx`],
      ['DELETE', `${base}/members/did:key:z${'1'.repeat(200)}`],
      ['DELETE', `${base}/members/%E0%A4%A`],
      ['DELETE', `${base}/devices/..%2f`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/lol`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/%F0%9F%91%8D%20`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/%F0%9F%91%8D%2F`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/${encodeURIComponent('👍'.repeat(65))}`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/%1b%5b2J`],
      ['PUT', `${base}/messages/${'a'.repeat(64)}/reactions/%FF`],
    ]
    for (const [method, path] of cases) {
      assert.equal(await codeOf(await them.ada.get(path, { method })), '400 request_malformed', path)
    }
    const unknown: [string, string, string][] = [
      ['GET', `/api/communities/${'0'.repeat(64)}`, 'community_unknown'],
      ['GET', `${base}/messages/${'0'.repeat(64)}`, 'message_unknown'],
      ['GET', `${base}/channels/${'1'.repeat(32)}/messages`, 'channel_unknown'],
      ['DELETE', `${base}/invites/${'0'.repeat(64)}`, 'invite_unknown'],
      ['DELETE', `${base}/devices/${'0'.repeat(64)}`, 'device_unknown'],
      ['DELETE', `${base}/members/did:key:z6MkNobody`, 'member_unknown'],
      ['DELETE', `${base}/keepers/12D3KooWNobody`, 'keeper_unknown'],
    ]
    for (const [method, path, code] of unknown) {
      assert.equal(await codeOf(await them.ada.get(path, { method })), `404 ${code}`, path)
    }
    assert.equal((await fetch(`${them.ada.url}${base}`)).status, 401)
    const wrong = await them.ada.get(`${base}/verify`)
    assert.equal(wrong.headers.get('allow'), 'POST')
  })

  test('refusals keep their codes', async () => {
    const base = '/api/communities/:id'
    const ada = { person: them.persons.ada }
    const cases: [string, Readonly<Record<string, string>>, unknown, string][] = [
      [`PATCH ${base}`, {}, { name: 'Grace’s' }, '403 not_allowed'],
      [`DELETE ${base}/members/:person`, ada, undefined, '403 not_allowed'],
      [`POST ${base}/invites`, {}, { role: 'owner' }, '403 outranked'],
      [`POST ${base}/invites`, {}, { role: 'king' }, '404 role_unknown'],
      [`GET ${base}/reports`, {}, undefined, '403 not_allowed'],
      ['POST /api/communities/join', {}, { link: 'peerhood:nonsense', memberName: 'Grace' }, '400 invite_link_damaged'],
    ]
    for (const [key, params, body, code] of cases)
      assert.equal(await codeOf(await call('grace', key, params, body)), code, key)
  })
})

test('joining and checking may take longer than other calls; nobody in reach ends with a deadline', async () => {
  const clock = createManualClock()
  const api = await startApi({ apiClock: clock })
  const link = `peerhood:invite.${'0'.repeat(64)}.${'0'.repeat(32)}`
  const joining = api.get('/api/communities/join', {
    method: 'POST',
    body: JSON.stringify({ link, memberName: 'Eve' }),
    headers: { 'content-type': 'application/json' },
  })
  // The body's own deadline is over once the handler waits.
  await until(() => clock.waiting === 1)
  clock.advance(handlerTimeoutMs + 1)
  assert.equal(clock.waiting, 1)
  clock.advance(joinTimeoutMs)
  assert.equal(await codeOf(await joining), '504 answer_timeout')
  await api.close()
})

describe('an export', () => {
  const path = () => `/api/communities/${them.community}/export`

  test('is JSON lines, whole, and says so at its end', async () => {
    const response = await them.grace.get(path())
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    assert.match(
      String(response.headers.get('content-disposition')),
      /^attachment; filename="community-[0-9a-f]{10}\.jsonl"$/,
    )
    const lines = (await response.text()).trimEnd().split('\n')
    const parsed = lines.map((line) => exportLineSchema.parse(JSON.parse(line)))
    assert.equal(parsed[0]?.type, 'export')
    assert.deepEqual(parsed.at(-1), { type: 'end', lines: lines.length - 1 })
    assert.ok(parsed.some((line) => line.type === 'entry' && line.kind === 'found'))
    const head = await them.grace.get(path(), { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
  })

  test('that can not begin is a problem; one that breaks off has no end', async () => {
    assert.equal(await codeOf(await them.ada.get(`/api/communities/${'0'.repeat(64)}/export`)), '404 community_unknown')
    await using failing = await startApi({
      hub: them.hub,
      wrap: (services) => ({
        ...services,
        communities: {
          ...services.communities,
          async *export() {
            yield { type: 'role' as const, role: { name: 'x', capabilities: [], rank: 0, builtIn: false } }
            throw new TypeError('secret')
          },
        },
      }),
    })
    const response = await failing.get(path())
    assert.equal(response.status, 200)
    await assert.rejects(response.text())
    assert.ok(failing.lines.some(({ code }) => code === 'export_broke_off'))
  })

  test('waits for a slow reader, ends with one that leaves, and there are only so many at once', async () => {
    let made = 0
    let ended = 0
    const wide = {
      type: 'role' as const,
      role: { name: 'x'.repeat(100_000), capabilities: [], rank: 0, builtIn: false },
    }
    await using endless = await startApi({
      wrap: (services) => ({
        ...services,
        communities: {
          ...services.communities,
          async *export() {
            try {
              for (;;) {
                made += 1
                yield wide
              }
            } finally {
              ended += 1
            }
          },
        },
      }),
    })
    const abort = new AbortController()
    const { signal } = abort
    const open = await Promise.all(Array.from({ length: exportStreamsMax }, () => endless.get(path(), { signal })))
    assert.ok(open.every(({ status }) => status === 200))
    assert.equal(await codeOf(await endless.get(path())), '429 too_many_streams')
    let before = -1
    await until(() => {
      const still = made === before
      before = made
      return still
    }, 50)
    assert.ok(made < 2000, `${made} lines were made for nobody`)
    abort.abort()
    await until(() => ended === exportStreamsMax)
    assert.equal((await endless.get(path(), { method: 'HEAD' })).status, 200)
  })
})

test('what happens in a community is told as it is then, to those who are in it', async () => {
  await using both = await startNeighbours()
  const { community, ada, grace, persons } = both
  const seen: Event[] = []
  const off = grace.services.onEvent((event) => seen.push(eventSchema.parse(event)))
  await ada.client.communities.change(community, { name: 'Relatives' })
  await ada.client.chat.send(community, '0'.repeat(32), { text: 'Hello @Grace' })
  await ada.client.chat.typing(community, '0'.repeat(32))
  await ada.client.communities.removeMember(community, persons.grace)
  await ada.client.chat.send(community, '0'.repeat(32), { text: 'She is gone.' })
  await grace.client.communities.forget(community)
  off()
  const brief = seen.map((event) => {
    switch (event.type) {
      case 'community':
        return [event.type, event.community.name, event.community.phase]
      case 'chat-message':
        return [event.type, event.message.text, event.isNew]
      case 'chat-channel':
        return [event.type, event.channel.unread, event.channel.mentions]
      case 'presence':
        return [event.type, event.presence.person === persons.ada, event.presence.typing]
      default:
        return [event.type]
    }
  })
  assert.deepEqual(brief, [
    ['community', 'Relatives', 'open'],
    ['chat-message', 'Hello @Grace', true],
    ['chat-channel', 1, 1],
    ['presence', true, '0'.repeat(32)],
    ['community', 'Relatives', 'removed'],
    ['community-removed'],
  ])
})

test('checking finds an entry that was changed', async () => {
  await using both = await startNeighbours()
  const { community, hub, ada, grace } = both
  const [first, second] = await Promise.all([
    ada.client.communities.verify(community),
    grace.client.communities.verify(community),
  ])
  assert.ok(first.ok)
  assert.deepEqual([first.merkleRoot, first.words], [second.merkleRoot, second.words])
  const entry = hub.communities.get(community)?.entries[1]
  assert.ok(entry)
  entry.header = entry.header.replace('invite', 'evitni')
  const { ok, problems } = await ada.client.communities.verify(community)
  assert.equal(ok, false)
  assert.deepEqual(
    problems.map((problem) => problem.entry),
    [entry.id],
  )
})
