// The part of the view that holds channels: their rows, the last write of name, topic and archive, and of private ones the
// steps, the keys that this device could open, and what foldSteps makes of them. Runs in the caller's transaction.

import type { Database } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import {
  type ChannelKind,
  channelKeyIdOf,
  comparePlaces,
  type Folded,
  foldSteps,
  generalChannel,
  isPublic,
  type Step,
  sealContext,
} from './core.ts'
import { stepsPerPersonMax } from './limits.ts'
import { createMemo } from './memo.ts'
import { columnsOf, numberOf, personsOf, placeOfRow, type Row, textOf } from './rows.ts'
import { openText } from './seal.ts'
import { decodeStep, type StepSecret } from './step-wire.ts'
import type { ChannelId, ChannelKeys } from './types.ts'
import type { ChannelAct, Envelope, Place } from './wire.ts'

export interface ChannelRow {
  readonly n: number
  readonly community: number
  readonly id: ChannelId
  readonly kind: ChannelKind
  readonly guests: boolean
  readonly creator: PersonDid | undefined
  /** Empty for open and announce channels. */
  readonly folded: Folded
}

export interface StepFacts extends Envelope {
  readonly community: CommunityId
  readonly channel: ChannelRow
  readonly place: Place
  readonly author: PersonDid
  readonly founding: boolean
  readonly moderate: boolean
  readonly persons: readonly PersonDid[]
}

export type ChannelField = 'name' | 'topic' | 'archived'

const nobody: Folded = { history: [], key: undefined, keySteps: [] }

export type Channels = ReturnType<typeof createChannels>

export function createChannels(parts: {
  readonly database: Database
  readonly keys: Pick<ChannelKeys, 'open'>
  /** Whether a batch is being taken, in which nobody else writes the tables. */
  readonly isTaking: () => boolean
  readonly self: () => PersonDid
  /** Something that entries may wait for is here now. */
  readonly available: (community: number, what: string) => void
  /** This person is not in a channel any more. */
  readonly vanished: (community: number) => void
}) {
  const { database, keys, isTaking, self, available, vanished } = parts
  const communityOf = database.prepare('SELECT n FROM chat_communities WHERE id = ?')
  const insertCommunity = database.prepare('INSERT INTO chat_communities (id) VALUES (?)')
  const select = database.prepare('SELECT * FROM chat_channels WHERE community = ? AND id = ?')
  const selectNumber = database.prepare('SELECT * FROM chat_channels WHERE n = ?')
  const insert = database.prepare(
    `INSERT INTO chat_channels (community, id, kind, guests, creator, ms, count, entry, folded, mine)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?)`,
  )
  const setPlace = database.prepare('UPDATE chat_channels SET ms = ?, count = ?, entry = ? WHERE n = ?')
  const setFolded = database.prepare('UPDATE chat_channels SET folded = ?, mine = ? WHERE n = ?')
  // Row values compare as places do: by time, then by id.
  const writeField = database.prepare(
    `INSERT INTO chat_fields (channel, field, value, ms, count, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT DO UPDATE SET value = ?3, ms = ?4, count = ?5, id = ?6 WHERE (?4, ?5, ?6) > (ms, count, id)`,
  )
  const insertStep = database.prepare(
    `INSERT OR IGNORE INTO chat_steps (channel, ms, count, id, author, founding, moderate, key, persons, sealed, kept)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
  )
  const surplusStep = database.prepare(
    `SELECT n FROM chat_steps WHERE channel = ? AND author = ? AND kept = 1
     ORDER BY ms, count, id LIMIT 1 OFFSET ${stepsPerPersonMax}`,
  )
  const dropStep = database.prepare('UPDATE chat_steps SET kept = 0 WHERE n = ?')
  const keptSteps = database.prepare('SELECT * FROM chat_steps WHERE channel = ? AND kept = 1 ORDER BY ms, count, id')
  const closedSteps = database.prepare('SELECT * FROM chat_steps WHERE channel = ? AND key = ? AND covers IS NULL')
  const setCovers = database.prepare('UPDATE chat_steps SET covers = ? WHERE n = ?')
  const selectKey = database.prepare('SELECT key FROM chat_keys WHERE channel = ? AND id = ?')
  const deleteFields = database.prepare('DELETE FROM chat_fields WHERE channel = ?')
  const deletes = [
    deleteFields,
    database.prepare('DELETE FROM chat_steps WHERE channel = ?'),
    database.prepare('DELETE FROM chat_keys WHERE channel = ?'),
    database.prepare('DELETE FROM chat_channels WHERE n = ?'),
  ]
  const insertKey = database.prepare('INSERT OR IGNORE INTO chat_keys (channel, id, key) VALUES (?, ?, ?)')

  const numbers = createMemo<CommunityId, number>(isTaking)
  const byIds = createMemo<ChannelId, ChannelRow | undefined>(isTaking)
  const byNumbers = createMemo<number, ChannelRow | undefined>(isTaking)
  const keysHere = createMemo<string, Uint8Array | undefined>(isTaking)

  /** Between batches, and when rows changed, nothing is remembered. */
  function forget(): void {
    byIds.clear()
    byNumbers.clear()
    keysHere.clear()
    numbers.clear()
  }

  function number(community: CommunityId): number {
    return numbers.get(community, () => {
      const row = communityOf.get(community)
      if (row !== undefined) return numberOf(row, 'n')
      const n = Number(insertCommunity.run(community).lastInsertRowid)
      insert.run(n, generalChannel, 'open', 0, null, 0, 0, '', 1)
      return n
    })
  }

  /** The community's number, if it has one. */
  function numberOfId(community: CommunityId): number | undefined {
    const row = communityOf.get(community)
    return row === undefined ? undefined : numberOf(row, 'n')
  }

  function find(community: number, id: ChannelId): ChannelRow | undefined {
    const known = byIds.get(id, () => {
      const row = select.get(community, id)
      return row === undefined ? undefined : readRow(row)
    })
    // `general` has the same id everywhere.
    if (known === undefined || known.community === community) return known
    byIds.drop(id)
    return find(community, id)
  }

  function byNumber(n: number): ChannelRow | undefined {
    return byNumbers.get(n, () => {
      const row = selectNumber.get(n)
      return row === undefined ? undefined : readRow(row)
    })
  }

  function key(channel: ChannelRow, id: string): Uint8Array | undefined {
    return keysHere.get(`${channel.n} ${id}`, () => {
      const value = selectKey.get(channel.n, id)?.key
      return value instanceof Uint8Array ? value : undefined
    })
  }

  function setField(channel: ChannelRow, field: ChannelField, value: string, place: Place): void {
    writeField.run(channel.n, field, value, ...columnsOf(place))
  }

  /** The channel that `act` makes; the one that is there when it was made twice. */
  function found(community: number, id: ChannelId, act: ChannelAct, author: PersonDid, place: Place): ChannelRow {
    const present = find(community, id)
    if (present === undefined) {
      const guests = 'guests' in act && act.guests ? 1 : 0
      // Of the two who may have made a direct channel neither owns it.
      const creator = act.channel === 'direct' ? null : author
      insert.run(community, id, act.channel, guests, creator, ...columnsOf(place), Number(isPublic(act.channel)))
      available(community, `channel:${id}`)
    } else {
      const row = select.get(community, id)
      const first = row === undefined ? place : { ...placeOfRow({ ...row, id: row.entry ?? '' }) }
      if (comparePlaces(place, first) < 0) setPlace.run(...columnsOf(place), present.n)
    }
    forget()
    const made = find(community, id)
    if (made === undefined) throw new Error('assertion failed: a channel that was inserted is there')
    return made
  }

  /** Whether who is in the channel may have changed from the step's place on. */
  function addStep(facts: StepFacts): boolean {
    const { channel, place, author, key: keyId, boxes } = facts
    const added = insertStep.run(
      channel.n,
      ...columnsOf(place),
      author,
      Number(facts.founding),
      Number(facts.moderate),
      keyId,
      JSON.stringify(facts.persons),
      facts.sealed,
    )
    if (Number(added.changes) === 0) return false
    const surplus = surplusStep.get(channel.n, author)
    if (surplus !== undefined) dropStep.run(numberOf(surplus, 'n'))
    const known = key(channel, keyId) ?? opened(facts.community, keyId, boxes)
    if (known !== undefined) learn(facts.community, channel, known)
    return refold(channel)
  }

  function opened(community: CommunityId, keyId: string, boxes: Uint8Array): Uint8Array | undefined {
    const found = keys.open(community, boxes)
    return found !== undefined && found.length === 32 && channelKeyIdOf(found) === keyId ? found : undefined
  }

  /** Takes a key up, and with it all keys that the steps sealed with it carry. */
  function learn(community: CommunityId, channel: ChannelRow, first: Uint8Array): void {
    const found = [first]
    for (let next = found.pop(); next !== undefined; next = found.pop()) {
      const id = channelKeyIdOf(next)
      if (Number(insertKey.run(channel.n, id, next).changes) > 0)
        available(channel.community, `key:${channel.id}/${id}`)
      for (const row of closedSteps.all(channel.n, id)) {
        const secret = openStep(community, channel, row, next)
        setCovers.run(JSON.stringify(secret?.covers ?? []), numberOf(row, 'n'))
        if (secret === undefined) continue
        found.push(...secret.previous)
        if (numberOf(row, 'founding') === 1) nameFounded(channel, secret, placeOfRow(row))
      }
    }
  }

  function nameFounded(channel: ChannelRow, { name, topic }: StepSecret, place: Place): void {
    if (channel.kind !== 'private') return
    if (name !== undefined) setField(channel, 'name', name, place)
    if (topic !== undefined) setField(channel, 'topic', topic, place)
  }

  function refold(channel: ChannelRow): boolean {
    const steps = keptSteps.all(channel.n).map(readStep)
    const anyone = channel.creator ?? ('' as PersonDid)
    const folded = foldSteps(channel.kind, anyone, steps)
    const mine = folded.history.at(-1)?.persons.includes(self()) ?? false
    setFolded.run(JSON.stringify(folded), Number(mine), channel.n)
    forget()
    if (!mine && channel.folded.history.at(-1)?.persons.includes(self()) === true) vanished(channel.community)
    return JSON.stringify(folded.history) !== JSON.stringify(channel.folded.history)
  }

  function dropFields(channel: ChannelRow): void {
    deleteFields.run(channel.n)
  }

  /** Forgets a channel, what it is called, who is in it and its keys; not its messages. */
  function drop(channel: ChannelRow): void {
    for (const statement of deletes) statement.run(channel.n)
    forget()
    vanished(channel.community)
  }

  return { number, numberOfId, find, byNumber, key, setField, found, addStep, dropFields, drop, forget }
}

function openStep(community: CommunityId, channel: ChannelRow, row: Row, key: Uint8Array): StepSecret | undefined {
  const person = textOf(row, 'author') as PersonDid
  const context = sealContext('step', { community, channel: channel.id, key: textOf(row, 'key'), person })
  const content = row.sealed instanceof Uint8Array ? openText(key, context, row.sealed) : undefined
  if (content === undefined) return undefined
  try {
    return decodeStep(content)
  } catch (error) {
    if (isPeerhoodError(error)) return undefined
    throw error
  }
}

export function readRow(row: Row): ChannelRow {
  const folded = textOf(row, 'folded')
  return {
    n: numberOf(row, 'n'),
    community: numberOf(row, 'community'),
    id: textOf(row, 'id') as ChannelId,
    kind: textOf(row, 'kind') as ChannelKind,
    guests: numberOf(row, 'guests') === 1,
    creator: row.creator === null ? undefined : (textOf(row, 'creator') as PersonDid),
    folded: folded === '' ? nobody : (JSON.parse(folded) as Folded),
  }
}

function readStep(row: Row): Step {
  return {
    place: placeOfRow(row),
    author: textOf(row, 'author') as PersonDid,
    founding: numberOf(row, 'founding') === 1,
    moderate: numberOf(row, 'moderate') === 1,
    key: textOf(row, 'key'),
    persons: personsOf(textOf(row, 'persons')),
  }
}
