import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startApi } from '../../../test/support/api.ts'
import { type CliOptions, runIn } from '../../../test/support/cli.ts'
import { type Neighbours, startNeighbours } from '../../../test/support/communities.ts'
import type { Community, ExportLine, Invitation, Member, Verification } from '../../sdk/types.ts'

let them: Neighbours
let folder: string
before(async () => {
  them = await startNeighbours()
  folder = mkdtempSync(join(tmpdir(), 'peerhood-cli-'))
})
after(async () => {
  await them[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const ada = (args: readonly string[], options: CliOptions = {}) =>
  runIn(them.ada.client, ['community', ...args], { workFolder: folder, ...options })
const grace = (...args: readonly string[]) => runIn(them.grace.client, ['community', ...args])

describe('a community', () => {
  test('is founded, shown and listed', async () => {
    const made = await ada(['create', 'Club', '--as', 'Ada', '--history', 'since-joining'])
    assert.equal(made.code, 0)
    assert.match(made.stdout, /^name +Club$/m)
    assert.match(made.stdout, /^you are +Ada, owner$/m)
    assert.match(made.stdout, /^newcomers +read only what comes after them$/m)
    assert.match((await ada(['list'])).stdout, /^[0-9a-f]{10} +Club +owner +1 /m)
    const [facts] = (await ada(['list', '--json'])).json<Community[]>()
    assert.deepEqual(
      facts?.map(({ name }) => name),
      ['Family', 'Club'],
    )
    const shown = await ada(['show', 'Family'])
    assert.match(shown.stdout, /^in reach +Grace: current$/m)
    assert.equal(
      (await runIn((await fresh()).client, ['community', 'list'])).stdout,
      'There are no communities. Found one with `peerhood community create NAME`.\n',
    )
  })

  test('is meant by id, the beginning of an id, or a name; what is ambiguous says which', async () => {
    assert.equal((await ada(['show', them.community])).code, 0)
    assert.equal((await ada(['show', them.community.slice(0, 12)])).code, 0)
    assert.equal((await ada(['show', 'family'])).code, 0)
    const unknown = await ada(['show', 'Nobody', '--json'])
    assert.deepEqual([unknown.code, unknown.json<{ code: string }>()[0]?.code], [4, 'unknown_name'])
    const { id } = await them.ada.client.communities.found({ name: 'FAMILY', memberName: 'Ada' })
    const twice = await ada(['show', 'family'])
    assert.equal(twice.code, 2)
    assert.match(
      twice.stderr,
      new RegExp(`Family \\(${them.community.slice(0, 10)}\\), FAMILY \\(${id.slice(0, 10)}\\)`),
    )
    await them.ada.client.communities.forget(id)
    // Somebody calls theirs like the beginning of another one's id: nothing is chosen in silence.
    const trap = await them.ada.client.communities.found({ name: them.community.slice(0, 8), memberName: 'Ada' })
    assert.equal((await ada(['show', them.community.slice(0, 8)])).code, 2)
    await them.ada.client.communities.forget(trap.id)
  })

  test('is joined by invite, left after asking, and forgotten', async () => {
    const invite = await ada(['invite', 'Family', '--uses', '3', '--expires', '7d', '--note', 'for Eve', '--qr'])
    assert.equal(invite.code, 0)
    const [link = '', ...qr] = invite.stdout.split('\n')
    assert.match(link, /^peerhood:invite\./)
    assert.match(qr.join('\n'), /[█▀▄]{5}/)
    const eve = await fresh()
    const run = (...args: string[]) => runIn(eve.client, ['community', ...args])
    const inspected = await runIn(eve.client, ['link', 'inspect', link])
    assert.match(inspected.stdout, /^for +joining a community$/m)
    assert.match((await run('join', link, '--as', 'Eve')).stdout, /^you are +Eve, member$/m)
    assert.match(
      (await ada(['invites', 'Family'])).stdout,
      /member +open +1 of 3 +\d{4}-\d\d-\d\d \d\d:\d\d +Ada +for Eve/,
    )
    assert.equal((await run('leave', 'Family')).code, 2)
    const left = await run('leave', 'Family', '--yes', '--json')
    assert.deepEqual([left.code, left.json<Community>()[0]?.phase], [0, 'left'])
    assert.equal((await run('forget', 'Family', '--yes')).code, 0)
    assert.deepEqual((await run('list', '--json')).json(), [[]])
    const spent = await ada(['invite', 'Family', '--json'])
    const { invite: made, link: second } = spent.json<Invitation>()[0] as Invitation
    const revoked = await ada(['invites', 'Family', '--revoke', made.id.slice(0, 12)])
    assert.match(revoked.stdout, /member +revoked/)
    assert.equal((await run('join', second, '--as', 'Eve')).code, 5)
    assert.equal((await run('join', 'https://example.org', '--as', 'Eve')).code, 2)
  })

  test('is kept by others, who can not read it', async () => {
    const link = (await ada(['keep-link', 'Family'])).stdout.trim()
    const cellar = await fresh()
    const kept = await runIn(cellar.client, ['community', 'keep', link, '--bytes-max', '10GB'])
    assert.match(kept.stdout, /^name +\(sealed\)$/m)
    assert.equal((await runIn(cellar.client, ['community', 'members', them.community])).code, 5)
    assert.equal((await runIn(cellar.client, ['community', 'show', them.community])).code, 0)
    assert.match(
      (await runIn(cellar.client, ['community', 'activity', them.community])).stdout,
      /sealed +It is sealed here\./,
    )
    const named = await ada([
      'keepers',
      'Family',
      '--add',
      '/ip4/192.0.2.7/tcp/1/p2p/12D3KooWCellar',
      '--name',
      'cellar',
      '--bytes-max',
      '10 GB',
    ])
    assert.match(named.stdout, /^cellar +12D3KooWCellar +10\.0 GB /m)
    assert.equal((await ada(['keepers', 'Family', '--remove', 'Cellar'])).stdout, 'There are no keepers.\n')
    assert.equal((await ada(['keepers', 'Family', '--add', 'here'])).code, 2)
    assert.equal((await ada(['keep', link, '--bytes-max', 'much'])).code, 2)
  })
})

describe('members', () => {
  test('are listed, promoted and removed after asking; so are devices', async () => {
    assert.match((await ada(['members', 'Family'])).stdout, /^z6Mk\S+ +Ada \(you\) +owner +active .* test$/m)
    assert.equal((await ada(['role', 'Family', '@grace', 'admin'])).stdout, 'Grace is admin now.\n')
    const [changed] = (await ada(['role', 'Family', them.persons.grace, 'member', '--json'])).json<Member>()
    assert.equal(changed?.role, 'member')
    assert.equal((await grace('role', 'Family', 'Ada', 'guest')).code, 5)
    assert.equal((await ada(['role', 'Family', 'Nobody', 'guest'])).code, 4)
    assert.equal((await ada(['role', 'Family', 'Grace', 'king'])).code, 4)
    assert.equal((await ada(['remove', 'Family', 'Grace'])).code, 2)
    assert.equal((await ada(['remove', 'Family', 'Grace', '--device', 'none', '--yes'])).code, 4)
    const device = await ada(['remove', 'Family', 'Grace', '--device', 'test', '--yes'])
    assert.equal(device.stdout, 'test gets nothing new.\n')
    assert.match((await ada(['members', 'Family'])).stdout, /test \(removed\)/)
    const mallory = await fresh()
    const { link } = await them.ada.client.communities.invite(them.community)
    await mallory.client.communities.join({ link, memberName: 'Mallory' })
    assert.equal((await ada(['remove', 'Family', 'Mallory', '--yes'])).stdout, 'Mallory is no longer a member.\n')
    const after = await runIn(mallory.client, ['community', 'invite', 'Family', '--json'])
    assert.deepEqual([after.code, after.json<{ code: string }>()[0]?.code], [5, 'community_left'])
  })
})

describe('the log', () => {
  test('activity says who did what, with proof', async () => {
    const page = await ada(['activity', 'Family', '--limit', '2'])
    assert.match(page.stdout, /^WHEN +ENTRY +COUNTS +WHAT$/m)
    const mark = /--before (\S+)/.exec(page.stderr)?.[1] ?? ''
    const proof = await ada(['activity', 'Family', '--before', mark, '--proof', '--limit', '200'])
    assert.match(proof.stdout, /^what +Ada: Ada founded Family$/m)
    assert.match(proof.stdout, /^signature +[0-9a-f]{128}$/m)
    assert.match(proof.stdout, /^held by +12D3Koo/m)
    assert.equal((await ada(['activity', 'Family', '--limit', '201'])).code, 2)
  })

  test('verify prints the words, and ends with 5 when an entry is not what was signed', async () => {
    const sound = await ada(['verify', 'Family'])
    assert.equal(sound.code, 0)
    assert.match(sound.stdout, /^checked .*: all in order$/m)
    assert.match(sound.stdout, /^words +(?:[a-z]+ ){5}[a-z]+$/m)
    const entry = them.hub.communities.get(them.community)?.entries[0]
    assert.ok(entry)
    const { header } = entry
    entry.header = header.replace('Family', 'Familx')
    const unsound = await ada(['verify', 'Family'])
    const json = await ada(['verify', 'Family', '--json'])
    entry.header = header
    assert.equal(unsound.code, 5)
    assert.match(unsound.stdout, new RegExp(`^wrong +${entry.id.slice(0, 10)}: Its signature`, 'm'))
    assert.match(unsound.stderr, /1 problem found/)
    const [verification, error] = json.json<Verification & { code?: string }>()
    assert.deepEqual([verification?.ok, error?.code], [false, 'community_unsound'])
  })

  test('an export goes to stdout or to a file, whole or not at all', async () => {
    const lines = (await ada(['export', 'Family'])).json<ExportLine>()
    assert.deepEqual(lines.at(-1), { type: 'end', lines: lines.length - 1 })
    const path = join(folder, 'family.jsonl')
    const written = await ada(['export', 'Family', '--to', 'family.jsonl'])
    assert.equal(written.stdout, `${path}: ${lines.length} lines\n`)
    assert.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, lines.length)
    assert.equal((await ada(['export', 'Family', '--to', 'family.jsonl'])).code, 6)
    writeFileSync(path, 'old')
    assert.deepEqual((await ada(['export', 'Family', '--to', 'family.jsonl', '--force', '--json'])).json(), [
      { event: 'progress', entries: 0, entriesTotal: lines.filter(({ type }) => type === 'entry').length },
      { event: 'done', path, lines: lines.length },
    ])
    assert.match(written.stderr, /^Family: .*0 % {2}0 of \d+ entries\n$/)
    const nowhere = await ada(['export', 'Family', '--to', 'no/such/folder.jsonl', '--json'])
    assert.deepEqual([nowhere.code, nowhere.json<{ code: string }>().at(-1)?.code], [6, 'file_not_writable'])

    await using failing = await startApi({
      wrap: () => ({
        ...them.ada.services,
        communities: {
          ...them.ada.services.communities,
          async *export(id, options) {
            for await (const line of them.ada.services.communities.export(id, options)) {
              if (line.type === 'end') throw new Error('it broke')
              yield line
            }
          },
        },
      }),
    })
    const half = await runIn(failing.client, ['community', 'export', 'Family', '--to', 'half.jsonl'], {
      workFolder: folder,
    })
    assert.notEqual(half.code, 0)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('half')),
      [],
    )
  })

  test('an export that is interrupted leaves nothing behind, and says so', async () => {
    const stop = new AbortController()
    await using slow = await startApi({
      wrap: () => ({
        ...them.ada.services,
        communities: {
          ...them.ada.services.communities,
          async *export(id, options) {
            for await (const line of them.ada.services.communities.export(id, options)) {
              yield line
              if (line.type === 'entry') {
                stop.abort()
                await new Promise(() => undefined)
              }
            }
          },
        },
      }),
    })
    writeFileSync(join(folder, 'cut.jsonl'), 'old')
    const cut = await runIn(slow.client, ['community', 'export', 'Family', '--to', 'cut.jsonl', '--force'], {
      ...{ workFolder: folder, signal: stop.signal },
    })
    assert.equal(cut.code, 130)
    assert.match(cut.stderr, /It was interrupted; nothing was written\./)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('cut')),
      ['cut.jsonl'],
    )
    assert.equal(readFileSync(join(folder, 'cut.jsonl'), 'utf8'), 'old')
  })
})

test('what others write never reaches the terminal as more than text, in JSON neither', async () => {
  const evil = '\u001b[31mred\u009b2J\u202eback\u0007'
  const { client } = them.ada
  const shared = them.hub.communities.get(them.community)
  const member = shared?.members.get(them.persons.grace)
  assert.ok(shared && member)
  // As a daemon might show what a hostile one wrote: the API refuses such names from here.
  shared.members.set(member.person, {
    ...member,
    name: evil,
    role: evil,
    devices: member.devices.map((one) => ({ ...one, name: evil })),
  })
  shared.description = evil
  await client.communities.addKeeper(them.community, { peerId: '12D3KooWx', name: 'x', bytesMax: 1e9 })
  const keeper = shared.keepers.get('12D3KooWx')
  assert.ok(keeper)
  shared.keepers.set(keeper.peerId, { ...keeper, name: evil })
  for (const entry of shared.entries) Object.assign(entry, { sentence: evil })
  const commands = [
    ['show', 'Family'],
    ['members', 'Family'],
    ['keepers', 'Family'],
    ['invites', 'Family'],
    ['activity', 'Family'],
    ['activity', 'Family', '--proof'],
    ['role', 'Family', them.persons.grace, evil],
    ['remove', 'Family', evil],
  ]
  const obeyed = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
  for (const args of commands) {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await ada([...args, ...more])
      assert.doesNotMatch(stdout + stderr, obeyed, args.join(' '))
      if (more.length > 0) JSON.parse(stdout.split('\n')[0] ?? '')
    }
  }
  const [exported] = (await ada(['show', 'Family', '--json'])).json<{ community: Community }>()
  assert.equal(exported?.community.description, evil, 'JSON says the same to who parses it')
  shared.members.set(member.person, member)
})

test('every command has an example, --json, and says what is missing', async () => {
  for (const group of ['community', 'chat']) {
    const help = (await runIn(them.ada.client, [group, '--help'])).stdout
    const names = [...help.matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map((match) => match[1] ?? '')
    assert.ok(names.length >= 6, help)
    for (const name of names) {
      const { code, stdout } = await runIn(them.ada.client, [group, name, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`--json[\\s\\S]*\\nExample:\\n  .*peerhood ${group} ${name}\\b`), name)
      if (name === 'list' || name === 'asks') continue
      const bare = await runIn(them.ada.client, [group, name, '--json'])
      assert.deepEqual([bare.code, bare.json<{ code: string }>()[0]?.code], [2, 'usage'], name)
    }
  }
})

const more: Awaited<ReturnType<typeof startApi>>[] = []
after(() => Promise.all(more.map((api) => api.close())))

/** Another daemon in reach, which is in no community. */
async function fresh() {
  const api = await startApi({ hub: them.hub })
  more.push(api)
  return api
}
