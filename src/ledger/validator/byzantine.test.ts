// A leader that proposes rubbish, too much, or nothing: its views are skipped, the chain goes on, nobody keeps what is invalid.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { blockBytesMax } from '../chain/limits.ts'
import { decodeRlp, encodeRlp, type RlpItem } from '../chain/rlp-wire.ts'
import type { Message as ConsensusMessage } from '../consensus/types.ts'
import { voteDigest } from '../consensus/vote-wire.ts'
import { decodeMessage as decodeConsensus, encodeMessage as encodeConsensus } from '../consensus/wire.ts'
import { signDigest } from '../evm/crypto.ts'
import { decodeMessage, encodeMessage } from './wire.ts'

const liar = 1
type Proposal = Extract<ConsensusMessage, { kind: 'proposal' }>

/** What the liar proposes, changed; undefined: it proposes nothing. */
function propose(all: Cluster, change: (proposal: Proposal) => Uint8Array | undefined): void {
  all.tap = (from, _, bytes) => {
    if (from !== liar) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'consensus') return bytes
    const said = decodeConsensus(message.bytes, (block) => all.chain(0).decode(block))
    if (said.kind !== 'proposal') return bytes
    const changed = change(said)
    return changed === undefined ? undefined : encodeMessage({ kind: 'consensus', bytes: changed })
  }
}

/** The proposal with another block, signed by its leader. */
function withBlock(all: Cluster, proposal: Proposal, bytes: Uint8Array): Uint8Array | undefined {
  const block = all.chain(0).decode(bytes)
  const secret = all.machine(liar).account?.secret
  if (block === undefined || secret === undefined) return undefined
  const ballot = { ...proposal.vote, block: block.hash }
  const vote = { ...ballot, signature: signDigest(secret, voteDigest(all.chain(0).genesisHash, ballot)) }
  return encodeConsensus({ ...proposal, block, vote })
}

/** A field of the header is another. */
function changedHeader(bytes: Uint8Array, place: number, value: Uint8Array): Uint8Array {
  const [header, ...rest] = decodeRlp(bytes) as RlpItem[]
  const fields = (header as RlpItem[]).map((field, at) => (at === place ? value : field))
  return encodeRlp([fields, ...rest])
}

async function goesOn(all: Cluster): Promise<void> {
  for (let more = 0; more < 5; more++) {
    const before = Math.min(...all.heights())
    await all.submit(1, 0)
    await all.until('the next block', () => Math.min(...all.heights()) > before)
    all.agree()
  }
}

for (const [name, place, value] of [
  ['a wrong state root', 3, new Uint8Array(32).fill(1)],
  ['a wrong receipts root', 5, new Uint8Array(32).fill(1)],
  ['more gas than there is', 9, Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0xff)],
  ['a time an hour ahead', 11, Uint8Array.of(0x69, 0x55, 0xc3, 0x80 + 0x10)],
] as const) {
  test(`a leader proposes blocks with ${name}: they are refused, and others are made`, async () => {
    const all = await cluster(4).untilHeight(1).synced().run()
    let lies = 0
    propose(all, (proposal) => {
      lies += 1
      return withBlock(all, proposal, changedHeader(proposal.block.bytes, place, value))
    })
    await goesOn(all)
    assert.ok(lies > 0)
    assert.ok([0, 2, 3].every((number) => all.node(number).evidence().length === 0))
  })
}

test('a leader that proposes nothing, and one that proposes what is no block', async () => {
  const all = await cluster(4).untilHeight(1).synced().run()
  propose(all, () => undefined)
  await goesOn(all)
  propose(all, (proposal) => {
    const bytes = encodeConsensus(proposal)
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1
    return bytes
  })
  await goesOn(all)
})

test('a leader whose messages are longer than any block: it is blamed, and skipped', async () => {
  const all = await cluster(4).untilHeight(1).synced().run()
  all.tap = (from, _, bytes) => {
    if (from !== liar) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'consensus' || message.bytes[0] !== 1) return bytes
    return encodeMessage({ ...message, bytes: new Uint8Array(blockBytesMax + 2_000).fill(1) })
  }
  await goesOn(all)
  assert.ok(all.machine(0).blamed.some(({ peer, code }) => peer === 'peer-1' && code === 'consensus_message_malformed'))
})

test('a leader that proposes two blocks in one view: found out, put out of the set', async () => {
  const all = await cluster(5).untilHeight(1).synced().run()
  let turn = 0
  propose(all, (proposal) => {
    turn += 1
    if (turn % 2 === 0) return encodeConsensus(proposal)
    return withBlock(all, proposal, changedHeader(proposal.block.bytes, 13, new Uint8Array(32).fill(turn % 4)))
  })
  for (let more = 0; more < 12 && all.status(0).epoch === 0; more++) {
    const before = all.status(0).height
    await all.submit(1, 0)
    await all.until('the next block', () => all.status(0).height > before)
    await all.pass(2_000)
  }
  await all.pass(60_000)
  assert.equal(all.status(0).epoch, 1)
  assert.equal(
    all.status(0).validators.some(({ address }) => address === all.machine(liar).account?.address),
    false,
  )
  all.agree()
})
