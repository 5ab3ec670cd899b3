// The identity as the daemon uses it, over a real folder.

import assert from 'node:assert/strict'
import { chmod, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { deviceKeyOf } from './core.ts'
import { type KeystoreDisk, nodeDisk } from './keystore-disk.ts'
import { decodeKeystore, encodeKeystore } from './keystore-wire.ts'
import { scryptLog2NMin } from './limits.ts'
import { type IdentityOptions, openIdentity } from './service.ts'
import { failure, recordingLog, seededRandom, stillClock, temporaryHome, vector } from './testing.ts'
import { issueCertificate, readCertificate } from './wire.ts'

interface World {
  readonly home: string
  readonly path: string
  readonly clock: ReturnType<typeof stillClock>
  readonly log: ReturnType<typeof recordingLog>
  open(options?: Partial<IdentityOptions>, disk?: KeystoreDisk): ReturnType<ReturnType<typeof openIdentity>>
  file(): Promise<string>
}

async function world(t: TestContext): Promise<World> {
  const home = await temporaryHome(t)
  const clock = stillClock()
  const log = recordingLog()
  // A seed of the test's own: what is random in it (is a phrase turned round a phrase?) is the same in every run.
  const random = seededRandom(t.name)
  return {
    home,
    path: join(home, 'keystore.json'),
    clock,
    log,
    open: (options = {}, disk = nodeDisk) =>
      openIdentity({ home, deviceName: 'desk.local', scryptLog2N: scryptLog2NMin, ...options })({
        clock,
        random,
        log,
        disk,
      }),
    file: () => readFile(join(home, 'keystore.json'), 'utf8'),
  }
}

test('a first start makes everything, a second one finds it', async (t) => {
  const { open, path, home, log } = await world(t)
  const first = await open()
  assert.equal(first.created, true)
  assert.match(first.did, /^did:key:z6Mk/)
  assert.match(first.ethereumAddress, /^0x[0-9a-fA-F]{40}$/)
  assert.equal((await first.phrase()).split(' ').length, 24)
  assert.equal(first.deviceName, 'desk.local')
  assert.deepEqual(first.deviceKey, deviceKeyOf(first.deviceSeed))
  assert.deepEqual(readCertificate(first.deviceCertificate.bytes), first.deviceCertificate)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await stat(home)).mode & 0o777, 0o700)

  const second = await open({ deviceName: 'another.local' })
  assert.equal(second.created, false)
  assert.deepEqual(second.show(), first.show())
  assert.deepEqual(second.deviceSeed, first.deviceSeed)
  assert.equal(await second.phrase(), await first.phrase())
  assert.deepEqual(
    log.lines.map(([, code]) => code),
    ['identity_created'],
  )
})

test('show() is what the API answers', async (t) => {
  const identity = await (await world(t)).open()
  assert.deepEqual(identity.show(), {
    did: identity.did,
    ethereumAddress: identity.ethereumAddress,
    peerId: identity.peerId,
    deviceName: 'desk.local',
    certificate: { issuedAtMs: 1_700_000_000_000, person: identity.did, device: identity.peerId },
    passphrase: false,
  })
})

test('restore becomes the person of the phrase, keeps the device, and loses nothing', async (t) => {
  const { open, home, clock, log } = await world(t)
  const identity = await open()
  const [before, phraseBefore] = [identity.show(), await identity.phrase()]
  clock.set(1_700_000_005_000)
  const { identity: after, replaced } = await identity.restore(`  ${vector.phrase.toUpperCase()} `)
  assert.equal(after.did, vector.did)
  assert.equal(after.ethereumAddress, vector.ethereumAddress)
  assert.equal(after.peerId, before.peerId)
  assert.equal(after.certificate.issuedAtMs, 1_700_000_005_000)
  assert.deepEqual(readCertificate(identity.deviceCertificate.bytes).device, identity.deviceKey)
  assert.equal(await identity.phrase(), vector.phrase)
  assert.deepEqual((await open()).show(), after)

  assert.equal(replaced, join(home, 'keystore.replaced-1700000005000.json'))
  assert.equal((await stat(replaced)).mode & 0o777, 0o600)
  assert.ok(log.lines.some(([level, code]) => level === 'warn' && code === 'identity_replaced'))
  // Put back by hand, it is the old identity as if nothing had happened.
  await rename(replaced, join(home, 'keystore.json'))
  const again = await open()
  assert.deepEqual(again.show(), before)
  assert.equal(await again.phrase(), phraseBefore)
})

test('restoring the present phrase changes nothing', async (t) => {
  const { open, file, home } = await world(t)
  const identity = await open()
  const before = await file()
  assert.deepEqual(await identity.restore(await identity.phrase()), { identity: identity.show(), replaced: undefined })
  assert.equal(await file(), before)
  assert.deepEqual(await readdir(home), ['keystore.json'])
})

test('a phrase that is none changes nothing', async (t) => {
  const { open, file, home } = await world(t)
  const identity = await open()
  const before = await file()
  await failure(() => identity.restore('abandon'), 'phrase_word_count')
  await failure(() => identity.restore(vector.phrase.replace('art', 'arm')), 'phrase_checksum_wrong')
  await failure(() => identity.restore(vector.phrase.replace('art', 'artt')), 'phrase_word_unknown')
  assert.equal(await file(), before)
  assert.deepEqual(await readdir(home), ['keystore.json'])
})

test('a passphrase: set, needed, wrong, changed, removed', async (t) => {
  const { open, file } = await world(t)
  const identity = await open()
  const [plain, phrase, before] = [await file(), await identity.phrase(), identity.show()]
  const secrets = JSON.parse(plain).secrets

  assert.deepEqual(await identity.lock('first'), { identity: { ...before, passphrase: true }, left: [] })
  for (const secret of [secrets.entropy, secrets.deviceSeed]) assert.ok(!(await file()).includes(secret))
  await failure(() => open(), 'passphrase_needed')
  const wrong = await failure(() => open({ passphrase: 'First' }), 'passphrase_wrong')
  assert.equal(wrong.message, 'The passphrase is wrong.')
  assert.equal(wrong.kind, 'refused')
  assert.deepEqual((await open({ passphrase: 'first' })).show(), { ...before, passphrase: true })

  await failure(() => identity.phrase(), 'passphrase_needed')
  await failure(() => identity.phrase('wrong'), 'passphrase_wrong')
  assert.equal(await identity.phrase('first'), phrase)

  await failure(() => identity.lock('second'), 'passphrase_needed')
  await failure(() => identity.lock('second', 'wrong'), 'passphrase_wrong')
  await failure(() => identity.lock(null), 'passphrase_needed')
  await failure(() => identity.lock('', 'first'), 'passphrase_unusable')
  await identity.lock('second', 'first')
  await failure(() => open({ passphrase: 'first' }), 'passphrase_wrong')
  assert.equal(await identity.phrase('second'), phrase)

  assert.equal((await identity.lock(null, 'second')).identity.passphrase, false)
  assert.equal(await file(), plain)
  assert.equal(await (await open()).phrase(), phrase)
})

test('a first start with a passphrase never writes the secrets in the open', async (t) => {
  const { open, log } = await world(t)
  const identity = await open({ passphrase: 'from the start' })
  assert.equal(identity.passphrase, true)
  await failure(() => open(), 'passphrase_needed')
  assert.deepEqual((await open({ passphrase: 'from the start' })).deviceSeed, identity.deviceSeed)
  assert.deepEqual(
    log.lines.map(([, code]) => code),
    ['identity_created'],
  )
})

test('a passphrase that protects nothing is told', async (t) => {
  const { open, log } = await world(t)
  await open()
  await open({ passphrase: 'believed to be set' })
  assert.deepEqual(log.lines.at(-1)?.slice(0, 2), ['warn', 'passphrase_not_in_use'])
})

test('restore under a passphrase needs it and keeps it', async (t) => {
  const { open, file } = await world(t)
  const identity = await open({ passphrase: 'p' })
  await failure(() => identity.restore(vector.phrase), 'passphrase_needed')
  await failure(() => identity.restore(vector.phrase, 'q'), 'passphrase_wrong')
  const { replaced } = await identity.restore(vector.phrase, 'p')
  assert.equal(JSON.parse(await file()).secrets.kind, 'sealed')
  assert.equal(JSON.parse(await readFile(replaced ?? '', 'utf8')).secrets.kind, 'sealed')
  assert.equal((await open({ passphrase: 'p' })).did, vector.did)
  assert.equal(await identity.phrase('p'), vector.phrase)
})

test('lock covers the identities put aside, and names those it can’t open', async (t) => {
  const { open, home, log } = await world(t)
  const identity = await open()
  const { replaced = '' } = await identity.restore(vector.phrase)
  const kindOf = async (path: string) => JSON.parse(await readFile(path, 'utf8')).secrets.kind
  assert.equal(await kindOf(replaced), 'plain')

  const broken = join(home, 'keystore.replaced-1.json')
  await writeFile(broken, '{', { mode: 0o600 })
  assert.deepEqual((await identity.lock('p')).left, [broken])
  assert.equal(await kindOf(replaced), 'sealed')
  assert.equal(await readFile(broken, 'utf8'), '{')
  assert.deepEqual(log.lines.at(-1), ['warn', 'keystore_kept_left', { path: broken, code: 'keystore_damaged' }])

  await rm(broken)
  assert.deepEqual((await identity.lock(null, 'p')).left, [])
  assert.equal(await kindOf(replaced), 'plain')
})

test('a device is renamed without the passphrase, and keeps its name', async (t) => {
  const { open } = await world(t)
  const identity = await open({ passphrase: 'p' })
  assert.equal((await identity.rename('  Küche 🖥 ')).deviceName, 'Küche 🖥')
  assert.equal((await open({ passphrase: 'p' })).deviceName, 'Küche 🖥')
  for (const name of ['', '   ', 'x'.repeat(65), 'a\nb', 'a\u202eb', 'a\ud800', 'a\u2028b']) {
    await failure(() => identity.rename(name), 'device_name_unusable')
  }
  assert.equal((await identity.rename('x'.repeat(64))).deviceName.length, 64)
})

test('whatever the system calls the computer, the first start works', async (t) => {
  for (const [hostname, name] of [
    ['', 'computer'],
    ['\u0000\n', 'computer'],
    [`${'x'.repeat(63)}🖥`, `${'x'.repeat(63)}\ufffd`],
    ['a\u202eb', 'ab'],
  ] as const) {
    const { open } = await world(t)
    await open({ deviceName: hostname })
    assert.equal((await open()).deviceName, name)
  }
})

test('a damaged or exposed keystore is refused and stays as it is', async (t) => {
  const { open, path, home } = await world(t)
  await open()
  await chmod(path, 0o644)
  assert.equal((await failure(() => open(), 'keystore_exposed')).hint, `chmod 600 '${path}'`)
  await chmod(path, 0o600)
  for (const damage of ['', '{', 'null', '\0'.repeat(900)]) {
    await writeFile(path, damage)
    await failure(() => open(), 'keystore_damaged')
    assert.equal(await readFile(path, 'utf8'), damage)
  }
  assert.deepEqual(await readdir(home), ['keystore.json'])
})

test('a certificate of other keys makes a keystore damaged', async (t) => {
  const { open, path, file } = await world(t)
  const identity = await open()
  const keystore = decodeKeystore(Buffer.from(await file()))
  const foreign = issueCertificate({ personSecret: new Uint8Array(32), deviceSeed: identity.deviceSeed, issuedMs: 1 })
  for (const certificate of [foreign.bytes, foreign.bytes.subarray(1)]) {
    await writeFile(path, encodeKeystore({ ...keystore, certificate }))
    const error = await failure(() => open(), 'keystore_damaged')
    assert.ok(error.hint.includes(`mv '${path}'`))
  }
})

test('a keystore exchanged or removed while running is noticed, and never written over', async (t) => {
  const { open, path, file } = await world(t)
  const identity = await open()
  const mine = await file()
  await rm(path)
  await failure(() => identity.phrase(), 'keystore_changed')
  await failure(() => identity.lock('p'), 'keystore_changed')
  const other = await open()
  const theirs = await file()
  for (const change of [() => identity.restore(vector.phrase), () => identity.lock('p'), () => identity.rename('x')]) {
    await failure(change, 'keystore_changed')
  }
  assert.equal(await file(), theirs)
  assert.notEqual(identity.did, other.did)
  await writeFile(path, mine)
  assert.equal((await identity.phrase()).split(' ').length, 24)
})

test('requests at once run one after another', async (t) => {
  const { open } = await world(t)
  const identity = await open()
  const results = await Promise.allSettled([
    identity.lock('a'),
    identity.lock('b', 'a'),
    identity.phrase(),
    identity.rename('Renamed'),
    identity.restore(vector.phrase, 'b'),
    identity.phrase('b'),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  )
  const again = await open({ passphrase: 'b' })
  assert.deepEqual([again.deviceName, again.did], ['Renamed', vector.did])
})

test('a crash at any step of a restore leaves one whole identity, and the old one always findable', async (t) => {
  for (let operations = 0, finished = false; !finished; operations++) {
    const { open, home } = await world(t)
    const old = await open()
    let left = Number.POSITIVE_INFINITY
    const dying = Object.fromEntries(
      Object.entries(nodeDisk).map(([name, run]) => [
        name,
        async (...args: never[]) => {
          if (left-- > 0) return (run as (...args: never[]) => unknown)(...args)
          throw Object.assign(new Error('power cut'), { code: 'EIO' })
        },
      ]),
    ) as unknown as KeystoreDisk
    const identity = await open({}, dying)
    left = operations
    finished = await identity.restore(vector.phrase).then(
      () => true,
      () => false,
    )
    const after = await open()
    assert.equal(after.created, false)
    assert.ok(after.did === vector.did || after.did === old.did)
    if (after.did === old.did) continue
    const kept = (await readdir(home)).filter((name) => name.startsWith('keystore.replaced-'))
    assert.equal(kept.length, 1)
    await rename(join(home, kept[0] ?? ''), join(home, 'keystore.json'))
    assert.deepEqual((await open()).show(), old.show())
  }
})

test('a change that the disk refuses leaves the identity as it was', async (t) => {
  const { open, file } = await world(t)
  await open()
  const full: KeystoreDisk = {
    ...nodeDisk,
    write: async () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    },
  }
  const identity = await open({}, full)
  const [before, text] = [identity.show(), await file()]
  for (const change of [() => identity.restore(vector.phrase), () => identity.lock('p'), () => identity.rename('x')]) {
    assert.match((await failure(change, 'keystore_unwritable')).message, /the disk is full/)
  }
  assert.deepEqual(identity.show(), before)
  assert.equal(await file(), text)
})

test('no dump of the identity, its log or its errors shows a secret', async (t) => {
  const { open, log, file, path } = await world(t)
  const identity = await open()
  const { entropy, deviceSeed } = JSON.parse(await file()).secrets
  const phrase = await identity.phrase()
  const errors: unknown[] = []
  const collect = (work: Promise<unknown>) =>
    work.then(
      () => assert.fail('must fail'),
      (error) => errors.push(error),
    )

  const { replaced = '' } = await identity.restore(vector.phrase)
  await identity.lock('hunter2-passphrase')
  await collect(identity.phrase('wrong-hunter3'))
  await collect(identity.lock('hunter2-new', 'wrong-hunter3'))
  await collect(identity.restore(phrase, 'wrong-hunter3'))
  await collect(identity.restore(phrase.split(' ').reverse().join(' '), 'hunter2-passphrase'))
  await collect(open({ passphrase: 'wrong-hunter3' }))
  await writeFile(path, `{"entropy": "${entropy}", "deviceSeed": ${deviceSeed}`)
  await collect(open())
  await collect(identity.phrase('hunter2-passphrase'))

  const secrets = [entropy, deviceSeed, toHex(identity.deviceSeed), phrase, vector.phrase, 'hunter2', 'hunter3']
  const seedAsList = [...identity.deviceSeed].join(',')
  const deep = {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    breakLength: Infinity,
  } as const
  for (const [what, value] of Object.entries({ identity, errors, log: log.lines })) {
    for (const dump of [inspect(value, deep), inspect(value), JSON.stringify(value), String(value)]) {
      for (const secret of secrets) assert.ok(!dump.includes(secret), `${what} shows a secret`)
      assert.ok(!dump.replaceAll(' ', '').includes(seedAsList), `${what} shows the device's seed`)
    }
  }
  assert.equal(inspect(identity), inspect(identity.show()))
  assert.deepEqual(JSON.parse(JSON.stringify(identity)), identity.show())
  assert.equal(errors.length, 7)
  assert.ok(errors.every(isPeerhoodError))
  assert.ok(replaced)
})
