// What other validators say. Nothing of it is believed before its signatures were checked; what is useless is dropped unread.

import type { Address, Block } from '../types.ts'
import { addBlock } from './blocks-core.ts'
import { callForHelp, onAsk, onStatus, statusOf } from './help-core.ts'
import {
  certificatesPerMessageMax,
  earlyMax,
  earlyPerValidatorMax,
  earlyProposalsMax,
  earlyStrangersMax,
} from './limits.ts'
import { certificateOn, leaderPlace, peerOf, type State, type Step, send } from './state-core.ts'
import type { Certificate, ConsensusFault, Message, Vote } from './types.ts'
import { accept, isUseful } from './views-core.ts'
import { addVote, compare, isCertified } from './votes-core.ts'

export function onMessage(step: Step, from: Address, message: Message): void {
  if (isEarly(step, from, message)) return
  switch (message.kind) {
    case 'status':
      onStatus(step, from, message)
      break
    case 'ask':
      onAsk(step, from, message)
      break
    case 'blocks':
      onBlocks(step, message.blocks)
      break
    case 'certificates':
      onCertificates(step, from, message.certificates)
      break
    case 'vote':
      onVote(step, from, message.vote)
      break
    case 'proposal':
      onProposal(step, from, message)
  }
}

/** The epoch that decides whether a message can be looked at. */
function epochOf(message: Message): number | undefined {
  if (message.kind === 'certificates') return message.certificates[0]?.epoch
  return message.kind === 'vote' || message.kind === 'proposal' ? message.vote.epoch : undefined
}

/** Of the next epoch: kept for a moment, since it begins here as soon as its base is final. */
function isEarly(step: Step, from: Address, message: Message): boolean {
  const { state } = step
  const epoch = epochOf(message)
  const ours = state.committee.set.epoch
  if (epoch === undefined || epoch <= ours || state.setup.has('any-epoch')) return false
  const peer = peerOf(state, from)
  const isNews = peer.epoch < epoch
  peer.epoch = Math.max(peer.epoch, epoch)
  if (epoch === ours + 1) keepEarly(state, from, message)
  if (isNews) send(step, [from], statusOf(state, false))
  callForHelp(step, false, { address: from, epoch, height: 0 })
  return true
}

function keepEarly({ early, committee }: State, from: Address, message: Message): void {
  const isProposal = message.kind === 'proposal'
  const alike = early.filter((one) => (one.message.kind === 'proposal') === isProposal)
  const ofSender = alike.filter((one) => one.from === from)
  const [max, perSenderMax] = isProposal ? [earlyProposalsMax, 1] : [earlyMax, earlyPerValidatorMax]
  if (alike.length >= max || ofSender.length >= perSenderMax) return
  const isStranger = (address: Address) => !committee.placeOf.has(address)
  if (isStranger(from) && early.filter((one) => isStranger(one.from)).length >= earlyStrangersMax) return
  early.push({ from, message })
}

function blame(step: Step, peer: Address, code: ConsensusFault): void {
  step.effects.push({ kind: 'blame', peer, code })
}

/** Only its own: nobody passes on votes of others. True where it counts. */
function onVote(step: Step, from: Address, vote: Vote): boolean {
  const { state } = step
  const isOfEpoch = vote.epoch === state.committee.set.epoch || state.setup.has('any-epoch')
  if (!isOfEpoch || state.committee.placeOf.get(from) !== vote.validator) return false
  if (addVote(step, vote)) return true
  blame(step, from, 'consensus_signature_wrong')
  return false
}

function onCertificates(step: Step, from: Address, certificates: readonly Certificate[]): boolean {
  const { state } = step
  for (const certificate of certificates.slice(0, certificatesPerMessageMax)) {
    const isKnown = !isUseful(state, certificate)
    if (!compare(step, certificate) || !(isKnown || isCertified(state, certificate))) {
      blame(step, from, 'consensus_certificate_wrong')
      return false
    }
    if (!isKnown) accept(step, certificate)
  }
  return true
}

function onProposal(step: Step, from: Address, message: Extract<Message, { kind: 'proposal' }>): void {
  const { state } = step
  const { vote, block, certificates } = message
  if (vote.epoch !== state.committee.set.epoch || block.view <= state.base.view) return
  if (!isConsistent(state, vote, block)) {
    blame(step, from, 'consensus_proposal_wrong')
    return
  }
  // Its certificates may be what takes us to its view.
  if (!onVote(step, from, vote) || !onCertificates(step, from, certificates)) return
  const isFirst = state.proposal === undefined || state.setup.has('double-vote')
  if (block.view === state.view && isFirst) {
    if (addBlock(state, block) !== undefined) state.proposal = block
  } else if (isLookedFor(state, block)) addBlock(state, block)
}

function isConsistent(state: State, vote: Vote, block: Block): boolean {
  const { kind, epoch, view, validator } = vote
  if (kind !== 'notarize' || validator !== leaderPlace(state, view)) return false
  return vote.block === block.hash && block.epoch === epoch && block.view === view
}

function isLookedFor(state: State, { hash }: Block): boolean {
  return state.wanted.has(hash) || certificateOn(state, hash) !== undefined
}

/** Newest first: each is either looked for, or the parent of one that was. */
function onBlocks(step: Step, blocks: readonly Block[]): void {
  const { state } = step
  const parents = new Set<string>()
  for (const block of blocks.toReversed()) {
    if (!isLookedFor(state, block) && !parents.has(block.hash)) continue
    if (addBlock(state, block) !== undefined) parents.add(block.parent)
  }
}
