// What comes from a peer: entries, answers to what we asked, and what the log said of them. Pure; the state is changed in
// place. Must stay true: whatever the peer sends, it is counted here and bounded; an honest peer that knows less than we do
// (an old fork, a wrong clock, another quota) is never disconnected for a few entries.

import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '../../base/bytes.ts'
import type { DeviceId, EntryId, Received, RefusalCode } from '../types.ts'
import {
  askedMax,
  askedRememberedMax,
  asksPerIdMax,
  idsPerFrameMax,
  overrunMax,
  roundEveryMaxMs,
  vectorDevicesMax,
  wrongSignaturesMax,
} from './limits.ts'
import { peekPlace } from './place-core.ts'
import { raiseTheirs, type SessionEffect, type SessionInput, type SessionState } from './session-state.ts'

/** `reject`: no log that keeps the rules can hold such an entry. `ignore`: the peer may have taken it in good faith. */
const verdicts: Readonly<Record<RefusalCode, 'ignore' | 'reject'>> = {
  entry_too_long: 'reject',
  entry_malformed: 'reject',
  entry_of_other_community: 'reject',
  entry_misplaced: 'reject',
  entry_time_backwards: 'reject',
  entry_epoch_backwards: 'reject',
  entry_epoch_jumped: 'reject',
  // A newer program may know better.
  entry_version_unknown: 'ignore',
  signature_wrong: 'ignore',
  device_frozen: 'ignore',
  device_quota_used: 'ignore',
  log_full: 'ignore',
}

export const verdictOf = (code: RefusalCode): 'ignore' | 'reject' => verdicts[code]

export function closeFor(
  code: string,
  message: string,
  verdict: 'ignore' | 'reject' = 'reject',
): Extract<SessionEffect, { type: 'close' }> {
  return { type: 'close', reason: 'violation', code, verdict, message }
}

export function onEntries(state: SessionState, entries: readonly Uint8Array[], nowMs: number): SessionEffect[] {
  if (!state.everAllowed) return [closeFor('entries_not_asked', 'A peer sends entries that nobody asked it for.')]
  for (const entry of entries) {
    const place = peekPlace(entry)
    if (place !== undefined) raiseTheirs(state, place)
  }
  state.progressMs = nowMs
  return [{ type: 'receive', entries, wanted: false }]
}

// ---- asking by id

/** Asks for those that may still be asked of this peer, now or when it has answered others. */
export function askFor(state: SessionState, ids: readonly EntryId[], nowMs: number): SessionEffect[] {
  state.askQueue.push(...ids.slice(0, askedRememberedMax - state.askQueue.length))
  return askMore(state, nowMs)
}

function askMore(state: SessionState, nowMs: number): SessionEffect[] {
  if (state.askedDue === 0) state.answeredMs = nowMs
  const ids: EntryId[] = []
  while (state.askedDue < askedMax) {
    const id = state.askQueue.shift()
    if (id === undefined) break
    const asked = state.asked.get(id) ?? { times: 0, due: false }
    if (asked.due || asked.times >= asksPerIdMax || state.log.has(id)) continue
    if (asked.times === 0 && state.asked.size >= askedRememberedMax) continue
    state.asked.set(id, { times: asked.times + 1, due: true })
    state.askedDue++
    ids.push(id)
  }
  const effects: SessionEffect[] = []
  for (let at = 0; at < ids.length; at += idsPerFrameMax) {
    effects.push({ type: 'send', frame: { kind: 'want', ids: ids.slice(at, at + idsPerFrameMax) } })
  }
  return effects
}

function answered(state: SessionState, id: EntryId): boolean {
  const asked = state.asked.get(id)
  if (asked?.due !== true) return false
  asked.due = false
  state.askedDue--
  return true
}

/** Ends in an entry that was asked; each before it is the one before in the chain, so nothing else comes in this way. */
export function onAnswer(state: SessionState, entries: readonly Uint8Array[], nowMs: number): SessionEffect[] {
  const unasked = () => [closeFor('entries_not_asked', 'A peer answers with entries that nobody asked it for.')]
  let next: EntryId | undefined
  for (const entry of [...entries].reverse()) {
    const id = toHex(sha256(entry)) as EntryId
    const isAsked = answered(state, id)
    if (next === undefined ? !isAsked : id !== next) return unasked()
    // An asked entry with nothing before it ends the chain: what is left has nothing to be linked to.
    next = peekPlace(entry)?.prev ?? ('' as EntryId)
  }
  state.progressMs = nowMs
  state.answeredMs = nowMs
  return [{ type: 'receive', entries, wanted: true }, ...askMore(state, nowMs)]
}

export function onAbsent(state: SessionState, ids: readonly EntryId[], nowMs: number): SessionEffect[] {
  for (const id of ids) {
    if (!answered(state, id)) return [closeFor('entries_not_asked', 'A peer lacks what nobody asked it for.')]
  }
  state.answeredMs = nowMs
  return askMore(state, nowMs)
}

// ---- what became of them

export function onReceived(
  state: SessionState,
  { results, wanted, entries }: Extract<SessionInput, { type: 'received' }>,
  nowMs: number,
): SessionEffect[] {
  const effects: SessionEffect[] = wanted ? [] : skipUnwanted(state, results, entries, nowMs)
  const last = effects.at(-1)
  if (last?.type === 'close') return effects
  const missing: EntryId[] = []
  let useless = 0
  for (const result of results) {
    if (result.how === 'stored' || result.how === 'forked') state.entriesIn++
    else if (result.how === 'known') useless++
    else if (result.how === 'waiting') {
      useless++
      missing.push(...result.missing)
    } else if (result.how !== 'deferred' && !isUnwanted(result)) {
      const effect = result.how === 'early' ? onEarly(state, nowMs) : onRefused(state, result.code, nowMs)
      if (effect?.type === 'close') return [...effects, effect]
      if (effect !== undefined) effects.push(effect)
    }
  }
  if (!wanted && useless > 0 && !state.useless.take(nowMs, useless)) {
    return [...effects, closeFor('entries_useless', 'A peer sends the same entries again and again.', 'ignore')]
  }
  if (missing.length > 0) {
    state.excused = true
    // Before it is level, what is missing may still come in its turn; community.ts looks after the rest.
    if (state.levelIn) effects.push(...askFor(state, missing, nowMs))
  }
  effects.push({ type: 'changed' })
  return effects
}

/** Refusals that say nothing of the peer: for want of room here, or since an author writes too fast. */
const unwantedCodes: ReadonlySet<string> = new Set(['log_full', 'device_quota_used'])

function isUnwanted(result: Received): boolean {
  return result.how === 'deferred' || (result.how === 'refused' && unwantedCodes.has(result.code))
}

/**
 * Of devices that took up their room, or write too fast, the peer is told to send no more for now. What it had sent by then
 * is no fault; what it goes on to send is.
 */
function skipUnwanted(
  state: SessionState,
  results: readonly Received[],
  entries: readonly Uint8Array[],
  nowMs: number,
): SessionEffect[] {
  const devices = new Set<DeviceId>()
  for (const [at, result] of results.entries()) {
    if (!isUnwanted(result)) continue
    state.excused = true
    if (result.how === 'deferred') wantRound(state, nowMs)
    else if (result.how === 'refused' && result.code === 'log_full') state.roundAtMs ??= nowMs + roundEveryMaxMs
    if (++state.overrun > overrunMax && !state.refused.take(nowMs)) {
      return [closeFor('entries_refused', 'A peer goes on sending what it was told not to send.', 'ignore')]
    }
    const device = peekPlace(entries[at] ?? new Uint8Array(0))?.device
    if (device !== undefined) devices.add(device)
  }
  return skip(state, devices)
}

/** Says which devices' entries are not wanted until our vector is told anew. */
export function skip(state: SessionState, devices: Iterable<DeviceId>): SessionEffect[] {
  const fresh: DeviceId[] = []
  for (const device of devices) {
    if (state.skipped.has(device) || state.skipped.size >= vectorDevicesMax) continue
    state.skipped.add(device)
    fresh.push(device)
  }
  const effects: SessionEffect[] = []
  for (let at = 0; at < fresh.length; at += idsPerFrameMax) {
    effects.push({ type: 'send', frame: { kind: 'skip', devices: fresh.slice(at, at + idsPerFrameMax) } })
  }
  return effects
}

/** Once a session and code: an old clock or an unknown fork brings many at once. */
function mark(state: SessionState, code: string, nowMs: number): SessionEffect | undefined {
  state.excused = true
  if (!state.refused.take(nowMs)) {
    return closeFor('entries_refused', 'A peer sends many entries that can’t be taken.', 'ignore')
  }
  if (state.blamed.has(code)) return undefined
  state.blamed.add(code)
  return { type: 'blame', code }
}

function onEarly(state: SessionState, nowMs: number): SessionEffect | undefined {
  wantRound(state, nowMs)
  return mark(state, 'entry_early', nowMs)
}

function onRefused(state: SessionState, code: RefusalCode, nowMs: number): SessionEffect | undefined {
  if (verdictOf(code) === 'reject') {
    return { ...closeFor(code, 'A peer sent an entry that no log can hold.'), message: `Refused: ${code}.` }
  }
  if (code === 'signature_wrong' && ++state.wrongSignatures > wrongSignaturesMax) {
    return closeFor(code, 'A peer sends one entry with a wrong signature after another.')
  }
  return mark(state, code, nowMs)
}

/** What could not be stored now is offered again by a peer that is told our vector anew; ever more seldom. */
export function wantRound(state: SessionState, nowMs: number): void {
  if (state.roundAtMs !== undefined) return
  state.roundAtMs = nowMs + state.roundEveryMs
  state.roundEveryMs = Math.min(roundEveryMaxMs, state.roundEveryMs * 2)
}
