// Liars. Each runs the honest core, and says something else: it has its own key and nobody else's. What it lies about is drawn anew for
// each message, so that a liar is sometimes honest: the worst kind.

import type { Ballot, Certificate, Message, Sign, Vote, VoteKind } from '../../../src/ledger/consensus/types.ts'
import type { Address, Block, Hash } from '../../../src/ledger/types.ts'
import type { SeededRandom } from '../random.ts'
import type { Tongue } from './node.ts'
import type { Lie } from './plan.ts'
import { makeBlock } from './toy-chain.ts'

export interface LiarParts {
  readonly address: Address
  readonly lies: readonly Lie[]
  readonly sign: Sign
  readonly digestOf: (ballot: Ballot) => Uint8Array
  readonly random: SeededRandom
  /** Its place in the set of this epoch. */
  placeIn(epoch: number): number | undefined
  validators(): readonly Address[]
  /** Told to others out of turn. */
  send(to: Address, message: Message): void
}

export interface Liar extends Tongue {
  /** It sees what it is told. */
  hear(from: Address, message: Message): void
}

const keptMax = 60

export function createLiar(parts: LiarParts): Liar {
  const { lies, random, sign, digestOf } = parts
  const kept: Message[] = []
  const proposals: Block[] = []
  const made = new Map<Hash, Block>()
  const does = (lie: Lie) => lies.includes(lie)

  function voteOf(kind: VoteKind, epoch: number, view: number, block: Hash | undefined): Vote | undefined {
    const validator = parts.placeIn(epoch)
    if (validator === undefined || view < 1) return undefined
    const ballot: Ballot = { kind, epoch, view, block }
    return { ...ballot, validator, signature: sign(digestOf(ballot)) }
  }

  function sendVote(to: readonly Address[], ...ballot: Parameters<typeof voteOf>): void {
    const vote = voteOf(...ballot)
    if (vote !== undefined) for (const address of to) parts.send(address, { kind: 'vote', vote })
  }

  const some = (all: readonly Address[]) => all.filter(() => random.uniform() < 0.5)

  /** Another block beside the one that was made. */
  function twin(block: Block): Block {
    const { parent, height, epoch, view } = block
    const payload = { transactions: [], counter: counterOf(block), isPoison: false }
    return makeBlock({ parent, height, epoch, view, nextSetHash: undefined, payload })
  }

  /** A valid twin carries nothing, so it has the counter of its parent. */
  function counterOf({ bytes }: Block): number {
    const { counter, transactions } = JSON.parse(new TextDecoder().decode(bytes)).payload
    return counter - transactions.length
  }

  function equivocate(message: Extract<Message, { kind: 'proposal' }>, to: readonly Address[]) {
    const block = twin(message.block)
    const { epoch, view } = message.vote
    const vote = voteOf('notarize', epoch, view, block.hash)
    if (vote === undefined) return to.map((address) => ({ to: address, message }))
    const other: Message = { ...message, vote, block }
    return to.flatMap((address) => {
      const both = random.uniform()
      if (both < 0.1)
        return [
          { to: address, message },
          { to: address, message: other },
        ]
      return [{ to: address, message: both < 0.55 ? message : other }]
    })
  }

  /** On a block that is not the one it must stand on: an older one, or one that nobody has voted for. */
  function stale(message: Extract<Message, { kind: 'proposal' }>): Message {
    const { epoch, view } = message.vote
    const near = proposals.filter((one) => one.epoch === epoch && one.height >= message.block.height - 2)
    if (near.length === 0) return message
    const beside = random.pick(near)
    const payload = emptyBeside(beside)
    const isNew = view > 1 && random.uniform() < 0.5
    const { parent, height } = beside
    let block = makeBlock({ parent, height, epoch, view: isNew ? view - 1 : view, nextSetHash: undefined, payload })
    if (isNew) {
      // A parent that nobody has seen; it is given to those who ask.
      made.set(block.hash, block)
      block = makeBlock({ parent: block.hash, height: height + 1, epoch, view, nextSetHash: undefined, payload })
    }
    const vote = voteOf('notarize', epoch, view, block.hash)
    return vote === undefined ? message : { ...message, vote, block }
  }

  function emptyBeside(block: Block) {
    return { transactions: [], counter: counterOf(block), isPoison: false }
  }

  function forge(message: Message): Message {
    const bend = (certificate: Certificate): Certificate => ({
      ...certificate,
      view: certificate.view + random.below(3),
      kind: certificate.kind === 'nullify' ? 'nullify' : random.pick(['notarize', 'finalize']),
      signatures: certificate.signatures.slice(random.below(2)),
    })
    if (message.kind === 'certificates') return { ...message, certificates: message.certificates.map(bend) }
    if (message.kind === 'proposal') return { ...message, certificates: message.certificates.map(bend) }
    if (message.kind === 'vote') return { ...message, vote: { ...message.vote, view: message.vote.view + 1 } }
    return message
  }

  function speak(message: Message, to: readonly Address[]) {
    if (does('silent')) return []
    if (does('withhold') && (message.kind === 'proposal' || message.kind === 'blocks')) return []
    if (does('equivocate') && message.kind === 'proposal') return equivocate(message, to)
    if (does('stale') && message.kind === 'proposal')
      return to.map((address) => ({ to: address, message: stale(message) }))
    const heard = does('partial') ? some(to) : to
    if (does('claims') && message.kind === 'status') {
      const far = { ...message, height: message.height + random.below(50), view: message.view + random.below(5_000) }
      return heard.map((address) => ({ to: address, message: random.uniform() < 0.5 ? far : message }))
    }
    if (does('forge') && random.uniform() < 0.3)
      return heard.map((address) => ({ to: address, message: forge(message) }))
    return heard.map((address) => ({ to: address, message }))
  }

  /** Says everything about a view at once, to some. */
  function voteAll(message: Message): void {
    if (message.kind !== 'vote' && message.kind !== 'proposal') return
    const { epoch, view, block } = message.vote
    const to = parts.validators()
    if (block !== undefined) sendVote(some(to), 'notarize', epoch, view, block)
    if (block !== undefined) sendVote(some(to), 'finalize', epoch, view, block)
    sendVote(some(to), 'nullify', epoch, view, undefined)
    if (random.uniform() < 0.1) sendVote(some(to), 'nullify', epoch, view + random.below(100), undefined)
  }

  function replay(): void {
    if (kept.length === 0 || random.uniform() > 0.3) return
    const message = random.pick(kept)
    for (const to of some(parts.validators())) parts.send(to, message)
    if (message.kind !== 'vote') return
    // Old words of its own in a new epoch, too.
    const { kind, epoch, view, block } = message.vote
    sendVote(some(parts.validators()), kind, epoch, view, block)
    // What others have signed for another epoch or view, as if it was said here.
    const bent = { ...message.vote, epoch: epoch + random.below(2), view: view + random.below(2) }
    for (const to of some(parts.validators())) parts.send(to, { kind: 'vote', vote: bent })
  }

  return {
    speak,
    hear(from, message) {
      if (message.kind === 'ask') {
        const blocks = message.blocks.flatMap((hash) => made.get(hash) ?? [])
        if (blocks.length > 0) parts.send(from, { kind: 'blocks', blocks })
      }
      if (message.kind === 'proposal') proposals.push(message.block)
      if (proposals.length > 5) proposals.shift()
      if (kept.length < keptMax) kept.push(message)
      else kept[random.below(keptMax)] = message
      if (does('vote-all') && random.uniform() < 0.5) voteAll(message)
      if (does('replay')) replay()
    },
    build(block, { parent, epoch, view }) {
      if (!does('invalid') || random.uniform() < 0.3 || block === undefined) return block
      const { height } = block
      const payload = { transactions: ['stolen'], counter: random.below(9), isPoison: random.uniform() < 0.5 }
      return makeBlock({ parent, height: height + random.below(2), epoch, view, nextSetHash: undefined, payload })
    },
  }
}
