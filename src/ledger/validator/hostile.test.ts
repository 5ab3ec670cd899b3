// What peers may do wrong, each with its code, and what it costs: the others are served, nothing grows without a limit.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { testAccount } from '../chain/testing.ts'
import type { Vote } from '../consensus/types.ts'
import { encodeEvidence, encodeVote, setHash, voteDigest } from '../consensus/vote-wire.ts'
import { encodeMessage as encodeConsensus } from '../consensus/wire.ts'
import { signDigest } from '../evm/crypto.ts'
import type { Hash } from '../types.ts'
import {
  consensusMessagesBurst,
  peersMax,
  requestsBurst,
  smallMessagesBurst,
  transactionsBurst,
  transactionsPerGossipMax,
} from './limits.ts'
import { announcementDigest } from './peers.ts'
import type { PeerName } from './types.ts'
import { encodeGossip, encodeMessage, type Message, type Progress } from './wire.ts'

const stranger = 'stranger' as PeerName
const zero = `0x${'00'.repeat(32)}` as Hash
const progress: Progress = { height: 0, head: zero, epoch: 0, view: 0, oldest: 0, snapshot: 0 }

async function started(): Promise<Cluster> {
  const all = await cluster(4).untilHeight(1).synced().run()
  all.node(0).connected(stranger)
  return all
}

function say(all: Cluster, message: Message, from = stranger): void {
  all.node(0).received(from, encodeMessage(message))
}

function greet(all: Cluster, secret?: Uint8Array): void {
  const genesis = all.chain(0).genesisHash
  const announcement = secret === undefined ? undefined : signDigest(secret, announcementDigest(genesis, stranger))
  say(all, { kind: 'hello', genesis, announcement, isVoting: true, progress })
}

const blames = (all: Cluster) => all.machine(0).blamed.map(({ code }) => code)

test('each thing that is not allowed has its code', async () => {
  const all = await started()
  const { genesisHash } = all.chain(0)
  all.node(0).received(stranger, new Uint8Array(0))
  all.node(0).received(stranger, Uint8Array.of(99))
  say(all, { kind: 'progress', progress })
  say(all, { kind: 'hello', genesis: zero, announcement: undefined, isVoting: false, progress })
  say(all, { kind: 'hello', genesis: genesisHash, announcement: new Uint8Array(65), isVoting: true, progress })
  greet(all)
  say(all, { kind: 'consensus', bytes: Uint8Array.of(1) })
  say(all, { kind: 'answer', id: 4_000_000, answer: { kind: 'refuse', reason: 'busy' } })
  say(all, { kind: 'evidence', bytes: Uint8Array.of(1, 2, 3) })
  greet(all, testAccount(100).secret)
  say(all, { kind: 'consensus', bytes: Uint8Array.of(99) })
  assert.deepEqual(blames(all), [
    'ledger_message_empty',
    'ledger_message_kind_unknown',
    'ledger_hello_missing',
    'ledger_other_ledger',
    'ledger_announcement_wrong',
    'ledger_announcement_wrong',
    'ledger_answer_unasked',
    'ledger_evidence_invalid',
    'consensus_message_malformed',
  ])
})

test('rates: consensus, small messages, requests', async () => {
  const floods = [
    [consensusMessagesBurst, 'ledger_too_many_messages', { kind: 'consensus', bytes: Uint8Array.of(6) }],
    [smallMessagesBurst, 'ledger_too_many_messages', { kind: 'progress', progress }],
    [requestsBurst, 'ledger_too_many_requests', { kind: 'request', id: 1, request: { kind: 'snapshot' } }],
  ] as const
  for (const [burst, code, message] of floods) {
    const all = await started()
    greet(all)
    // The greeting was one of them.
    for (let at = 1; at < burst; at++) say(all, message)
    assert.ok(!blames(all).includes(code))
    say(all, message)
    say(all, message)
    assert.ok(blames(all).includes(code))
  }
})

test('gossip: malformed is refused and blamed, transactions of other chains are refused, floods are ignored', async () => {
  const all = await started()
  const node = all.node(0)
  assert.equal(await node.heard(stranger, Uint8Array.of(9)), 'reject')
  assert.deepEqual(blames(all), ['ledger_gossip_malformed'])
  assert.equal(await node.heard(stranger, encodeGossip([Uint8Array.of(1, 2)])), 'reject')
  const good = all.transfer()
  assert.equal(await node.heard(stranger, encodeGossip([good])), 'accept')
  const many = encodeGossip(Array.from({ length: transactionsPerGossipMax }, () => good))
  for (let told = 0; told < transactionsBurst; told += transactionsPerGossipMax) await node.heard(stranger, many)
  assert.equal(await node.heard(stranger, many), 'ignore')
})

test('no more peers than there is room for; those who are there are served', async () => {
  const all = await started()
  for (let at = 0; at < peersMax + 5; at++) all.node(0).connected(`many-${at}` as PeerName)
  assert.equal(all.status(0).peers, peersMax)
  await all.submit(1, 1)
  await all.until('the next block', () => Math.min(...all.heights()) === 2)
})

test('noise of every kind throws nothing, and the chain goes on', async () => {
  const all = await started()
  const random = createRandom('noise')
  greet(all, testAccount(100).secret)
  for (let at = 0; at < 2_000; at++) {
    const bytes = random.bytes(random.below(120))
    if (bytes.length > 0) bytes[0] = random.below(8)
    all.node(0).received(stranger, bytes)
    await all.node(0).heard(stranger, bytes)
  }
  all.node(0).disconnected(stranger)
  await all.submit(1, 1)
  await all.until('the next block', () => Math.min(...all.heights()) === 2)
})

test('a peer that claims heights which it does not have is asked once, and nobody waits for it', async () => {
  const all = await started()
  greet(all)
  say(all, { kind: 'progress', progress: { ...progress, height: 2 ** 40, snapshot: 2 ** 40 } })
  await all.pass(30_000)
  assert.equal(all.status(0).sync.kind, 'level')
  await all.submit(1, 1)
  await all.until('the next block', () => Math.min(...all.heights()) === 2)
})

function contradiction(all: Cluster, liar: number): { first: Vote; second: Vote } {
  const { chain } = all.machine(0)
  const account = all.machine(liar).account
  const validator = all.genesis.validators.indexOf(account?.address ?? ('0x' as never))
  const vote = (digit: string): Vote => {
    const ballot = { kind: 'notarize', epoch: 0, view: 9, block: `0x${digit.repeat(64)}` as Hash } as const
    const digest = voteDigest(chain?.genesisHash ?? zero, ballot)
    return { ...ballot, validator, signature: signDigest(account?.secret ?? new Uint8Array(32), digest) }
  }
  return { first: vote('a'), second: vote('b') }
}

test('contradicting signatures: kept over a restart, told to everyone once, shown', async () => {
  const all = await cluster(4, { followers: 1 }).untilHeight(1).synced().run()
  const evidence = contradiction(all, 3)
  all.node(0).connected(stranger)
  greet(all)
  say(all, { kind: 'evidence', bytes: encodeEvidence(evidence) })
  await all.pass(1_000)
  for (const number of [0, 1, 2, 4]) {
    const [record] = all.node(number).evidence()
    assert.equal(record?.validator, all.machine(3).account?.address)
    assert.match(record?.sentence ?? '', /signed for both in view 9 of epoch 0/)
  }
  // It learns from it that its key signs elsewhere.
  const { voting } = all.status(3)
  assert.equal(voting.kind === 'stopped' && voting.code, 'key_in_use_elsewhere')
  const { messages } = all.sent
  say(all, { kind: 'evidence', bytes: encodeEvidence(evidence) })
  await all.pass(1_000)
  assert.equal(all.sent.messages, messages)
  all.crash(1)
  await all.start(1)
  assert.equal(all.node(1).evidence().length, 1)
})

test('a leader that sends two blocks is found out, and the chain goes on', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const evidence = contradiction(all, 3)
  const votes = [evidence.first, evidence.second]
  for (const vote of votes) {
    const bytes = encodeConsensus({ kind: 'vote', vote: { ...vote, view: 9 } })
    for (const number of [0, 1, 2])
      all.node(number).received('peer-3' as PeerName, encodeMessage({ kind: 'consensus', bytes }))
  }
  await all.submit(1, 0)
  await all.until('the next block', () => Math.min(...all.heights()) === 3)
  assert.ok(all.node(0).evidence().length <= 1)
  assert.ok(encodeVote(evidence.first).length > 0 && setHash(all.chain(0).validators()).length === 66)
})
