// One session of one community between two peers, after both have proven themselves; the same on both sides. Pure: frames,
// what the log stored, and time go in; effects come out. The state is changed in place (session-state.ts).
//
//   vector, forks ──► (the other's are whole) ──► flow ──► entries … level ──► live: have, entries as they are stored
//                         want ──► answer, absent        round: vector again, after what was not stored the first time
//
// Must stay true: nothing is sent before the peer allows it and its vector is whole; each side decides alone when it is sent
// to (community.ts lets one peer send the bulk); a session never needs the past of another.

import type { DeviceId } from '../types.ts'
import { forksPerSessionMax, lackEveryMs, vectorDevicesMax, wantsMax, withholdMs } from './limits.ts'
import { askFor, closeFor, onAbsent, onAnswer, onEntries, onReceived, skip, wantRound } from './receiving-core.ts'
import { noteStored, pump, tellForks, tellNews, tellVector } from './sending-core.ts'
import {
  countWeLack,
  createSessionState,
  everySeq,
  raise,
  raiseTheirs,
  type SessionEffect,
  type SessionInput,
  type SessionState,
} from './session-state.ts'
import type { Frame, Place } from './wire.ts'

export { countTheyLack, countWeLack } from './session-state.ts'
export type { SessionEffect, SessionInput, SessionState }
export { createSessionState }

export function stepSession(state: SessionState, input: SessionInput, nowMs: number): SessionEffect[] {
  switch (input.type) {
    case 'begin':
      return [...tellForks(state, state.log.forks()), ...tellWanted(state, nowMs)]
    case 'frame':
      return onFrame(state, input.frame, nowMs)
    case 'received':
      return onReceived(state, input, nowMs)
    case 'stored':
      noteStored(state, input.first, input.places)
      return []
    case 'fork':
      return tellForks(state, [input.fork])
    case 'news':
      return tellNews(state)
    case 'pump':
      return pump(state, input.heldFrom)
    case 'flow':
      return setFlow(state, input.on, nowMs)
    case 'round':
      return round(state, nowMs)
    case 'want':
      return askFor(state, input.ids, nowMs)
    case 'tick':
      return tick(state, nowMs)
  }
}

function onFrame(state: SessionState, frame: Frame, nowMs: number): SessionEffect[] {
  switch (frame.kind) {
    case 'vector':
      return onVector(state, frame, nowMs)
    case 'forks':
      return onForks(state, frame, nowMs)
    case 'have':
      return onHave(state, frame.places)
    case 'flow':
      return onFlow(state, frame.on)
    case 'entries':
      return onEntries(state, frame.entries, nowMs)
    case 'level':
      return onLevel(state, nowMs)
    case 'want':
      return onWant(state, frame)
    case 'answer':
      return onAnswer(state, frame.entries, nowMs)
    case 'absent':
      return onAbsent(state, frame.ids, nowMs)
    case 'challenge':
      return [{ type: 'challenge', nonce: frame.nonce, places: frame.places }]
    case 'holding':
      return [{ type: 'holding', nonce: frame.nonce, digest: frame.digest }]
    case 'skip':
      for (const device of frame.devices) raiseTheirs(state, { device, seq: everySeq })
      return []
    case 'keepalive':
      return []
    case 'hello':
    case 'refuse':
      // session.ts keeps those to itself.
      return [closeFor('sync_frame_out_of_order', `A peer sent a ${frame.kind} frame when none may come.`)]
  }
}

// ---- what the peer has

function onVector(
  state: SessionState,
  { places, last }: Extract<Frame, { kind: 'vector' }>,
  nowMs: number,
): SessionEffect[] {
  if (state.vector !== 'parts') {
    if (!state.vectors.take(nowMs))
      return [closeFor('sync_frames_too_fast', 'A peer tells its vector again and again.')]
    state.told.clear()
    state.theirs.clear()
    state.vector = 'parts'
    state.lastDevice = ''
  }
  for (const place of places) {
    if (place.device <= state.lastDevice) return [closeFor('sync_frame_malformed', 'The parts of a vector overlap.')]
    state.lastDevice = place.device
    state.told.set(place.device, place.seq)
    state.theirs.set(place.device, place.seq)
  }
  if (state.told.size > vectorDevicesMax) return [closeFor('vector_too_long', 'A peer tells of too many devices.')]
  if (!last) return []
  for (const device of state.theirForks) state.theirs.set(device, everySeq)
  state.vector = 'whole'
  state.cursor = 0
  state.levelOut = false
  return [{ type: 'changed' }]
}

function onHave(state: SessionState, places: readonly Place[]): SessionEffect[] {
  if (state.vector === 'none') return [closeFor('sync_frame_out_of_order', 'A peer tells news before its vector.')]
  for (const place of places) {
    raise(state.told, place)
    raiseTheirs(state, place)
  }
  if (state.told.size > 2 * vectorDevicesMax) return [closeFor('vector_too_long', 'A peer tells of too many devices.')]
  return [{ type: 'changed' }]
}

function onForks(state: SessionState, { forks }: Extract<Frame, { kind: 'forks' }>, nowMs: number): SessionEffect[] {
  state.forksIn += forks.length
  if (state.forksIn > forksPerSessionMax) {
    return [closeFor('forks_too_many', 'A peer tells of one fork after another.')]
  }
  for (const { device, seq } of forks) {
    state.theirForks.add(device)
    state.theirs.set(device, everySeq)
    const told = state.told.get(device)
    if (told !== undefined && told >= seq) setOrDelete(state.told, device, seq - 1)
  }
  const ids = forks.flatMap(({ entries }) => entries)
  return askFor(state, ids, nowMs)
}

function setOrDelete(vector: Map<DeviceId, number>, device: DeviceId, seq: number): void {
  if (seq > 0) vector.set(device, seq)
  else vector.delete(device)
}

// ---- flow

function onFlow(state: SessionState, on: boolean): SessionEffect[] {
  if (on && !state.theyAllow) state.levelOut = false
  state.theyAllow = on
  return []
}

function setFlow(state: SessionState, on: boolean, nowMs: number): SessionEffect[] {
  if (state.weAllow === on) return []
  state.weAllow = on
  state.everAllowed ||= on
  state.progressMs = nowMs
  return [{ type: 'send', frame: { kind: 'flow', on } }, { type: 'changed' }]
}

function onLevel(state: SessionState, nowMs: number): SessionEffect[] {
  if (!state.everAllowed) return [closeFor('sync_frame_out_of_order', 'A peer is level before it may send.')]
  state.levelIn = true
  state.progressMs = nowMs
  return [{ type: 'changed' }]
}

function onWant(state: SessionState, { ids }: Extract<Frame, { kind: 'want' }>): SessionEffect[] {
  if (state.wants.length + ids.length > wantsMax)
    return [closeFor('want_too_many', 'A peer asks for too much at once.')]
  state.wants.push(...ids)
  return []
}

/** Tells our vector anew, if that is not too often; else later. */
function round(state: SessionState, nowMs: number): SessionEffect[] {
  if (!state.rounds.take(nowMs)) {
    wantRound(state, nowMs)
    return []
  }
  state.roundAtMs = undefined
  state.levelIn = false
  state.excused = false
  state.skipped.clear()
  state.overrun = 0
  state.progressMs = nowMs
  // Else the peer would send of all that the vector lacks before it hears what is not wanted.
  const pause = state.log.deferred().length > 0 ? setFlow(state, false, nowMs) : []
  return [...pause, ...tellWanted(state, nowMs), ...setFlow(state, true, nowMs)]
}

/** What we have, and of whom we want no more for now; that is asked for again later. */
function tellWanted(state: SessionState, nowMs: number): SessionEffect[] {
  const deferred = state.log.deferred()
  if (deferred.length > 0) {
    state.excused = true
    wantRound(state, nowMs)
  }
  return [...tellVector(state), ...skip(state, deferred)]
}

// ---- time

function tick(state: SessionState, nowMs: number): SessionEffect[] {
  if (state.roundAtMs !== undefined && nowMs >= state.roundAtMs) return round(state, nowMs)
  const owesAnswers = state.askedDue > 0 && nowMs - state.answeredMs > withholdMs
  if (!owesAnswers && !owesEntries(state, nowMs)) return []
  return [closeFor('peer_withholds', 'A peer says that it has entries and does not send them.', 'ignore')]
}

function owesEntries(state: SessionState, nowMs: number): boolean {
  if (nowMs - state.lackLookedMs >= lackEveryMs) {
    state.lackLookedMs = nowMs
    if (!state.weAllow || state.excused || countWeLack(state) === 0) state.lackSinceMs = undefined
    else state.lackSinceMs ??= nowMs
  }
  return state.lackSinceMs !== undefined && nowMs - Math.max(state.lackSinceMs, state.progressMs) > withholdMs
}
