// What goes out to a peer: our vector and news to it, entries that it lacks in our order of arrival, answers to what it asks.
// Pure; the state is changed in place. Must stay true: an entry is sent once, never to whom it came from, and only while the
// peer allows it; what is asked goes before what is not.

import type { DeviceId, Entry, EntryId, Fork, StoredEntry } from '../types.ts'
import {
  answerChainMax,
  entriesFrameBytes,
  entriesPerFrameMax,
  forksPerFrameMax,
  forksPerSessionMax,
  idsPerFrameMax,
  placesPerFrameMax,
  readBytesMax,
  vectorDevicesMax,
} from './limits.ts'
import { raise, raiseTheirs, type SessionEffect, type SessionState } from './session-state.ts'
import type { Frame, Place } from './wire.ts'

const send = (frame: Frame): SessionEffect => ({ type: 'send', frame })

/** `items` in runs of at most `max`. */
function runs<Item>(items: readonly Item[], max: number): Item[][] {
  const parts: Item[][] = []
  for (let at = 0; at < items.length; at += max) parts.push(items.slice(at, at + max))
  return parts
}

const byDevice = (a: Place, b: Place) => (a.device < b.device ? -1 : 1)

function placesOf(vector: ReadonlyMap<DeviceId, number>): Place[] {
  const places: Place[] = []
  for (const [device, seq] of vector) if (seq > 0) places.push({ device, seq })
  return places.sort(byDevice)
}

/** All that we have. What lies past the limit is not told: it is sent to us, and known. */
export function tellVector(state: SessionState): SessionEffect[] {
  state.news.clear()
  const parts = runs(placesOf(state.log.vector()).slice(0, vectorDevicesMax), placesPerFrameMax)
  if (parts.length === 0) parts.push([])
  return parts.map((places, at) => send({ kind: 'vector', last: at === parts.length - 1, places }))
}

export function tellForks(state: SessionState, forks: readonly Fork[]): SessionEffect[] {
  for (const { device, seq } of forks) {
    state.ourForks.set(device, Math.min(seq, state.ourForks.get(device) ?? seq))
    state.news.delete(device)
  }
  const fresh = forks.slice(0, forksPerSessionMax - state.forksOut)
  state.forksOut += fresh.length
  return runs(fresh, forksPerFrameMax).map((part) => send({ kind: 'forks', forks: part }))
}

/** Notes what was stored here, for `tellNews`, and where `pump` finds it. */
export function noteStored(state: SessionState, first: number, places: readonly Place[]): void {
  state.pendingFrom ??= first
  for (const place of places) {
    const forkSeq = state.ourForks.get(place.device)
    if (forkSeq === undefined || place.seq < forkSeq) raise(state.news, place)
  }
}

export function tellNews(state: SessionState): SessionEffect[] {
  const places = placesOf(state.news)
  state.news.clear()
  return runs(places, placesPerFrameMax).map((part) => send({ kind: 'have', places: part }))
}

/** One batch: answers first, then what the peer lacks. Nothing comes of it when there is nothing to send. */
export function pump(state: SessionState, heldFrom: number): SessionEffect[] {
  if (state.wants.length > 0) return answerWants(state)
  if (!state.theyAllow || state.vector !== 'whole') return []
  // Level before: all older arrivals were looked at, so a long log is not looked through for each new entry.
  if (state.levelOut) state.cursor = Math.max(state.cursor, (state.pendingFrom ?? 0) - 1)
  const batch = state.log.missingFor(state.theirs, state.cursor, readBytesMax)
  const free = batch.filter(({ arrival }) => arrival < heldFrom)
  const last = free.at(-1)
  if (last === undefined) {
    state.pendingFrom = batch[0]?.arrival
    return sayLevel(state)
  }
  state.cursor = last.arrival
  for (const { entry } of free) raiseTheirs(state, entry)
  state.entriesOut += free.length
  return framesOf(free).map(send)
}

function sayLevel(state: SessionState): SessionEffect[] {
  if (state.levelOut) return []
  state.levelOut = true
  return [send({ kind: 'level' }), { type: 'changed' }]
}

function framesOf(entries: readonly StoredEntry[]): Frame[] {
  const frames: Uint8Array[][] = []
  let frameBytes = entriesFrameBytes
  for (const { entry } of entries) {
    const current = frames.at(-1)
    if (current === undefined || frameBytes >= entriesFrameBytes || current.length >= entriesPerFrameMax) {
      frames.push([entry.bytes])
      frameBytes = 0
    } else current.push(entry.bytes)
    frameBytes += 4 + entry.bytes.length
  }
  return frames.map((bytes) => ({ kind: 'entries', entries: bytes }))
}

// ---- answers

/** Up to a frame's worth of bytes; the rest with the next pump. */
function answerWants(state: SessionState): SessionEffect[] {
  const effects: SessionEffect[] = []
  const absent: EntryId[] = []
  let bytes = 0
  while (bytes < readBytesMax) {
    const id = state.wants.shift()
    if (id === undefined) break
    const entry = state.log.get(id)
    if (entry === undefined) absent.push(id)
    else {
      const entries = chainTo(state, entry)
      bytes += entries.reduce((sum, one) => sum + one.length, 0)
      effects.push(send({ kind: 'answer', entries }))
    }
  }
  return [...effects, ...runs(absent, idsPerFrameMax).map((ids) => send({ kind: 'absent', ids }))]
}

/**
 * The entry, after those of its device that lead to it from the fork on: the vector does not bring them, and who needs the
 * last of them needs them all.
 */
function chainTo(state: SessionState, entry: Entry): Uint8Array[] {
  const chain = [entry.bytes]
  const forkSeq = state.ourForks.get(entry.device)
  let bytes = 4 + entry.bytes.length
  let at = entry
  while (forkSeq !== undefined && at.seq > forkSeq && at.prev !== undefined && chain.length < answerChainMax) {
    const before = state.log.get(at.prev)
    if (before === undefined) break
    bytes += 4 + before.bytes.length
    if (bytes > entriesFrameBytes) break
    chain.unshift(before.bytes)
    at = before
  }
  return chain
}
