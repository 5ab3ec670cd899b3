// Limits that no other test meets: questions and answers, the vote log's length, evidence, trails of headers, gossip.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { quietLog, testAccount, testGenesis } from '../chain/testing.ts'
import type { Chain, FullBlock } from '../chain/types.ts'
import type { Evidence, Vote, WalRecord } from '../consensus/types.ts'
import { encodeEvidence, voteDigest } from '../consensus/vote-wire.ts'
import { recoverAddress, signDigest } from '../evm/crypto.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { blocksOf } from './answers.ts'
import { createSimulatedDisk } from './disk-testing.ts'
import { openEvidence } from './evidence.ts'
import { decodeFinality, encodeFinality } from './finality.ts'
import { createGossip } from './gossip.ts'
import {
  answerBytes,
  answersAtOnceMax,
  answersWaitingMax,
  answerTimeoutMs,
  evidenceMax,
  gossipBytes,
  gossipDelayMs,
  guardBytesMax,
  questionsPerPeerMax,
  trailMax,
  walRewriteBytes,
} from './limits.ts'
import { Peers } from './peers.ts'
import { Requests } from './requests.ts'
import { createServer } from './serve.ts'
import type { PeerName } from './types.ts'
import { openVotes } from './votes.ts'
import { decodeGossip, decodeMessage } from './wire.ts'

const peer = 'peer' as PeerName
const block = `0x${'ab'.repeat(32)}` as Hash
const code = (error: unknown) => (isPeerhoodError(error) ? error.code : String(error))

test('questions end: by an answer, too late, by a lost connection, at our end; no more at once than one peer is asked', async () => {
  const clock = createVirtualClock()
  const sent: number[] = []
  const requests = new Requests({
    clock,
    send(_, bytes) {
      const message = decodeMessage(bytes)
      if (message.kind === 'request') sent.push(message.id)
    },
  })
  const ask = () => requests.ask<'snapshot'>(peer, { kind: 'snapshot' }).then(() => 'answered', code)
  const answered = ask()
  requests.answered(peer, sent[0] ?? 0, { kind: 'snapshot', manifest: new Uint8Array(1) })
  assert.equal(await answered, 'answered')
  const refused = ask()
  requests.answered(peer, sent[1] ?? 0, { kind: 'refuse', reason: 'busy' })
  assert.equal(await refused, 'ledger_nobody_answers')
  const late = ask()
  while (clock.advance(answerTimeoutMs)) await Promise.resolve()
  assert.equal(await late, 'ledger_nobody_answers')
  // Nobody is blamed for an answer that comes then, but for one to another question.
  requests.answered(peer, sent[2] ?? 0, { kind: 'refuse', reason: 'busy' })
  assert.throws(() => requests.answered(peer, 99, { kind: 'refuse', reason: 'busy' }), {
    code: 'ledger_answer_unasked',
  })
  const many = Array.from({ length: questionsPerPeerMax }, ask)
  assert.equal(sent.length, 3 + questionsPerPeerMax)
  assert.equal(await ask(), 'ledger_nobody_answers')
  assert.equal(sent.length, 3 + questionsPerPeerMax)
  assert.throws(() => requests.answered(peer, sent[3] ?? 0, { kind: 'block', block: new Uint8Array(1) }), {
    code: 'ledger_answer_unasked',
  })
  requests.disconnected(peer)
  assert.deepEqual(new Set(await Promise.all(many)), new Set(['ledger_nobody_answers']))
  const last = ask()
  requests.stop()
  assert.equal(await last, 'ledger_stopped')
})

test('answers: so many at once, so many wait, the rest is told to come later', async () => {
  let running = 0
  let most = 0
  const release = Promise.withResolvers<void>()
  const chunk = async () => {
    running += 1
    most = Math.max(most, running)
    await release.promise
    running -= 1
    return new Uint8Array(1)
  }
  const server = createServer({ chain: {} as Chain, snapshots: { height: 1, manifest: () => undefined, chunk } })
  const all = Array.from({ length: answersWaitingMax }, () => server.answer({ kind: 'chunk', height: 1, index: 0 }))
  assert.deepEqual(await server.answer({ kind: 'snapshot' }), { kind: 'refuse', reason: 'busy' })
  release.resolve()
  assert.ok((await Promise.all(all)).every(({ kind }) => kind === 'chunk'))
  assert.equal(most, answersAtOnceMax)
  assert.deepEqual(await server.answer({ kind: 'snapshot' }), { kind: 'refuse', reason: 'not_here' })
})

test('an answer with blocks is closed once it is long', () => {
  const chain = {
    block: () => ({ bytes: new Uint8Array(answerBytes / 4) }) as FullBlock,
    certificate: () => undefined,
  } as unknown as Chain
  assert.equal(blocksOf(chain, 1, 100).length, 3)
})

test('the vote log is made anew once it is long, with what still matters', async () => {
  const disk = createSimulatedDisk()
  const parts = { disk, clock: createVirtualClock(), log: quietLog, decodeBlock: () => undefined, failing() {} }
  const votes = await openVotes({ keyIsNew: true }, parts)
  const signature = new Uint8Array(65).fill(27)
  const record = (view: number): WalRecord => ({
    kind: 'vote',
    vote: { kind: 'notarize', epoch: 0, view, block, validator: 0, signature },
  })
  const bytesOf = () => disk.content('votes')?.length ?? 0
  let view = 0
  while (bytesOf() < walRewriteBytes) await votes.write(Array.from({ length: 500 }, () => record(++view)))
  await votes.settle(() => [record(view)])
  assert.ok(bytesOf() < 300)
  await votes.settle(() => [])
  assert.ok(bytesOf() > 0, 'a short one is left as it is')
  assert.equal(await votes.write([record(1)]), false)
  disk.crash(() => 0)
  const again = await openVotes({ keyIsNew: false }, { ...parts, disk })
  assert.deepEqual(again.last, { epoch: 0, view, rank: 1 })
  assert.equal(again.mustConfirm, false)
  assert.equal(again.isKnown({ ...(record(view) as Extract<WalRecord, { kind: 'vote' }>).vote }), true)
  const other = { kind: 'notarize', epoch: 0, view: view + 1, block, validator: 0, signature } as const
  assert.equal(again.isKnown(other), false)
  disk.put('guard', new Uint8Array(guardBytesMax + 1))
  await assert.rejects(openVotes({ keyIsNew: false }, { ...parts, disk }))
})

test('evidence: the first so many are kept, one a validator and epoch', async () => {
  const accounts = Array.from({ length: evidenceMax + 2 }, (_, at) => testAccount(300 + at))
  // One validator an epoch, each of whom contradicts itself.
  const sets = accounts.map(({ address }, epoch): ValidatorSet => ({ epoch, validators: [address] }))
  const genesis = testGenesis({ validators: sets[0]?.validators ?? [] })
  const chain = {
    ...{ genesis, genesisHash: block },
    validators: () => sets.at(-1),
    epochEnd: (epoch: number) => ({ next: sets[epoch + 1] }),
  } as unknown as Chain
  const evidenceOf = (epoch: number): Evidence => {
    const vote = (digit: string): Vote => {
      const ballot = { kind: 'notarize', epoch, view: 1, block: `0x${digit.repeat(64)}` as Hash } as const
      return {
        ...ballot,
        validator: 0,
        signature: signDigest(accounts[epoch]?.secret ?? (block as never), voteDigest(block, ballot)),
      }
    }
    return { first: vote('a'), second: vote('b') }
  }
  const disk = createSimulatedDisk()
  const parts = { chain, disk, recover: recoverAddress, log: quietLog }
  const store = await openEvidence(parts)
  for (let epoch = 0; epoch < evidenceMax; epoch++) assert.ok(store.add(evidenceOf(epoch)))
  assert.equal(store.add(evidenceOf(evidenceMax)), undefined)
  assert.equal(store.take(encodeEvidence(evidenceOf(evidenceMax + 1))), undefined)
  assert.equal(store.add(evidenceOf(3)), undefined)
  assert.equal(store.all().length, evidenceMax)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await openEvidence(parts)).all().length, evidenceMax)
})

test('finality: a trail of headers has an end', () => {
  const signature = new Uint8Array(65).fill(27)
  const certificate = { kind: 'finalize', epoch: 0, view: 1, block, signatures: [{ validator: 0, signature }] } as const
  const trail = (length: number) => Array.from({ length }, () => new Uint8Array(9))
  assert.equal(decodeFinality(encodeFinality({ certificate, trail: trail(trailMax) })).trail.length, trailMax)
  assert.throws(() => decodeFinality(encodeFinality({ certificate, trail: trail(trailMax + 1) })), {
    code: 'ledger_certificate_invalid',
  })
})

test('gossip of one’s own is put together, and divided where it is long', () => {
  const clock = createVirtualClock()
  const told: number[] = []
  let say: (event: { kind: 'pending'; local: boolean; hash: Hash; bytes: Uint8Array }) => void = () => {}
  const chain = {
    on(listener: typeof say) {
      say = listener
      return () => {}
    },
  } as unknown as Chain
  const network = {
    self: peer,
    send() {},
    blame() {},
    broadcast: (bytes: Uint8Array) => void told.push(decodeGossip(bytes).length),
  }
  const gossip = createGossip({ chain, peers: new Peers(clock), network, clock, log: quietLog, blame() {} })
  gossip.start()
  const bytes = new Uint8Array(gossipBytes / 10)
  for (let at = 0; at < 25; at++) say({ kind: 'pending', local: at > 0, hash: `0x${at}` as Hash, bytes })
  assert.deepEqual(told, [])
  clock.advance(gossipDelayMs)
  assert.deepEqual(told, [9, 9, 6])
  gossip.stop()
})
