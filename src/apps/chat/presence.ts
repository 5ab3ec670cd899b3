// Presence of one community while Peerhood runs: the state machine of presence-core.ts with a clock and whatever carries
// its messages (`publish`, `receive`; community/ seals them under the topic's key, so strangers see nothing).
//
// A channel is named by 16 bytes. Open ones by their id; private ones by an HMAC under their key, different for each
// person, so that those who are not in the channel see that somebody types, and not where.

import { createHmac } from 'node:crypto'
import { isPeerhoodError } from '../../base/errors.ts'
import { Emitter } from '../../base/events.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import type { PersonDid } from '../../identity/types.ts'
import { presenceEveryMs } from './limits.ts'
import { createPresenceState, nextTickMs, type PresenceInput, seenOf, stepPresence } from './presence-core.ts'
import { decodePresence, encodePresence } from './presence-wire.ts'
import type { ChannelId } from './types.ts'

export interface ChatPresence {
  /** What is shown of a person now. */
  of(person: PersonDid): { readonly state: 'here' | 'away' | 'gone'; readonly typing: readonly ChannelId[] }
  /** Call it with each key that is pressed, and with false when the text was sent or emptied. */
  typing(channel: ChannelId, on: boolean): void
  /** Whether the person looks at Peerhood. */
  looked(away: boolean): void
  /** Off: nothing is said of this person and nothing shown of others. */
  switch(on: boolean): void
  /** A message that another member sent. What is malformed or too much says so: the sender pays. */
  receive(person: PersonDid, bytes: Uint8Array): 'taken' | 'ignored' | 'malformed' | 'flooded'
  on(listener: (person: PersonDid) => void): Cancel
  /** Says goodbye. */
  stop(): void
}

export interface PresenceParts {
  readonly clock: Clock
  readonly self: () => PersonDid
  /** Sends to all members who are reachable now. */
  readonly publish: (bytes: Uint8Array) => void
  /** Channels this person can read, with the key of private ones. */
  readonly channels: () => readonly { readonly id: ChannelId; readonly key: Uint8Array | undefined }[]
}

/** Not sooner than this after the last: many expire at once. */
const tickMsMin = 250

export function createPresence({ clock, self, publish, channels }: PresenceParts): ChatPresence {
  const presence = createPresenceState()
  const emitter = new Emitter<PersonDid>()
  let timer: Cancel | undefined
  let stopped = false

  function step(input: PresenceInput): boolean {
    let flooded = false
    for (const effect of stepPresence(presence, input, clock.monotonicMs())) {
      if (effect.type === 'publish') publish(encodePresence(effect.message))
      else if (effect.type === 'changed') emitter.emit(effect.person)
      else flooded = true
    }
    schedule()
    return flooded
  }

  function schedule(): void {
    timer?.()
    timer = undefined
    const next = stopped ? undefined : nextTickMs(presence)
    if (next === undefined) return
    const waitMs = Math.min(presenceEveryMs, Math.max(tickMsMin, next - clock.monotonicMs()))
    timer = clock.after(waitMs, () => void step({ type: 'tick' }))
  }

  function channelAt(person: PersonDid, place: string): ChannelId | undefined {
    return channels().find(({ id, key }) => placeOf(id, key, person) === place)?.id
  }

  step({ type: 'tick' })
  return {
    of(person) {
      const { state, typing } = seenOf(presence, person, clock.monotonicMs())
      return { state, typing: typing.flatMap((place) => channelAt(person, place) ?? []) }
    },
    typing(channel, on) {
      const found = channels().find(({ id }) => id === channel)
      if (found !== undefined) step({ type: 'typed', place: placeOf(channel, found.key, self()), on })
    },
    looked: (away) => void step({ type: 'looked', away }),
    switch: (on) => void step({ type: 'switched', on }),
    receive(person, bytes) {
      if (stopped || person === self()) return 'ignored'
      try {
        const message = decodePresence(bytes)
        if (message === undefined) return 'ignored'
        return step({ type: 'received', person, message }) ? 'flooded' : 'taken'
      } catch (error) {
        if (isPeerhoodError(error)) return 'malformed'
        throw error
      }
    },
    on: (listener) => emitter.on(listener),
    stop() {
      if (stopped) return
      step({ type: 'switched', on: false })
      stopped = true
      timer?.()
    },
  }
}

/** How a person's messages name a channel. */
export function placeOf(channel: ChannelId, key: Uint8Array | undefined, person: PersonDid): string {
  if (key === undefined) return channel
  return createHmac('sha256', key).update(`peerhood/chat/typing/1\n${channel}\n${person}`).digest('hex').slice(0, 32)
}
