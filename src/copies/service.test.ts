// Authors and keepers in a simulated network: who is believed, what is taken, what is shown, and what comes back after a
// loss.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Computer, createCopiesWorld } from '../../test/support/copies.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { formatLink } from '../content/format/link.ts'
import { agreementsMax, framesBurst, heldPerPersonMax, nonceBytes, streamsPerPeerMax, talksMax } from './limits.ts'
import type { Frame } from './wire.ts'

async function worldOf(t: TestContext, keepers: number, options?: Parameters<typeof createCopiesWorld>[1]) {
  const world = createCopiesWorld(t.name, options)
  t.after(() => world.stop())
  const author = await world.computer()
  const made: Computer[] = []
  for (let at = 0; at < keepers; at++) made.push(await world.computer())
  const agree = (keeper: Computer, bytesMax = 1e9) => keeper.copies.agree(world.linkOf(author), bytesMax)
  const alive = (id: Parameters<Computer['copies']['share']>[0]) => author.copies.share(id).alive
  return { world, author, keepers: made, agree, alive }
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

const at = <Value>(list: readonly Value[], index: number): Value => {
  const value = list[index]
  assert.ok(value !== undefined)
  return value
}

/** A question of nobody in particular. */
const askOf = ({ certificate }: Computer, shares: Extract<Frame, { kind: 'ask' }>['shares'] = []): Frame => ({
  kind: 'ask',
  certificate: certificate.bytes,
  shares,
})

test('keepers that agreed get copies; one dies, and within a minute another has one', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 3)
  const photos = world.content()
  author.shelf.share(photos)
  for (const keeper of keepers) agree(keeper)
  assert.equal(author.copies.set(photos.shareId, 2).copies, 2)
  await world.until('two copies', () => alive(photos.shareId) === 2)
  const holders = keepers.filter((keeper) => keeper.shelf.kept(photos.shareId)?.complete === true)
  assert.equal(holders.length, 2)
  assert.equal(author.copies.share(photos.shareId).sentence, '2 of 2 copies are alive.')
  assert.deepEqual(
    author.copies
      .holders(photos.shareId)
      .map(({ peerId }) => peerId)
      .sort(),
    holders.map(({ id }) => id).sort(),
  )

  at(holders, 0).crash()
  const third = keepers.find((keeper) => !holders.includes(keeper))
  await world.until('the third has it', () => third?.shelf.kept(photos.shareId)?.complete === true, 60_000)
  await world.until('two are alive', () => alive(photos.shareId) === 2, 5_000)
  const { where } = author.copies.share(photos.shareId)
  assert.deepEqual(
    where.map(({ standing }) => standing),
    ['alive', 'alive', 'lost'],
  )
  assert.deepEqual(author.network.blames, [])
})

test('a keeper is asked again and again, whatever moment a timer comes at', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, 1, { isRestless: true })
  const photos = world.content()
  author.shelf.share(photos)
  agree(at(keepers, 0))
  author.copies.set(photos.shareId, 1)
  for (let round = 0; round < 200; round++) {
    await world.pass(20_000)
    const [keeper] = author.copies.keepers()
    const silentMs = world.clock.nowMs() - (keeper?.seenMs ?? 0)
    assert.ok(silentMs <= 20_000, `round ${round}: not asked for ${silentMs} ms`)
  }
})

test('a new version is followed; what is unshared is deleted', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 1)
  const photos = world.content()
  author.shelf.share(photos)
  const keeper = at(keepers, 0)
  agree(keeper)
  author.copies.set(photos.shareId, 1)
  await world.until('a copy', () => alive(photos.shareId) === 1)
  const next = world.content(6, photos)
  author.shelf.share(next)
  assert.equal(alive(photos.shareId), 0)
  await world.until('the new one', () => alive(photos.shareId) === 1)
  assert.equal(keeper.shelf.kept(photos.shareId)?.record.sequence, 2)
  assert.equal(keeper.shelf.transfers.list().length, 1, 'transfers that are over do not pile up')
  assert.deepEqual(
    keeper.copies.agreements().map(({ bytes, copies }) => [bytes, copies]),
    [[6_000, 1]],
  )
  author.shelf.unshare(photos.shareId)
  await world.until('it is gone', () => keeper.shelf.kept(photos.shareId) === undefined)
  assert.deepEqual(
    keeper.copies.agreements().map(({ bytes, copies }) => [bytes, copies]),
    [[0, 0]],
  )
  await world.until('the author knows', () => author.copies.shares().length === 0)
})

test('after a restart of either side everything is as it was', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 2)
  const photos = world.content()
  author.shelf.share(photos)
  for (const keeper of keepers) agree(keeper)
  author.copies.set(photos.shareId, 1)
  await world.until('a copy', () => alive(photos.shareId) === 1)
  const [before] = author.copies.share(photos.shareId).where
  await author.restart()
  assert.equal(author.copies.share(photos.shareId).where[0]?.standing, 'checking')
  await world.until('it is found again', () => alive(photos.shareId) === 1)
  const keeper = keepers.find(({ id }) => id === before?.peer)
  await keeper?.restart()
  await world.pass(120_000)
  const [after] = author.copies.share(photos.shareId).where
  assert.deepEqual([after?.peer, after?.standing, after?.provenMs], [before?.peer, 'alive', before?.provenMs])
})

test('while the files are away nothing is dropped', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 1)
  const photos = world.content()
  author.shelf.share(photos)
  agree(at(keepers, 0))
  author.copies.set(photos.shareId, 1)
  await world.until('a copy', () => alive(photos.shareId) === 1)
  const { byShare } = author.shelf.library
  Object.assign(author.shelf.library, { byShare: () => undefined })
  await author.restart()
  await world.pass(300_000)
  assert.equal(at(keepers, 0).shelf.kept(photos.shareId)?.complete, true)
  assert.equal(alive(photos.shareId), 1)
  Object.assign(author.shelf.library, { byShare })
})

test('a keeper that can’t show its copy is not counted, and another is asked', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 2)
  const photos = world.content()
  author.shelf.share(photos)
  const [liar, honest] = [at(keepers, 0), at(keepers, 1)]
  liar.shelf.spoil()
  agree(liar)
  author.copies.set(photos.shareId, 1)
  await world.until(
    'it was asked for a proof',
    () => author.copies.share(photos.shareId).where[0]?.standing === 'unproven',
  )
  assert.ok(author.warnings.includes('copies_proof_wrong'))
  agree(honest)
  await world.until('another has it', () => alive(photos.shareId) === 1)
  assert.equal(honest.shelf.kept(photos.shareId)?.complete, true)
  await world.until('the liar is told to drop it', () => liar.shelf.kept(photos.shareId) === undefined)
})

// ---- whom an author believes

test('a stranger without the link’s token is never asked, and learns nothing', async (t) => {
  const { world, author, keepers } = await worldOf(t, 2)
  const photos = world.content()
  author.shelf.share(photos)
  author.copies.set(photos.shareId, 1)
  const [stranger, guessing] = [at(keepers, 0), at(keepers, 1)]
  const hello = (from: Computer, token?: Uint8Array): Frame => ({
    kind: 'hello',
    certificate: from.certificate.bytes,
    token,
  })
  const refused = { kind: 'refuse', reason: 'not_agreed', free: 0 }
  assert.deepEqual(await world.ask(stranger, author, hello(stranger)), refused)
  assert.deepEqual(await world.ask(guessing, author, hello(guessing, new Uint8Array(32))), refused)
  stranger.copies.agree(author.person, 1e9)
  await world.pass(120_000)
  assert.deepEqual(author.copies.keepers(), [])
  assert.match(author.copies.share(photos.shareId).sentence, /no computer that agreed/)
})

test('who shares a community needs no link, and neither does an own computer', async (t) => {
  const { world, author, keepers, alive } = await worldOf(t, 1)
  const photos = world.content()
  author.shelf.share(photos)
  author.copies.set(photos.shareId, 1)
  const member = at(keepers, 0)
  author.acquainted.add(member.id)
  member.acquainted.add(author.id)
  await world.done(member.network.connect(at(author.named.peers, 0), { source: 'manual' }))
  member.copies.agree(author.person, 1e9)
  await world.until('a copy', () => alive(photos.shareId) === 1)

  const secret = world.random.bytes(32)
  const [laptop, nas] = [await world.computer(secret), await world.computer(secret)]
  nas.acquainted.add(laptop.id)
  const notes = world.content()
  laptop.shelf.share(notes)
  laptop.copies.set(notes.shareId, 1)
  await world.done(nas.network.connect(at(laptop.named.peers, 0), { source: 'manual' }))
  nas.copies.agree(nas.person, 1e9)
  await world.until('a copy on the own computer', () => laptop.copies.share(notes.shareId).alive === 1)
})

// ---- what a keeper takes

test('nobody but those agreed with is answered; what is false costs the connection', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, 2)
  const [keeper, other] = [at(keepers, 0), at(keepers, 1)]
  agree(keeper)
  await world.pass(5_000)
  assert.deepEqual(await world.ask(other, keeper, askOf(other)), { kind: 'refuse', reason: 'not_agreed', free: 0 })
  assert.deepEqual(await world.raw(other, keeper, new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')), [])
  assert.equal(keeper.network.blames.at(-1)?.blame.code, 'copies_frame_kind_unknown')
  await world.pass(120_000)
  assert.equal(
    await world.ask(other, keeper, askOf(author)),
    undefined,
    'the author’s certificate is another computer’s',
  )
  assert.deepEqual(keeper.network.blames.at(-1), {
    peerId: other.id,
    blame: { code: 'copies_certificate_wrong', verdict: 'reject' },
  })
  await world.pass(120_000)
  assert.equal(await world.ask(other, keeper, { kind: 'done' }), undefined, 'an answer to nothing')
  assert.equal(keeper.network.blames.at(-1)?.blame.code, 'copies_frame_out_of_order')
})

test('what does not fit is refused before anything is taken, and counts by what the author signed', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  agree(keeper, 9_999)
  const certificate = author.certificate.bytes
  const keepOf = (content: ReturnType<typeof world.content>): Frame => {
    return { kind: 'keep', certificate, record: content.recordBytes, link: formatLink(content.link) }
  }
  const [small, large, other] = [world.content(6), world.content(10), world.content(4)]
  assert.deepEqual(await world.ask(author, keeper, keepOf(large)), { kind: 'refuse', reason: 'full', free: 9_999 })
  assert.equal(keeper.shelf.kept(large.shareId), undefined)
  assert.deepEqual(await world.ask(author, keeper, keepOf(small)), { kind: 'done' })
  assert.deepEqual(await world.ask(author, keeper, keepOf(other)), { kind: 'refuse', reason: 'full', free: 3_999 })
  const offer = await world.ask(author, keeper, askOf(author, [small.link.discovery, other.link.discovery]))
  assert.ok(offer?.kind === 'offer')
  assert.equal(offer.free, 3_999)
  assert.deepEqual(
    offer.states.map(({ has }) => has !== 'none'),
    [true, false],
  )

  const mixed: Frame = { kind: 'keep', certificate, record: small.recordBytes, link: formatLink(other.link) }
  assert.equal(await world.ask(author, keeper, mixed), undefined)
  assert.equal(keeper.network.blames.at(-1)?.blame.code, 'copies_share_wrong')
})

test('a version that another peer brings and that does not fit is let go', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  const photos = world.content(4)
  author.shelf.share(photos)
  agree(keeper, 5_000)
  author.copies.set(photos.shareId, 1)
  await world.until('a copy', () => alive(photos.shareId) === 1)
  keeper.shelf.bring(world.content(8, photos))
  await world.until('it is let go', () => keeper.shelf.kept(photos.shareId) === undefined)
  assert.ok(keeper.warnings.includes('copy_outgrew'))
  assert.equal(at(keeper.copies.agreements(), 0).bytes, 0)
})

test('proofs are of what was asked for; what is not here is said to be not here', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  const photos = world.content(4)
  author.shelf.share(photos)
  agree(keeper)
  author.copies.set(photos.shareId, 1)
  await world.until('a copy', () => alive(photos.shareId) === 1)
  const challenge = (more: Partial<Extract<Frame, { kind: 'prove' }>> = {}): Frame => ({
    ...{ kind: 'prove', certificate: author.certificate.bytes, share: photos.link.discovery, sequence: 1 },
    ...{ nonce: new Uint8Array(nonceBytes), blocks: [0, 3], ...more },
  })
  const [first, second] = [
    await world.ask(author, keeper, challenge()),
    await world.ask(author, keeper, challenge({ nonce: new Uint8Array(nonceBytes).fill(1) })),
  ]
  assert.ok(first?.kind === 'proof' && second?.kind === 'proof')
  assert.notDeepEqual(first.digest, second.digest)
  const missing = { kind: 'refuse', reason: 'not_here', free: 0 }
  assert.deepEqual(await world.ask(author, keeper, challenge({ blocks: [4] })), missing)
  assert.deepEqual(await world.ask(author, keeper, challenge({ sequence: 2 })), missing)
})

test('what is ended is deleted, and what was removed by hand is not taken again', async (t) => {
  const { world, author, keepers, agree, alive } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  const [photos, notes] = [world.content(), world.content()]
  for (const content of [photos, notes]) author.shelf.share(content)
  agree(keeper)
  for (const { shareId } of [photos, notes]) author.copies.set(shareId, 1)
  await world.until('both', () => alive(photos.shareId) === 1 && alive(notes.shareId) === 1)

  keeper.copies.decline(photos.shareId)
  await keeper.shelf.library.removeKept(photos.shareId)
  await world.pass(120_000)
  assert.equal(keeper.shelf.kept(photos.shareId), undefined)
  assert.equal(at(keeper.copies.agreements(), 0).copies, 1)
  assert.equal(alive(photos.shareId), 0)

  await world.done(keeper.copies.end(author.person))
  assert.equal(keeper.shelf.kept(notes.shareId), undefined)
  assert.deepEqual(keeper.copies.agreements(), [])
  await world.until('the author knows', () => author.copies.keepers().length === 0)
  await assert.rejects(keeper.copies.end(author.person), { code: 'copies_agreement_unknown' })
})

// ---- limits

test('numbers, sizes and agreements have bounds', async (t) => {
  const { world, author, keepers } = await worldOf(t, 1)
  const photos = world.content()
  assert.equal(
    codeOf(() => author.copies.set(photos.shareId, 1)),
    'copies_not_own',
  )
  author.shelf.share(photos)
  for (const copies of [-1, 1.5, 17]) {
    assert.equal(
      codeOf(() => author.copies.set(photos.shareId, copies)),
      'copies_number_wrong',
    )
  }
  const keeper = at(keepers, 0)
  for (const bytes of [0, -5, 0.5, Number.POSITIVE_INFINITY]) {
    assert.equal(
      codeOf(() => keeper.copies.agree(world.linkOf(author), bytes)),
      'copies_size_wrong',
    )
  }
  for (let number = 0; number < agreementsMax; number++) keeper.copies.agree(`did:key:z${number}`, 1)
  assert.equal(
    codeOf(() => keeper.copies.agree('did:key:zOneMore', 1)),
    'copies_agreements_too_many',
  )
  assert.equal(keeper.copies.agree('did:key:z7', 5).bytesMax, 5, 'those there are can be changed')
})

test('copies for one person are bounded in number, too', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  agree(keeper)
  const row = { person: author.person, discovery: new Uint8Array(32) as never, made: true, declined: false }
  for (let number = 0; number < heldPerPersonMax; number++) {
    keeper.store.putHeld({ ...row, share: `share ${number}` as never, bytes: 1, sequence: 1 })
  }
  const photos = world.content()
  const { certificate } = author
  const keep: Frame = {
    ...{ kind: 'keep', certificate: certificate.bytes, record: photos.recordBytes, link: formatLink(photos.link) },
  }
  assert.deepEqual(await world.ask(author, keeper, keep), { kind: 'refuse', reason: 'full', free: 0 })
  assert.equal(keeper.shelf.kept(photos.shareId), undefined)
})

test('only so many are served at once, and who says nothing is cut', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, Math.ceil((talksMax + 1) / streamsPerPeerMax))
  for (const keeper of keepers) agree(keeper)
  await world.pass(30_000)
  const silent = keepers.flatMap((keeper) =>
    Array.from({ length: streamsPerPeerMax }, () => world.silent(keeper, author)),
  )
  await world.pass(1_000)
  const cut = await Promise.all(silent.map((stream) => stream.then(({ isCut }) => isCut())))
  assert.equal(cut.filter((one) => !one).length, talksMax)
  await world.pass(30_000)
  const later = await Promise.all(silent.map((stream) => stream.then(({ isCut }) => isCut())))
  assert.ok(later.every(Boolean))
  assert.ok(author.network.blames.some(({ blame }) => blame.code === 'copies_silent' && blame.verdict === 'ignore'))
})

test('who asks without end is put off', async (t) => {
  const { world, author, keepers, agree } = await worldOf(t, 1)
  const keeper = at(keepers, 0)
  agree(keeper)
  const kinds = new Map<string, number>()
  for (let count = 0; count < framesBurst + 40; count++) {
    const answer = await world.ask(author, keeper, askOf(author))
    const what = answer?.kind === 'refuse' ? answer.reason : (answer?.kind ?? 'cut')
    kinds.set(what, (kinds.get(what) ?? 0) + 1)
  }
  assert.ok((kinds.get('busy') ?? 0) > 0, JSON.stringify([...kinds]))
  assert.ok((kinds.get('offer') ?? 0) >= framesBurst)
})
