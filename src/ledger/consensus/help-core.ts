// Those who are behind ask, those who are not answer: `status` says where one is, `ask` names views and blocks. Whole certificates
// go to one who needs them, never from all to all.

import { TokenBucket } from '../../base/bounded.ts'
import type { Address, Block, Hash } from '../types.ts'
import {
  answerBytes,
  answerBytesBurst,
  answerBytesPerSecond,
  answerDelays,
  askedAtOnceMax,
  blocksPerAskMax,
  certificatesPerMessageMax,
  heightsBehindMax,
} from './limits.ts'
import { others, type Peer, peerOf, type State, type Step, send } from './state-core.ts'
import type { Certificate, Message } from './types.ts'
import { signatureBytes } from './vote-wire.ts'

type Status = Extract<Message, { kind: 'status' }>
type Ask = Extract<Message, { kind: 'ask' }>

export function statusOf(state: State, isAnswer: boolean, heardView = 0): Status {
  const { base, committee, view } = state
  const { epoch } = committee.set
  return { kind: 'status', epoch, view, height: base.height, finalView: base.view, isAnswer, heardView }
}

/** Asks some of those who said that they are further, then others, in turn. */
export function askAround(step: Step): void {
  const { state } = step
  const all = others(state)
  const ahead = all.filter((address) => isAhead(state, state.peers.get(address)))
  const from = state.turn % Math.max(1, all.length)
  const rotated = [...all.slice(from), ...all.slice(0, from)]
  const chosen = new Set([...ahead.slice(0, 1), ...rotated].slice(0, askedAtOnceMax))
  send(step, [...chosen], statusOf(state, false))
}

function isAhead(state: State, peer: Peer | undefined): boolean {
  if (peer === undefined) return false
  const { base, committee, view } = state
  return peer.epoch > committee.set.epoch || peer.height > base.height || peer.view > view
}

export function onStatus(step: Step, from: Address, status: Status): void {
  const { state } = step
  const { epoch } = state.committee.set
  const peer = peerOf(state, from)
  peer.epoch = Math.max(peer.epoch, status.epoch)
  peer.height = Math.max(peer.height, status.height)
  if (status.epoch === epoch) peer.view = Math.max(peer.view, status.view)
  callForHelp(step, false, { address: from, epoch: status.epoch, height: status.height })
  if (status.isAnswer) heardBack(state, from, status)
  if (status.isAnswer || step.nowMs < peer.answeredMs + answerDelays * state.setup.delayMs) return
  peer.answeredMs = step.nowMs
  const heardView = status.epoch === epoch ? peer.heardView : 0
  const certificates = certificatesFor(state, status)
  if (!isAllowed(step, from, bytesOf(certificates, []))) return
  if (certificates.length > 0) send(step, [from], { kind: 'certificates', certificates })
  // Certificates speak for themselves. The word of one that lost its memory may lack what it heard.
  if (!state.mustConfirm) send(step, [from], statusOf(state, true, heardView))
  // It knows more than we do: that was no question of ours, so nothing comes by itself.
  if (
    status.epoch > epoch ||
    status.height > state.base.height ||
    (status.epoch === epoch && status.view > state.view)
  ) {
    send(step, [from], statusOf(state, false))
  }
}

/** What takes the sender to where we are: the last finality, and what made our view begin. */
function certificatesFor(state: State, status: Status): readonly Certificate[] {
  const { base, baseCertificate, committee, finalized, notarized, nullified, previous, view } = state
  if (status.epoch !== committee.set.epoch) {
    const isBefore = previous !== undefined && status.epoch === previous.epoch && previous.certificate !== undefined
    return isBefore && !state.setup.has('no-help') ? [previous.certificate] : []
  }
  if (state.setup.has('no-help')) return []
  const found: (Certificate | undefined)[] = []
  if (status.finalView < base.view) found.push(baseCertificate)
  if (finalized !== undefined && status.finalView < finalized.view) found.push(finalized)
  if (status.view < view) found.push(notarized.get(view - 1) ?? nullified.get(view - 1))
  return found.filter((certificate) => certificate !== undefined)
}

function heardBack(state: State, from: Address, status: Status): void {
  const place = state.committee.placeOf.get(from)
  const { epoch } = state.committee.set
  if (state.finding === undefined || place === undefined || status.epoch > epoch) return
  const { view, heardView } = status.epoch === epoch ? status : { view: 0, heardView: 0 }
  state.finding.set(place, { view: Math.max(view, heardView), heardView })
  if (state.finding.size < state.findNeeded) return
  // We can have voted in a view only if a quorum, so q − 1 others, had voted in the one before: with any q others they share more
  // than f (all, where there are fewer than q others), so an honest one named that view or a later one. Only after the next view is it
  // safe to speak again. Fewer answers would bring nothing: q others have to pass both views without us.
  if (state.mustConfirm) {
    state.last = { epoch, view: Math.max(state.last.view, saidBefore(state)), rank: 2 }
    state.mustConfirm = false
    state.maySign = !state.hasDisagreed
  }
  state.finding = undefined
}

/** The highest view in which we can have said anything that counts. */
function saidBefore({ committee, finding, findNeeded }: State): number {
  const answers = [...(finding?.values() ?? [])]
  // Of two validators nobody can pass a view without the other. Every certificate has the vote of the one who remembers, so what it did
  // not hear of us counts nowhere.
  const isPair = committee.quorum > findNeeded
  return Math.max(...answers.map(({ view, heardView }) => (isPair ? heardView : view + 1)))
}

export function onAsk(step: Step, from: Address, ask: Ask): void {
  const { state } = step
  const isOurs = ask.epoch === state.committee.set.epoch
  const certificates = isOurs ? ask.views.flatMap((view) => certificatesOf(state, view)) : []
  certificates.splice(certificatesPerMessageMax)
  const blocks = blocksFor(state, ask.blocks)
  if (!isAllowed(step, from, bytesOf(certificates, blocks))) return
  if (certificates.length > 0) send(step, [from], { kind: 'certificates', certificates })
  if (blocks.length > 0) send(step, [from], { kind: 'blocks', blocks })
}

/** About what it has on the wire. */
function bytesOf(certificates: readonly Certificate[], blocks: readonly Block[]): number {
  const signatures = certificates.reduce((sum, certificate) => sum + certificate.signatures.length, 0)
  return 100 + signatures * (1 + signatureBytes) + blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** A question is far shorter than its answer: nobody gets answers without end. */
function isAllowed({ state, nowMs }: Step, from: Address, bytes: number): boolean {
  const key = state.committee.placeOf.has(from) ? from : 'others'
  const allowance =
    state.allowances.get(key) ?? new TokenBucket({ perSecond: answerBytesPerSecond, burst: answerBytesBurst, nowMs })
  state.allowances.set(key, allowance)
  return allowance.take(nowMs, bytes)
}

function certificatesOf(state: State, view: number): readonly Certificate[] {
  if (view === state.base.view && state.baseCertificate !== undefined) return [state.baseCertificate]
  const found = [state.nullified.get(view), state.notarized.get(view)]
  if (state.finalized?.view === view) found.push(state.finalized)
  return found.filter((certificate) => certificate !== undefined)
}

/** With the blocks before them that the asker may lack as well, as many as one answer holds; parents first. */
function blocksFor(state: State, hashes: readonly Hash[]): readonly Block[] {
  const found = new Map<Hash, Block>()
  let bytes = 0
  for (const hash of hashes) {
    for (let block = blockOf(state, hash); block !== undefined; block = blockOf(state, block.parent)) {
      if (found.has(block.hash) || found.size >= blocksPerAskMax) break
      if (found.size > 0 && bytes + block.bytes.length > answerBytes) break
      found.set(block.hash, block)
      bytes += block.bytes.length
    }
  }
  return [...found.values()].sort((a, b) => a.height - b.height)
}

function blockOf(state: State, hash: Hash): Block | undefined {
  const entry = state.entries.get(hash)
  if (entry !== undefined) return entry.block
  const isHash = (block: Block) => block.hash === hash
  return state.recent.find(isHash) ?? state.previous?.blocks.find(isHash)
}

/**
 * Tells the driver to fetch, when others claim to be further than single blocks can bring us. Whoever is not in the set of its epoch
 * never comes on by votes, so for it any later epoch is too far.
 */
export function callForHelp(
  step: Step,
  isStuck: boolean,
  from?: { address: Address; epoch: number; height: number },
): void {
  const { state, nowMs } = step
  const { base, committee, own, peers, setup } = state
  const { epoch } = committee.set
  const isFurther = (peer: Pick<Peer, 'epoch' | 'height'>) =>
    peer.epoch > epoch + 1 ||
    peer.height > base.height + heightsBehindMax ||
    ((isStuck || own === undefined) && (peer.height > base.height || peer.epoch > epoch))
  const further = new Map(
    [...peers].filter(([, peer]) => isFurther(peer)).map(([address, { height }]) => [address, height]),
  )
  if (from !== undefined && isFurther(from)) further.set(from.address, from.height)
  if (further.size === 0 || (state.behindMs !== undefined && nowMs < state.behindMs + 2 * setup.delayMs)) return
  state.behindMs = nowMs
  step.effects.push({ kind: 'behind', height: Math.max(...further.values()), peers: [...further.keys()] })
}
