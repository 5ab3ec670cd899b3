// What the command line promises to scripts: exit codes, JSON, and one clear line for each thing that goes wrong.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import {
  doctorSchema,
  identitySchema,
  linkSchema,
  peersSchema,
  sharesSchema,
  statusSchema,
  transfersSchema,
} from '../../src/api/schemas.ts'
import { defaultArgs, runCommand } from '../support/daemon.ts'
import { get, lastObject, mebibyte, onlyObject, peersOf, sampleBytes, share, until, writeFiles } from './support.ts'

const isRoot = process.getuid?.() === 0

test('without a daemon every command says so and exits with 7', async (t) => {
  const peers = peersOf(t)
  const env = { ...process.env, PEERHOOD_HOME: join(peers.folder(), 'nothing') }
  const commands = [['status'], ['stop'], ['shares'], ['peers', '--json'], ['get', 'peerhood:x'], ['identity', 'show']]
  for (const args of commands) {
    const result = await runCommand(args, env).done
    assert.equal(result.code, 7, args.join(' '))
    assert.match(result.stdout + result.stderr, /No Peerhood runs on .*peerhood start/s)
  }
})

test('what is mistyped exits with 2 and names the mistake', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const folder = writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 })
  const { link } = await share(peer, folder)

  const last = link.at(-1) === 'a' ? 'b' : 'a'
  const cases: [string[], string][] = [
    [['get', `${link.slice(0, -1)}${last}`, '--json'], 'link_mistyped'],
    [['get', link.slice(0, -9), '--json'], 'link_cut_off'],
    [['get', 'https://example.org/', '--json'], 'link_unknown'],
    [['get', '--json'], 'usage'],
    [['frobnicate', '--json'], 'usage'],
    [['get', link, '--timeout', 'soon', '--json'], 'usage'],
    [['peers', 'connect', 'here', '--json'], 'address_malformed'],
  ]
  for (const [args, code] of cases) {
    const result = await peer.run(...args)
    assert.equal(result.code, 2, result.stdout)
    const error = lastObject<{ event: string; code: string; hint: string }>(result)
    assert.equal(error.event, 'error')
    if (args[0] !== 'get' || code === 'usage' || code === 'address_malformed') assert.equal(error.code, code)
    else assert.match(error.code, /^link_/)
    assert.ok(error.hint.length > 0)
  }
})

test('nobody has it: exit 4 after the timeout, and no trace is left', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const { link } = await share(author, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  await author.stop()
  const result = await reader.run('get', link, '--to', peers.folder(), '--timeout', '1', '--json')
  assert.equal(result.code, 4, result.stdout)
  assert.equal(lastObject<{ code: string }>(result).code, 'nobody_has_it')
  assert.deepEqual(await reader.client.transfers.list(), [])
})

test('a second daemon on one home says who has it and exits with 3', async (t) => {
  const peers = peersOf(t)
  const first = await peers.start()
  const second = await first.run('start', '--json', '--port', '0')
  assert.equal(second.code, 3)
  const error = lastObject<{ code: string; details: { pid: number; api: string } }>(second)
  assert.equal(error.code, 'home_in_use')
  assert.deepEqual([error.details.pid, error.details.api], [first.process.pid, first.api])
  assert.equal((await first.client.status()).peerId, first.peerId)

  // However it ends: the lock is free at once.
  await first.kill()
  await peers.restart(first)
})

test('a taken port that was asked for, and a share that goes elsewhere already, exit with 5', async (t) => {
  const peers = peersOf(t)
  const first = await peers.start()
  const env = { ...process.env, PEERHOOD_HOME: peers.folder() }
  const result = await runCommand(['start', '--json', '--port', new URL(first.api).port, '--no-mdns'], env).done
  assert.equal(result.code, 5)
  assert.equal(lastObject<{ code: string }>(result).code, 'port_taken')

  const author = await peers.start()
  const { link } = await share(author, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  await author.stop()
  await first.client.transfers.add({ link, to: peers.folder() })
  const busy = await first.run('get', link, '--to', peers.folder(), '--json')
  assert.equal(busy.code, 5, busy.stdout)
  assert.equal(lastObject<{ code: string }>(busy).code, 'transfer_share_busy')
})

test('local trouble exits with 6: a folder that is a file, a missing folder, a read-only one', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const { link } = await share(author, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  const folder = peers.folder()
  writeFileSync(join(folder, 'file'), '')
  const places: [string, string][] = [
    [join(folder, 'file'), 'folder_not_folder'],
    [join(folder, 'no', 'such'), 'folder_missing'],
  ]
  if (!isRoot) {
    mkdirSync(join(folder, 'locked'), { mode: 0o500 })
    places.push([join(folder, 'locked'), 'folder_read_only'])
  }
  for (const [to, code] of places) {
    const result = await reader.run('get', link, '--to', to, '--json')
    assert.equal(result.code, 6, result.stdout)
    assert.equal(lastObject<{ code: string }>(result).code, code)
  }
  const missing = await author.run('share', join(folder, 'missing'), '--json')
  assert.equal(missing.code, 4)
  assert.equal(lastObject<{ code: string }>(missing).code, 'path_not_found')
})

test('one share of several that fails says which and why, and the command ends with the code of the first', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const folder = writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 })
  const missing = join(folder, 'missing')
  const result = await peer.run('share', missing, folder, '/dev/null', '--json')
  const told = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { code?: string; exitCode?: number; path?: string; name?: string })
  assert.deepEqual(
    told.map(({ code, exitCode, path, name }) => [code ?? name, exitCode, path]),
    [
      ['path_not_found', 4, missing],
      ['a', undefined, undefined],
      ['path_not_shareable', 2, '/dev/null'],
      ['path_not_found', 4, undefined],
    ],
  )
  assert.equal(result.code, 4)
  assert.equal((await peer.client.shares.list()).length, 1)
})

test('two gets into one folder do not harm each other', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const one = await share(author, writeFiles(join(peers.folder(), 'same'), { 'a.txt': 3 * mebibyte }, 'one'))
  const two = await share(author, writeFiles(join(peers.folder(), 'same'), { 'a.txt': 3 * mebibyte }, 'two'))
  const to = peers.folder()
  const [first, again, second] = await Promise.all([
    get(reader, one.link, to),
    get(reader, one.link, to),
    get(reader, two.link, to),
  ])
  assert.equal(first.path, again.path)
  assert.notEqual(first.path, second.path)
  const [a, b] = [first, second].map(({ path }) => readFileSync(join(path, 'a.txt')))
  assert.ok(a?.equals(sampleBytes('one a.txt', 3 * mebibyte)))
  assert.ok(b?.equals(sampleBytes('two a.txt', 3 * mebibyte)))
})

test('Ctrl-C in a get: exit 130, what arrived is kept, the same command goes on', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 64 * mebibyte))
  const { link } = await share(author, file)
  const to = peers.folder()
  const running = reader.spawn('get', link, '--to', to, '--json')
  const some = async () => (await reader.client.transfers.list()).find((transfer) => transfer.bytesDone > 0)
  await until('some bytes', some)
  running.process.kill('SIGINT')
  const result = await running.done
  if (result.code === 0) return // It was faster than the signal.
  assert.equal(result.code, 130, result.stdout)
  const [transfer] = await reader.client.transfers.list()
  assert.equal(transfer?.state, 'paused')
  const done = await get(reader, link, to)
  assert.ok(readFileSync(done.path).equals(readFileSync(file)))
})

test('a stop in the middle of a transfer takes under two seconds and ends with 0, by command and by signal', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 64 * mebibyte))
  const { link } = await share(author, file)
  const begun = await reader.client.transfers.add({ link, to: peers.folder() })
  await until('some bytes', async () => (await reader.client.transfers.get(begun.id)).bytesDone > 0)
  // What a command takes here that does nothing: on a busy machine that alone may be seconds.
  const askedMs = performance.now()
  assert.equal((await author.run('status')).code, 0)
  const commandMs = performance.now() - askedMs
  for (const end of [() => author.run('stop'), async () => ({ code: await reader.stop() })]) {
    const startedMs = performance.now()
    assert.equal((await end()).code, 0)
    assert.ok(performance.now() - startedMs < 2_000 + 2 * commandMs)
  }
  await until('the author to be gone', () => author.process.exitCode !== null)
  assert.equal(author.process.exitCode, 0)
  assert.equal(existsSync(join(author.home, 'daemon.json')), false)
  // Nothing had to be repaired: it was an orderly end.
  const again = await peers.restart(reader)
  assert.deepEqual((await again.client.status()).notices, [])
})

test('an older Node hands over to the one that comes along, with signals and exit codes', async (t) => {
  const older = olderNode()
  if (older === undefined) return t.skip('this computer has no Node below 24')
  const peers = peersOf(t)
  const home = peers.folder()
  const env = { ...process.env, PEERHOOD_HOME: home }
  assert.equal((await runCommand(['status'], env, { node: older }).done).code, 7)
  const daemon = runCommand(['start', '--json', '--port', '0', ...defaultArgs], env, { node: older })
  t.after(() => daemon.process.kill('SIGKILL'))
  await until('the daemon to be ready', () => existsSync(join(home, 'daemon.json')))
  daemon.process.kill('SIGTERM')
  const { code, stdout } = await daemon.done
  assert.equal(code, 0)
  assert.match(stdout, /^\{"api":.*\}\n$/)
})

/** A Node of the system's own that is too old for us. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => Number.parseInt(execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10) < 24)
}

test('share names what it left out and shares the rest', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const folder = writeFiles(join(peers.folder(), 'a'), { 'kept.txt': 10, 'ignored.log': 10 })
  symlinkSync('/etc/passwd', join(folder, 'link'))
  writeFileSync(join(folder, '.gitignore'), '*.log\n')
  const result = await peer.run('share', folder)
  assert.equal(result.code, 0)
  assert.match(result.stderr, /left out: link: .*symbolic link/i)
  assert.match(result.stdout, /^a: 2 files, .* private\npeerhood:[a-z2-7]+\n$/)
})

test('status, doctor, identity, shares, transfers, peers and link speak JSON, as the API describes it', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const shared = await share(peer, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  const object = async <Value>(...args: string[]) => onlyObject<Value>(await peer.run(...args, '--json'))
  assert.equal(statusSchema.parse(await object('status')).peerId, peer.peerId)
  assert.notEqual(doctorSchema.parse(await object('doctor')).state, 'failed')
  assert.match(identitySchema.parse(await object('identity', 'show')).did, /^did:key:z6Mk/)
  assert.equal((await object<{ phrase: string }>('identity', 'phrase', '--yes')).phrase.split(' ').length, 24)
  const link = linkSchema.parse(await object('link', 'inspect', shared.link))
  assert.equal('shareId' in link && link.shareId, shared.id)
  const [listed] = sharesSchema.parse({ shares: await object('shares') }).shares
  assert.equal(listed?.id, shared.id)
  assert.deepEqual(transfersSchema.parse({ transfers: await object('transfers') }).transfers, [])
  assert.deepEqual(peersSchema.parse({ peers: await object('peers') }).peers, [])
  assert.match((await object<{ page: string }>('open')).page, /^http:\/\/127\.0\.0\.1:\d+\/\?token=/)

  // A change that is refused in part is refused as a whole.
  const before = await peer.client.settings.get()
  const change = peer.client.settings.change({ deviceName: 'renamed', downloads: 'no absolute path' })
  await assert.rejects(change, { code: 'request_malformed' })
  assert.deepEqual(await peer.client.settings.get(), before)

  const unshared = await peer.run('unshare', shared.id.slice(0, 8), '--json')
  assert.equal(unshared.code, 0)
  assert.deepEqual(await peer.client.shares.list(), [])
})

test('identity: a lock asks for its passphrase from then on', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  const phrase = await peer.client.identity.phrase()
  await peer.client.identity.lock({ passphrase: 'open sesame' })
  assert.equal((await peer.run('identity', 'phrase', '--yes')).code, 2)
  await peer.stop()

  const env = { ...process.env, PEERHOOD_HOME: peer.home }
  const refused = await runCommand(['start', '--json', '--port', '0'], env).done
  assert.equal(refused.code, 5)
  assert.equal(lastObject<{ code: string }>(refused).code, 'passphrase_needed')
  const wrong = await runCommand(['start', '--json'], { ...env, PEERHOOD_PASSPHRASE: 'sesame' }).done
  assert.equal(wrong.code, 5)
  assert.equal(lastObject<{ code: string }>(wrong).code, 'passphrase_wrong')
  const again = await peers.restart(peer, { env: { PEERHOOD_PASSPHRASE: 'open sesame' } })
  assert.equal(onlyObject<{ phrase: string }>(await again.run('identity', 'phrase', '--yes', '--json')).phrase, phrase)
  assert.equal(again.peerId, peer.peerId)
})

test('an exposed keystore and a damaged database are told', async (t) => {
  const peers = peersOf(t)
  const peer = await peers.start()
  await peer.stop()
  const env = { ...process.env, PEERHOOD_HOME: peer.home }
  chmodSync(join(peer.home, 'keystore.json'), 0o644)
  const exposed = await runCommand(['start', '--json', '--port', '0'], env).done
  assert.equal(exposed.code, 6)
  assert.equal(lastObject<{ code: string }>(exposed).code, 'keystore_exposed')
  chmodSync(join(peer.home, 'keystore.json'), 0o600)

  rmSync(join(peer.home, 'peerhood.db'))
  writeFileSync(join(peer.home, 'peerhood.db'), 'not a database, and long enough to look at it as one')
  const again = await peers.restart(peer)
  const { notices } = await again.client.status()
  assert.ok(notices.some((notice) => notice.code === 'database_damaged'))
})
