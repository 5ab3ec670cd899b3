import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blockBytesMax } from '../chain/limits.ts'
import type { Block } from '../types.ts'
import * as limits from './limits.ts'
import { addressOf, Bench, blockOn, certificateOf, genesis, setOf, voteOf } from './testing.ts'
import type { Message, WalRecord } from './types.ts'
import { setHash } from './vote-wire.ts'

/** By the leader of the view: round robin from place 0 in epoch 0. */
function proposalOf(block: Block, validators = 4): Extract<Message, { kind: 'proposal' }> {
  const leader = (block.view - 1) % validators
  return { kind: 'proposal', vote: voteOf(leader, 'notarize', block.view, block.hash), block, certificates: [] }
}

const good = { ok: true, nextSet: undefined } as const

/** Validator 3 of four, with a block of view 1 proposed and found valid. */
function withProposal(block = blockOn(genesis, 1)): Bench {
  const bench = new Bench(3).start(4).hear(0, proposalOf(block))
  assert.deepEqual(bench.of('check'), [{ kind: 'check', block }])
  return bench.give({ kind: 'checked', block: block.hash, verdict: good })
}

/** Blocks of views 1 to `count`, each on the one before. */
function chainOf(count: number): Block[] {
  const blocks: Block[] = []
  for (let view = 1; view <= count; view++) blocks.push(blockOn(blocks.at(-1) ?? genesis, view))
  return blocks
}

describe('one validator', () => {
  test('says nothing before it is on disk', () => {
    const bench = withProposal()
    assert.equal(bench.said.length, 0)
    const [write] = bench.of('write')
    assert.deepEqual(
      write?.records.map(({ kind }) => kind),
      ['block', 'vote'],
    )
    assert.deepEqual(
      bench.written().said.map(({ kind, view }) => [kind, view]),
      [['notarize', 1]],
    )
  })

  test('notarizes, finalizes, and hands on what is final', () => {
    const block = blockOn(genesis, 1)
    const bench = withProposal(block).written()
    const here = { kind: 'status', epoch: 0, view: 1, height: 0, finalView: 0, isAnswer: true, heardView: 0 } as const
    bench.hear(0, here).hear(1, here)
    bench.hear(1, { kind: 'vote', vote: voteOf(1, 'notarize', 1, block.hash) })
    assert.equal(bench.core.standing().view, 2)
    assert.deepEqual(
      bench.written().said.map(({ kind, view }) => [kind, view]),
      [['finalize', 1]],
    )
    bench.hear(0, { kind: 'vote', vote: voteOf(0, 'finalize', 1, block.hash) })
    bench.hear(1, { kind: 'vote', vote: voteOf(1, 'finalize', 1, block.hash) })
    const [final] = bench.of('final')
    assert.deepEqual(final?.blocks, [block])
    assert.equal(final?.certificate.signatures.length, 3)
    assert.equal(bench.core.standing().isIdle, true)
    assert.deepEqual(bench.of('wake'), [{ kind: 'wake', atMs: undefined }])
  })

  test('alone, it needs nobody', () => {
    const bench = new Bench(0).start(1).give({ kind: 'work', isWaiting: true })
    const [build] = bench.of('build')
    assert.equal(build?.view, 1)
    const block = blockOn(genesis, 1)
    bench.give({ kind: 'built', epoch: 0, view: 1, parent: genesis.hash, block }).written().written()
    assert.equal(bench.core.standing().height, 1)
  })

  test('votes for the first proposal of a view only, and shows who made two', () => {
    const [first, second] = [blockOn(genesis, 1), blockOn(genesis, 1, { epoch: 0, nextSetHash: setHash(setOf(4, 1)) })]
    const bench = withProposal(first).written().hear(0, proposalOf(second))
    assert.equal(bench.of('check').length, 0)
    const [evidence] = bench.of('evidence')
    assert.equal(evidence?.validator, addressOf(0))
    // Once: it is already known for what it is.
    assert.equal(
      bench.hear(0, proposalOf(blockOn(genesis, 1, { height: 1, parent: first.hash }))).of('evidence').length,
      0,
    )
  })

  test('finds in a certificate that somebody said otherwise here, and blames for one that is forged', () => {
    const [told, other] = [blockOn(genesis, 1), blockOn(genesis, 1, { nextSetHash: setHash(setOf(4, 1)) })]
    const bench = withProposal(told).written()
    const certificate = certificateOf(4, 'notarize', 1, other.hash)
    const forged = {
      ...certificate,
      signatures: certificate.signatures.map((one) => ({ ...one, signature: voteOf(2, 'nullify', 9).signature })),
    }
    bench.hear(1, { kind: 'certificates', certificates: [forged] })
    assert.deepEqual([bench.of('evidence').length, bench.of('blame').length], [0, 1])
    bench.hear(1, { kind: 'certificates', certificates: [certificate] })
    assert.deepEqual(
      bench.of('evidence').map(({ validator }) => validator),
      [addressOf(0)],
    )
    assert.equal(bench.core.standing().view, 2)
  })

  test('gives a view up after 3 Δ, and does not finalize it any more', () => {
    const block = blockOn(genesis, 1)
    const bench = withProposal(block).written().at(299)
    assert.equal(bench.of('write').length, 0)
    bench.at(301).written()
    assert.deepEqual(
      bench.said.map(({ kind }) => kind),
      ['nullify'],
    )
    bench.hear(1, { kind: 'vote', vote: voteOf(1, 'notarize', 1, block.hash) })
    assert.equal(bench.core.standing().view, 2)
    assert.equal(bench.written().said.length, 0)
  })

  test('gives a view up as soon as f+1 others have', () => {
    const bench = new Bench(3).start(4)
    bench.hear(0, { kind: 'vote', vote: voteOf(0, 'nullify', 1) })
    assert.equal(bench.of('write').length, 0)
    bench.hear(1, { kind: 'vote', vote: voteOf(1, 'nullify', 1) })
    assert.deepEqual(
      bench.written().said.map(({ kind }) => kind),
      ['nullify'],
    )
  })

  test('does not vote for a block without proof that views were skipped; asks for it', () => {
    const [first] = chainOf(1)
    assert.ok(first !== undefined)
    const bench = new Bench(3).start(4)
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 2)] })
    const block = blockOn(genesis, 3)
    bench.hear(2, proposalOf(block))
    assert.equal(bench.of('check').length, 0)
    assert.deepEqual(
      bench.of('send').map(({ message }) => message),
      [{ kind: 'ask', epoch: 0, views: [1], blocks: [] }],
    )
    bench.hear(2, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 1)] })
    assert.deepEqual(bench.of('check'), [{ kind: 'check', block }])
  })

  test('goes from any view to the one after the latest certificate', () => {
    const bench = new Bench(3).start(4)
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 41)] })
    assert.equal(bench.core.standing().view, 42)
  })

  test('blames for what is not signed', () => {
    const bench = new Bench(3).start(4)
    const wrong = { ...voteOf(0, 'nullify', 1), view: 2 }
    assert.deepEqual(bench.hear(0, { kind: 'vote', vote: wrong }).of('blame'), [
      { kind: 'blame', peer: addressOf(0), code: 'consensus_signature_wrong' },
    ])
    const few = { ...certificateOf(4, 'nullify', 1), signatures: certificateOf(4, 'nullify', 1).signatures.slice(1) }
    assert.equal(bench.hear(0, { kind: 'certificates', certificates: [few] }).of('blame').length, 1)
    assert.equal(bench.hear(1, proposalOf(blockOn(genesis, 2))).of('blame').length, 0)
    assert.equal(
      bench.hear(1, { ...proposalOf(blockOn(genesis, 2)), block: blockOn(genesis, 6) }).of('blame').length,
      1,
    )
  })

  test('counts nobody for another', () => {
    const bench = new Bench(3).start(4)
    for (const place of [0, 1, 2]) bench.hear(0, { kind: 'vote', vote: voteOf(place, 'nullify', 1) })
    assert.equal(bench.core.standing().view, 1)
  })
})

describe('restart', () => {
  const block = blockOn(genesis, 1)
  const records: readonly WalRecord[] = [
    { kind: 'block', block },
    { kind: 'vote', vote: voteOf(3, 'notarize', 1, block.hash) },
  ]

  test('says again what the log holds, and nothing else in that view', () => {
    const bench = new Bench(3).start(4, { records })
    assert.deepEqual(
      bench.said.map(({ kind, view }) => [kind, view]),
      [['notarize', 1]],
    )
    const other = blockOn(genesis, 1, { nextSetHash: setHash(setOf(4, 1)) })
    bench.hear(0, proposalOf(other)).give({ kind: 'checked', block: other.hash, verdict: good })
    assert.equal(bench.written().said.length, 0)
  })

  test('the records of a running validator bring another to the same place', () => {
    const bench = withProposal(block).written()
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'notarize', 1, block.hash)] }).written()
    const again = new Bench(3).start(4, { records: bench.core.records() })
    assert.equal(again.core.standing().view, 2)
    assert.deepEqual(
      again.said.map(({ kind, view }) => [kind, view]),
      [
        ['notarize', 1],
        ['finalize', 1],
      ],
    )
  })

  test('signs nothing at or before the place of the signer guard', () => {
    const bench = new Bench(3).start(4, { signedTo: { epoch: 0, view: 1, rank: 1 } })
    bench.hear(0, proposalOf(block)).give({ kind: 'checked', block: block.hash, verdict: good })
    assert.equal(bench.written().said.length, 0)
    assert.deepEqual(
      bench
        .at(1_000)
        .written()
        .said.map(({ kind }) => kind),
      ['nullify'],
    )
  })

  test('whoever must not trust its memory signs only after a quorum said what it heard, and in later views', () => {
    const bench = new Bench(3).start(4, { mustConfirm: true })
    assert.equal(bench.core.standing().maySign, false)
    const status = { kind: 'status', epoch: 0, view: 5, height: 0, finalView: 0, isAnswer: true, heardView: 3 } as const
    bench.hear(0, status).hear(1, status)
    assert.equal(bench.core.standing().maySign, false)
    bench.hear(2, { ...status, heardView: 7, view: 6 })
    assert.equal(bench.core.standing().maySign, true)
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 7)] })
    bench.nowMs = 10_000
    bench
      .hear(0, { kind: 'vote', vote: voteOf(0, 'nullify', 8) })
      .hear(1, { kind: 'vote', vote: voteOf(1, 'nullify', 8) })
    assert.equal(bench.written().said.length, 0)
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 8)] })
    bench
      .hear(0, { kind: 'vote', vote: voteOf(0, 'nullify', 9) })
      .hear(1, { kind: 'vote', vote: voteOf(1, 'nullify', 9) })
    assert.equal(bench.written().said.length, 1)
  })
})

describe('without its memory', () => {
  const question = {
    kind: 'status',
    epoch: 0,
    view: 1,
    height: 0,
    finalView: 0,
    isAnswer: false,
    heardView: 0,
  } as const
  const answers = (bench: Bench) =>
    bench.of('send').filter(({ message }) => message.kind === 'status' && message.isAnswer).length

  test('it gives no answer to who asks what was heard, but proof of where it is', () => {
    const bench = new Bench(3).start(4, { mustConfirm: true })
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'nullify', 1)] })
    bench.nowMs = 1_000
    bench.hear(0, question)
    assert.equal(answers(bench), 0)
    assert.ok(bench.of('send').some(({ message }) => message.kind === 'certificates'))
    for (const place of [0, 1, 2]) bench.hear(place, { ...question, isAnswer: true })
    bench.nowMs = 2_000
    assert.equal(answers(bench.hear(0, question)), 1)
  })

  test('it says whose answer it waits for', () => {
    const bench = new Bench(3).start(4, { mustConfirm: true }).hear(1, { ...question, isAnswer: true })
    const silent = [addressOf(0), addressOf(2)]
    assert.deepEqual(bench.core.standing().asking, { answered: 1, needed: 3, silent })
    for (const place of [0, 2]) bench.hear(place, { ...question, isAnswer: true })
    assert.equal(bench.core.standing().asking, undefined)
  })

  test('of two, it speaks again after the last view in which the other heard it', () => {
    const bench = new Bench(1).start(2, { mustConfirm: true }).hear(0, { ...question, isAnswer: true, heardView: 1 })
    bench.give({ kind: 'work', isWaiting: true }).at(5_000).written()
    assert.equal(bench.said.length, 0)
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(2, 'nullify', 1)] })
    assert.deepEqual(
      bench
        .at(10_000)
        .written()
        .said.map(({ kind, view }) => [kind, view]),
      [['nullify', 2]],
    )
  })

  test('alone, there is nobody to ask', () => {
    assert.equal(new Bench(0).start(1, { mustConfirm: true }).core.standing().maySign, true)
  })
})

describe('epochs', () => {
  const nextSet = setOf(5, 1)
  const last = blockOn(genesis, 1, { nextSetHash: setHash(nextSet) })

  test('the next one begins when its block is final; the old one is shown to who asks', () => {
    const bench = new Bench(3).start(4).hear(0, proposalOf(last))
    bench.give({ kind: 'checked', block: last.hash, verdict: { ok: true, nextSet } })
    // Finality shown by a descendant, which is not of the chain.
    const after = blockOn(last, 2)
    bench.hear(1, { ...proposalOf(after), certificates: [certificateOf(4, 'notarize', 1, last.hash)] })
    bench.give({ kind: 'checked', block: after.hash, verdict: good })
    bench.hear(1, { kind: 'certificates', certificates: [certificateOf(4, 'finalize', 2, after.hash)] })
    const [final] = bench.of('final')
    assert.deepEqual([final?.blocks, final?.trail, final?.nextSet], [[last], [after], nextSet])
    const { epoch, view, validators, height } = bench.core.standing()
    assert.deepEqual([epoch, view, validators, height], [1, 1, 5, 1])
    const status = { epoch: 0, view: 2, height: 0, finalView: 0, isAnswer: false, heardView: 0 }
    bench.hear(1, { kind: 'status', ...status })
    const [answer] = bench.of('send')
    assert.equal(answer?.message.kind, 'certificates')
    bench.hear(1, { kind: 'ask', epoch: 0, views: [], blocks: [after.hash] })
    assert.deepEqual(
      bench.of('send').map(({ message }) => message),
      [{ kind: 'blocks', blocks: [last, after] }],
    )
  })

  test('a verdict with another set than the header names makes the block invalid', () => {
    const bench = new Bench(3).start(4).hear(0, proposalOf(last))
    bench.give({ kind: 'checked', block: last.hash, verdict: { ok: true, nextSet: setOf(6, 1) } })
    assert.equal(bench.written().said.length, 0)
  })

  test('what a quorum finalized and is invalid here ends our voting', () => {
    const bench = new Bench(3).start(4).hear(0, proposalOf(last))
    bench.give({ kind: 'checked', block: last.hash, verdict: { ok: false, code: 'wrong', sentence: 'It is wrong.' } })
    bench.hear(1, { kind: 'certificates', certificates: [certificateOf(4, 'finalize', 1, last.hash)] })
    assert.equal(bench.of('disagree').length, 1)
    assert.equal(bench.core.standing().maySign, false)
  })
})

describe('limits', () => {
  test('blocks are as long as the chain allows', () => {
    assert.equal(limits.blockBytesMax, blockBytesMax)
  })

  test('votes too far ahead are not kept', () => {
    const bench = new Bench(3).start(4)
    const view = 1 + limits.viewsAheadMax
    const vote = (place: number, of: number): Message => ({ kind: 'vote', vote: voteOf(place, 'nullify', of) })
    for (const place of [0, 1, 2]) bench.hear(place, vote(place, view + 1))
    assert.equal(bench.core.standing().view, 1)
    for (const place of [0, 1, 2]) bench.hear(place, vote(place, view))
    assert.equal(bench.core.standing().view, view + 1)
  })

  test('messages of the next epoch are kept up to a number', () => {
    const bench = new Bench(3).start(4)
    const nextSet = setOf(4, 1)
    const last = blockOn(genesis, 1, { nextSetHash: setHash(nextSet) })
    const total = limits.earlyPerValidatorMax + 3
    for (let at = 0; at < total; at++) {
      for (const place of [0, 1, 2]) {
        bench.hear(place, { kind: 'vote', vote: voteOf(place, 'nullify', 1 + at, undefined, 1) })
      }
    }
    // Strangers take no room from those whom we know.
    for (let at = 0; at < limits.earlyMax; at++) {
      bench.hear(10 + at, { kind: 'vote', vote: voteOf(0, 'nullify', 1, undefined, 1) })
    }
    bench.hear(0, proposalOf(last))
    bench.give({ kind: 'checked', block: last.hash, verdict: { ok: true, nextSet } })
    bench.hear(0, { kind: 'certificates', certificates: [certificateOf(4, 'finalize', 1, last.hash)] })
    const { epoch, view } = bench.core.standing()
    assert.deepEqual([epoch, view], [1, 1 + limits.earlyPerValidatorMax])
  })

  test('a question is answered with as many blocks as an answer holds, parents first', () => {
    const bytes = new Uint8Array(limits.answerBytes / 4)
    const blocks = chainOf(8).map((block) => ({ ...block, bytes }))
    const records = blocks.map((block): WalRecord => ({ kind: 'block', block }))
    const bench = new Bench(3).start(4, { records })
    bench.hear(0, { kind: 'ask', epoch: 0, views: [], blocks: blocks.slice(-1).map(({ hash }) => hash) })
    const [answer] = bench.of('send')
    assert.ok(answer?.message.kind === 'blocks')
    assert.deepEqual(
      answer.message.blocks.map(({ height }) => height),
      [5, 6, 7, 8],
    )
  })

  test('one who asks without end is answered at a pace', () => {
    const bytes = new Uint8Array(limits.blockBytesMax)
    const block = { ...blockOn(genesis, 1), bytes }
    const bench = new Bench(3).start(4, { records: [{ kind: 'block', block }] })
    const ask = { kind: 'ask', epoch: 0, views: [], blocks: [block.hash] } as const
    const count = (place: number) =>
      Array.from({ length: 40 }, () => bench.hear(place, ask).of('send').length).reduce((sum, one) => sum + one, 0)
    const most = Math.floor(limits.answerBytesBurst / limits.blockBytesMax)
    // The question at the start took a little.
    assert.ok(count(0) >= most - 1 && count(0) === 0)
    assert.ok(count(1) >= most - 1, 'another one is answered all the same')
    assert.ok(count(50) >= most - 1)
    assert.equal(count(51), 0, 'those who are in no set share one allowance')
  })

  test('a question is answered with a bounded number of certificates', () => {
    const count = limits.certificatesPerMessageMax + 44
    const records = Array.from(
      { length: count },
      (_, at): WalRecord => ({
        kind: 'certificate',
        certificate: certificateOf(4, 'nullify', at + 1),
      }),
    )
    const bench = new Bench(3).start(4, { records })
    const views = Array.from({ length: count }, (_, at) => at + 1)
    bench.hear(0, { kind: 'ask', epoch: 0, views, blocks: [] })
    const [answer] = bench.of('send')
    assert.ok(answer?.message.kind === 'certificates')
    assert.equal(answer.message.certificates.length, limits.certificatesPerMessageMax)
  })

  test('blocks that nobody asked for are not kept', () => {
    const bench = new Bench(3).start(4)
    const blocks = chainOf(3)
    bench.hear(0, { kind: 'blocks', blocks })
    bench.hear(1, { kind: 'ask', epoch: 0, views: [], blocks: blocks.map(({ hash }) => hash) })
    assert.equal(bench.of('send').length, 0)
  })

  test('one who asks all the time is answered now and then', () => {
    const bench = new Bench(3).start(4)
    const status = {
      kind: 'status',
      epoch: 0,
      view: 1,
      height: 0,
      finalView: 0,
      isAnswer: false,
      heardView: 0,
    } as const
    assert.equal(bench.hear(0, status).of('send').length, 1)
    assert.equal(bench.hear(0, status).of('send').length, 0)
    bench.nowMs = 100
    assert.equal(bench.hear(0, status).of('send').length, 1)
  })

  test('the time of a view grows, up to a cap', () => {
    const wait = (skipped: number) => {
      const records = Array.from(
        { length: skipped },
        (_, at): WalRecord => ({
          kind: 'certificate',
          certificate: certificateOf(4, 'nullify', at + 1),
        }),
      )
      const bench = new Bench(3).start(4, { records }).give({ kind: 'work', isWaiting: true })
      let ms = 0
      while (bench.of('write').length === 0 && ms < 10_000) {
        ms += 10
        bench.at(ms)
      }
      return ms
    }
    assert.deepEqual([wait(0), wait(3), wait(5), wait(100)], [300, 450, 1_020, 2_400])
  })

  test('whoever is far behind is told to fetch, now and then, and goes on from there', () => {
    const bench = new Bench(3).start(4)
    const height = limits.heightsBehindMax + 1
    const status = { kind: 'status', epoch: 0, view: 1, height, finalView: 0, isAnswer: true, heardView: 0 } as const
    assert.deepEqual(bench.hear(0, status).of('behind'), [{ kind: 'behind', height, peers: [addressOf(0)] }])
    assert.equal(bench.hear(0, status).of('behind').length, 0)
    const head = { ...genesis, hash: blockOn(genesis, 1).hash, height, view: 40 }
    bench.give({ kind: 'synced', head, set: setOf(4), certificate: undefined })
    assert.deepEqual([bench.core.standing().height, bench.core.standing().view], [height, 41])
  })
})
