// Limits that only long lives and liars meet: blocks without certificates, epochs without end, a vote log of its full length, gossip
// that piles up, votes and blocks that are remembered.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import { encodeHeader, encodePlace, headerOf } from '../chain/header-wire.ts'
import { createTestChain, quietLog, testAccount } from '../chain/testing.ts'
import type { Chain } from '../chain/types.ts'
import type { Vote, WalRecord } from '../consensus/types.ts'
import { encodeCertificate, setHash } from '../consensus/vote-wire.ts'
import type { Block, Hash, ValidatorSet } from '../types.ts'
import { createSimulatedDisk } from './disk-testing.ts'
import { createGossip } from './gossip.ts'
import { followEpochs } from './join.ts'
import {
  blocksPerRequest,
  epochsMax,
  givenVotesMax,
  gossipDelayMs,
  gossipQueueMax,
  itemsPerAnswerMax,
  seenBlocksMax,
  uncertifiedMax,
  walBytesMax,
} from './limits.ts'
import { Peers } from './peers.ts'
import type { Requests } from './requests.ts'
import { SeenBlocks } from './seen-blocks.ts'
import { createSync } from './sync.ts'
import type { PeerName } from './types.ts'
import { openVotes } from './votes.ts'
import { openWal } from './wal.ts'
import { decodeGossip } from './wire.ts'

const peer = 'peer' as PeerName
const { address } = testAccount(100)
const hashOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}` as Hash
const signature = new Uint8Array(65).fill(27)

test('blocks that no certificate follows are not kept without end: their sender is blamed', async () => {
  const clock = createVirtualClock()
  const head = { hash: hashOf(0), height: 0 }
  const blockAt = (height: number) => ({ hash: hashOf(height), parent: hashOf(height - 1), height }) as Block
  const chain = {
    head: () => head,
    validators: () => ({ epoch: 0, validators: [address] }),
    decode: (bytes: Uint8Array) => blockAt(new DataView(bytes.buffer).getUint32(0)),
  } as unknown as Chain
  const peers = new Peers(clock)
  const there = peers.add(peer)
  assert.ok(there !== undefined)
  there.isGreeted = true
  there.progress = { ...{ height: 1_000_000, head: hashOf(9), epoch: 0, view: 0 }, oldest: 0, snapshot: 0 }
  let given = 0
  const blamed = Promise.withResolvers<string>()
  const ask = async (_: PeerName, { from, count }: { from: number; count: number }) => {
    given += count
    const blocks = Array.from({ length: count }, (__, at) => {
      const block = new Uint8Array(4)
      new DataView(block.buffer).setUint32(0, from + at)
      return { block, certificate: new Uint8Array(0) }
    })
    return { kind: 'blocks', blocks }
  }
  const sync = createSync({
    ...{ chain, peers, requests: { ask } as unknown as Requests, recover: () => address, log: quietLog },
    ...{ slack: () => 0, snapshotAfter: 1e9, join: undefined, trust: async () => {}, advanced() {} },
    ...{ disagrees: assert.fail, changed() {}, blame: (_, code) => blamed.resolve(code) },
  })
  sync.consider()
  assert.equal(await blamed.promise, 'ledger_block_invalid')
  assert.equal(given, uncertifiedMax + blocksPerRequest)
  await sync.stop()
})

test('ends of epochs are followed so far, and no further', async () => {
  const { chain } = await createTestChain()
  const first = chain.header(0)
  assert.ok(first !== undefined)
  const validators = [address]
  let given = 0
  // Each block ends its epoch, and the same validator decides on.
  const endOf = (epoch: number) => {
    const extraData = encodePlace({ epoch, view: 1, nextSetHash: setHash({ epoch: epoch + 1, validators }) })
    const header = encodeHeader({ ...first.fields, number: BigInt(epoch + 1), extraData })
    const { hash } = headerOf(first.fields, true, header)
    const ballot = { kind: 'finalize', epoch, view: 1, block: hash } as const
    const certificate = encodeCertificate({ ...ballot, signatures: [{ validator: 0, signature }] })
    return { header, certificate, validators }
  }
  const follow = (until: number) => {
    given = 0
    const ask = async (_: PeerName, { from }: { from: number }) => {
      const count = Math.min(itemsPerAnswerMax, until - from)
      given += count
      return { kind: 'epochs', ends: Array.from({ length: count }, (__, at) => endOf(from + at)) }
    }
    const set: ValidatorSet = { epoch: 0, validators }
    const asked = { requests: { ask } as unknown as Requests, recover: () => address, genesisHash: chain.genesisHash }
    const parts = { ...asked, checkpoint: undefined, recoveries: [] }
    return followEpochs(peer, set, parts, new AbortController().signal)
  }
  assert.equal((await follow(3)).length, 3)
  await assert.rejects(follow(Number.POSITIVE_INFINITY), { code: 'ledger_block_invalid' })
  assert.equal(given, epochsMax + itemsPerAnswerMax)
})

test('a vote log of its full length takes no more, and is made anew all the same', async () => {
  const disk = createSimulatedDisk()
  const bytesMax = 1_000
  const { wal } = await openWal(disk, 'votes', bytesMax)
  const record = new Uint8Array(92)
  for (let at = 0; at < 10; at++) await wal.append(record)
  await assert.rejects(wal.append(record), { code: 'ledger_disk_full' })
  assert.deepEqual([wal.bytes, disk.content('votes')?.length], [bytesMax, bytesMax])
  await wal.rewrite([record])
  await wal.append(record)
  assert.equal(wal.bytes, 200)
  // A longer one is not read.
  const asked: number[] = []
  await openWal({ ...disk, read: async (_, most) => void asked.push(most) as undefined }, 'votes')
  assert.deepEqual(asked, [walBytesMax])
})

test('gossip of one’s own piles up so far while the network is busy', () => {
  const clock = createVirtualClock()
  let told = 0
  let say: (event: { kind: 'pending'; local: boolean; hash: Hash; bytes: Uint8Array }) => void = () => {}
  const chain = {
    on(listener: typeof say) {
      say = listener
      return () => {}
    },
  } as unknown as Chain
  const broadcast = (bytes: Uint8Array) => {
    told += decodeGossip(bytes).length
  }
  const network = { self: peer, send() {}, blame() {}, broadcast }
  const gossip = createGossip({ chain, peers: new Peers(clock), network, clock, log: quietLog, blame() {} })
  gossip.start()
  const bytes = new Uint8Array(8)
  for (let at = 0; at < gossipQueueMax + 10; at++) say({ kind: 'pending', local: true, hash: hashOf(at), bytes })
  clock.advance(gossipDelayMs)
  assert.equal(told, gossipQueueMax)
  gossip.stop()
})

test('votes that were given are remembered up to a number; what is older is never taken for another computer’s', async () => {
  const disk = createSimulatedDisk()
  const parts = { disk, clock: createVirtualClock(), log: quietLog, decodeBlock: () => undefined, failing() {} }
  const votes = await openVotes({ keyIsNew: true }, parts)
  const vote = (view: number, block = view): Vote => {
    return { kind: 'notarize', epoch: 0, view, block: hashOf(block), validator: 0, signature }
  }
  const record = (view: number): WalRecord => ({ kind: 'vote', vote: vote(view) })
  const given = givenVotesMax + 10
  await votes.write(Array.from({ length: given }, (_, at) => record(at + 1)))
  for (const view of [1, 10, 11, given]) assert.equal(votes.isKnown(vote(view)), true, `${view}`)
  assert.equal(votes.isKnown(vote(given + 1)), false)
  // One that was not given, among those that are remembered, and among those that are not.
  assert.equal(votes.isKnown(vote(given, 7)), false)
  assert.equal(votes.isKnown(vote(1, 7)), true)
  await votes.close()
})

test('blocks are remembered as seen up to a number; on an older one the next is proposed at once', () => {
  const seen = new SeenBlocks()
  for (let at = 0; at <= seenBlocksMax; at++) seen.saw(hashOf(at), 1_000)
  assert.equal(seen.waitMs(hashOf(seenBlocksMax), 500, 1_200), 300)
  assert.equal(seen.waitMs(hashOf(1), 500, 1_200), 300)
  assert.equal(seen.waitMs(hashOf(0), 500, 1_200), Number.NEGATIVE_INFINITY)
})
