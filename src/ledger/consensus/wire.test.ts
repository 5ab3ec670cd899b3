import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodePacked, type Hex, keccak256, recoverAddress } from 'viem'
import { fromHex, toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { recoverAddress as recover } from '../evm/crypto.ts'
import type { Address, Block, Hash } from '../types.ts'
import {
  checkCertificate,
  checkEvidence,
  checkVote,
  faultsOf,
  isContradiction,
  isValidSet,
  leaderOf,
  quorumOf,
} from './certificate-core.ts'
import { blockBytesMax, blocksPerAskMax, certificatesPerMessageMax, messageBytesMax, viewsPerAskMax } from './limits.ts'
import type { Ballot, Message, Vote, VoteKind } from './types.ts'
import {
  decodeCertificate,
  decodeEvidence,
  decodeVote,
  encodeCertificate,
  encodeEvidence,
  encodeVote,
  setHash,
  voteDigest,
} from './vote-wire.ts'
import { decodeMessage, decodeRecord, encodeMessage, encodeRecord } from './wire.ts'

const file = join(import.meta.dirname, '../../../test/vectors/ledger/consensus.json')
const vectors = JSON.parse(readFileSync(file, 'utf8'))
const genesisHash = vectors.genesisHash as Hash
const set = { epoch: vectors.set.epoch as number, validators: vectors.set.validators as Address[] }
const block: Block = { ...vectors.block, nextSetHash: undefined, bytes: bytesOf(vectors.block.bytes) }

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  assert.ok(bytes !== undefined)
  return bytes
}
const hexOf = (bytes: Uint8Array): Hex => `0x${toHex(bytes)}`
const decodeBlock = (bytes: Uint8Array) => (toHex(bytes) === toHex(block.bytes) ? block : undefined)
const kindCodes = { notarize: 1, nullify: 2, finalize: 3 }

describe('vectors', () => {
  test('digests and signatures are what a contract makes of them', async () => {
    for (const vector of vectors.votes) {
      const { kind, epoch, view, validator, digest, signature } = vector
      const about = (vector.block ?? `0x${'00'.repeat(32)}`) as Hex
      // The second witness: viem packs, hashes and recovers.
      const packed = encodePacked(
        ['string', 'bytes32', 'uint64', 'uint64', 'uint8', 'bytes32'],
        ['peerhood/ledger/vote/1', genesisHash, BigInt(epoch), BigInt(view), kindCodes[kind as VoteKind], about],
      )
      assert.equal(keccak256(packed), digest)
      const ballot: Ballot = { kind, epoch, view, block: vector.block ?? undefined }
      assert.equal(hexOf(voteDigest(genesisHash, ballot)), digest)
      assert.equal((await recoverAddress({ hash: digest, signature })).toLowerCase(), set.validators[validator])
      const vote = decodeVote(bytesOf(vector.encoded))
      assert.deepEqual(vote, { ...ballot, validator, signature: bytesOf(signature) })
      assert.equal(hexOf(encodeVote(vote)), vector.encoded)
      assert.ok(checkVote(vote, set, genesisHash, recover))
    }
  })

  test('the hash of a set', () => {
    const packed = encodePacked(
      ['string', 'uint64', ...set.validators.map(() => 'address')],
      ['peerhood/ledger/set/1', BigInt(set.epoch), ...set.validators],
    )
    assert.equal(keccak256(packed), vectors.set.hash)
    assert.equal(setHash(set), vectors.set.hash)
  })

  test('certificates', () => {
    for (const vector of vectors.certificates) {
      const certificate = decodeCertificate(bytesOf(vector.encoded))
      assert.equal(hexOf(encodeCertificate(certificate)), vector.encoded)
      assert.ok(checkCertificate(certificate, set, genesisHash, recover))
      const { signatures } = certificate
      const wrong = [
        { ...certificate, signatures: signatures.slice(1) },
        { ...certificate, signatures: signatures.toReversed() },
        { ...certificate, signatures: signatures.map((one) => ({ ...one, validator: 0 })) },
        { ...certificate, view: certificate.view + 1 },
        { ...certificate, epoch: certificate.epoch + 1 },
      ]
      for (const one of wrong) assert.ok(!checkCertificate(one, set, genesisHash, recover))
      assert.ok(!checkCertificate(certificate, set, block.hash, recover), 'of another ledger')
    }
  })

  test('evidence', () => {
    for (const { encoded, against } of vectors.evidence) {
      const evidence = decodeEvidence(bytesOf(encoded))
      assert.equal(hexOf(encodeEvidence(evidence)), encoded)
      assert.equal(checkEvidence(evidence, set, genesisHash, recover), against)
      const { first } = evidence
      assert.equal(checkEvidence({ first, second: first }, set, genesisHash, recover), undefined)
      const forged = { first, second: { ...evidence.second, signature: first.signature } }
      assert.equal(checkEvidence(forged, set, genesisHash, recover), undefined)
    }
  })

  test('messages and records', () => {
    for (const { kind, encoded } of vectors.messages) {
      const message = decodeMessage(bytesOf(encoded), decodeBlock)
      assert.equal(message.kind, kind)
      assert.equal(hexOf(encodeMessage(message)), encoded)
    }
    for (const { kind, encoded } of vectors.records) {
      const record = decodeRecord(bytesOf(encoded), decodeBlock)
      assert.equal(record.kind, kind)
      assert.equal(hexOf(encodeRecord(record)), encoded)
    }
  })
})

describe('strict', () => {
  const all: Uint8Array[] = vectors.messages.map(({ encoded }: { encoded: string }) => bytesOf(encoded))

  function refusal(decode: () => unknown): string | undefined {
    try {
      decode()
      return undefined
    } catch (error) {
      assert.ok(isPeerhoodError(error), String(error))
      return error.code
    }
  }

  test('whatever the bytes, one meaning or its own error', () => {
    const changed = fc.record({ of: fc.nat(all.length - 1), at: fc.nat(400), byte: fc.nat(255), cut: fc.nat(500) })
    fc.assert(
      fc.property(changed, ({ of, at, byte, cut }) => {
        const bytes = Uint8Array.from(all[of] ?? []).slice(0, cut)
        if (at < bytes.length) bytes[at] = byte
        let message: Message
        try {
          message = decodeMessage(bytes, decodeBlock)
        } catch (error) {
          assert.ok(isPeerhoodError(error) && error.code === 'consensus_message_malformed', String(error))
          return
        }
        assert.equal(toHex(encodeMessage(message)), toHex(bytes))
      }),
      { seed: 5, numRuns: 3_000 },
    )
  })

  test('nothing behind the end, no high recovery number, no zero view, no order but the ascending one', () => {
    const [vote] = vectors.votes
    const bytes = bytesOf(vote.encoded)
    const bad = (change: (copy: Uint8Array) => Uint8Array) =>
      assert.equal(
        refusal(() => decodeVote(change(Uint8Array.from(bytes)))),
        'consensus_message_malformed',
      )
    bad((copy) => Uint8Array.of(...copy, 0))
    bad((copy) => copy.fill(29, -1))
    bad((copy) => copy.fill(0, 9, 17))
    bad((copy) => copy.fill(0, 0, 1))
    bad((copy) => copy.fill(255, 1, 9))
    assert.equal(
      refusal(() => decodeRecord(Uint8Array.of(9), decodeBlock)),
      'consensus_record_malformed',
    )
  })

  test('lists are as long as they may be, and no longer', () => {
    const views = Array.from({ length: viewsPerAskMax }, (_, at) => at + 1)
    const blocks = Array.from({ length: blocksPerAskMax }, () => block.hash)
    const ask = { kind: 'ask', epoch: 1, views, blocks } as const
    assert.deepEqual(decodeMessage(encodeMessage(ask), decodeBlock), ask)
    const more = [
      { ...ask, views: [...views, 1_000] },
      { ...ask, blocks: [...blocks, block.hash] },
      { ...ask, views: [2, 1] },
      { ...ask, views: [], blocks: [] },
    ]
    for (const one of more) assert.ok(refusal(() => decodeMessage(encodeMessage(one), decodeBlock)) !== undefined)
    const certificate = decodeCertificate(bytesOf(vectors.certificates[1].encoded))
    const certificates = Array.from({ length: certificatesPerMessageMax + 1 }, () => certificate)
    assert.throws(() => encodeMessage({ kind: 'certificates', certificates }))
    assert.ok(encodeMessage({ kind: 'certificates', certificates: certificates.slice(1) }).length < messageBytesMax)
    assert.ok(refusal(() => decodeMessage(new Uint8Array(messageBytesMax + 1), decodeBlock)) !== undefined)
    const head = Uint8Array.of(4, 1, ...[24, 16, 8, 0].map((bits) => ((blockBytesMax + 1) >>> bits) & 255))
    const large = new Uint8Array(head.length + blockBytesMax + 1)
    large.set(head)
    assert.equal(
      refusal(() => decodeMessage(large, () => block)),
      'consensus_message_malformed',
    )
    // The largest proposal: every certificate with all signatures, and a block of full length.
    const signature = 66 * 100 + 18 + 32
    assert.ok(certificatesPerMessageMax * signature + blockBytesMax + 200 < messageBytesMax)
  })
})

describe('sets', () => {
  test('quorums overlap in an honest validator, and those who are honest are one', () => {
    for (let n = 1; n <= 100; n++) {
      const [f, quorum] = [faultsOf(n), quorumOf(n)]
      assert.ok(2 * quorum - n >= f + 1, `${n}`)
      assert.ok(quorum <= n - f, `${n}`)
      if (n % 3 === 1) assert.equal(quorum, 2 * f + 1)
    }
    assert.deepEqual([1, 2, 3, 4, 7, 10, 100].map(quorumOf), [1, 2, 2, 3, 5, 7, 67])
  })

  test('leaders take turns, and an epoch shifts them', () => {
    const turns = (epoch: number) => [1, 2, 3, 4, 5].map((view) => leaderOf({ ...set, epoch }, view))
    assert.deepEqual(
      [turns(0), turns(1)],
      [
        [0, 1, 2, 3, 0],
        [1, 2, 3, 0, 1],
      ],
    )
  })

  test('a set is sorted and without repetition', () => {
    assert.ok(isValidSet(set))
    assert.ok(!isValidSet({ ...set, validators: set.validators.toReversed() }))
    assert.ok(!isValidSet({ ...set, validators: [] }))
    assert.ok(!isValidSet({ ...set, validators: [set.validators[0], set.validators[0]] as Address[] }))
  })

  test('what contradicts what', () => {
    const about = (kind: VoteKind, hash: string | undefined): Ballot => ({
      kind,
      epoch: 1,
      view: 1,
      block: hash as Hash,
    })
    const a: Ballot = about('notarize', '0xa')
    assert.ok(isContradiction(a, about('notarize', '0xb')))
    assert.ok(isContradiction(about('nullify', undefined), about('finalize', '0xa')))
    assert.ok(!isContradiction(a, about('finalize', '0xb')), 'a quorum may have chosen the other')
    assert.ok(!isContradiction(a, about('nullify', undefined)), 'it came too late')
    assert.ok(!isContradiction(a, { ...a, view: 2, block: '0xb' as Hash }))
    assert.ok(!isContradiction(a, a satisfies Partial<Vote>))
  })
})
