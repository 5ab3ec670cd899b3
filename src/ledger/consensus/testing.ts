// For tests of one validator: blocks without content, votes and certificates of others at will.

import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex, utf8 } from '../../base/bytes.ts'
import type { Address, Block, Hash, ValidatorSet } from '../types.ts'
import { quorumOf } from './certificate-core.ts'
import { createConsensus } from './core.ts'
import type { Ballot, Certificate, Consensus, Effect, Head, Input, Message, Recover, Vote, VoteKind } from './types.ts'
import { voteDigest } from './vote-wire.ts'

export const genesisHash = `0x${'5e'.repeat(32)}` as Hash
export const genesis: Head = { hash: `0x${'00'.repeat(32)}` as Hash, height: 0, epoch: 0, view: 0 }

/** Signatures that name the signer and repeat the digest: enough where nobody forges. */
const signAs = (place: number) => (digest: Uint8Array) => Uint8Array.of(...digest, ...new Uint8Array(31), place, 27)

export function addressOf(place: number): Address {
  return `0x${(place + 1).toString(16).padStart(40, '0')}` as Address
}

export const recover: Recover = (digest, signature) => {
  const place = signature[63]
  return place !== undefined && toHex(signature.subarray(0, 32)) === toHex(digest) ? addressOf(place) : undefined
}

export function setOf(validators: number, epoch = 0): ValidatorSet {
  return { epoch, validators: Array.from({ length: validators }, (_, place) => addressOf(place)) }
}

export function blockOn(parent: Head | Block, view: number, changes: Partial<Block> = {}): Block {
  const { hash, height } = parent
  const fields = { parent: hash, height: height + 1, epoch: 0, view, nextSetHash: undefined, ...changes }
  const bytes = utf8(JSON.stringify(fields))
  return { hash: `0x${toHex(keccak_256(bytes))}` as Hash, bytes, ...fields }
}

export function voteOf(place: number, kind: VoteKind, view: number, block?: Hash, epoch = 0): Vote {
  const ballot: Ballot = { kind, epoch, view, block }
  return { ...ballot, validator: place, signature: signAs(place)(voteDigest(genesisHash, ballot)) }
}

export function certificateOf(validators: number, kind: VoteKind, view: number, block?: Hash, epoch = 0): Certificate {
  const signatures = Array.from({ length: quorumOf(validators) }, (_, place) => {
    const { validator, signature } = voteOf(place, kind, view, block, epoch)
    return { validator, signature }
  })
  return { kind, epoch, view, block, signatures }
}

/** One validator of so many, and what it did. Time stands still but for `at`. */
export class Bench {
  readonly core: Consensus
  nowMs = 0
  /** Of the last input. */
  effects: readonly Effect[] = []

  constructor(place: number) {
    const address = addressOf(place)
    const options = { genesisHash, address, delayMs: 100, blockTimeMs: 0 }
    this.core = createConsensus(options)({ sign: signAs(place), recover })
  }

  give(input: Input): this {
    this.effects = this.core.step(input, this.nowMs)
    return this
  }

  start(validators: number, more: Partial<Extract<Input, { kind: 'start' }>> = {}): this {
    const set = setOf(validators)
    const nothing = { records: [], signedTo: undefined, mustConfirm: false, certificate: undefined }
    return this.give({ kind: 'start', head: genesis, set, ...nothing, ...more })
  }

  hear(place: number, message: Message): this {
    return this.give({ kind: 'message', from: addressOf(place), message })
  }

  /** Everything that was to be written is on disk. */
  written(): this {
    return this.give({ kind: 'written', id: 1_000_000 })
  }

  at(ms: number): this {
    this.nowMs = ms
    return this.give({ kind: 'wake' })
  }

  of<Kind extends Effect['kind']>(kind: Kind): Extract<Effect, { kind: Kind }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: Kind }> => effect.kind === kind)
  }

  /** Votes that left with the last input. */
  get said(): Vote[] {
    return this.of('send').flatMap(({ message }) =>
      message.kind === 'vote' || message.kind === 'proposal' ? [message.vote] : [],
    )
  }
}
