// Keys of private channels, as this computer writes with them: makes channels, finds the key to write with and renews it
// or seals it to further devices first where that is due. What the view then holds follows from the entries alone.
//
// Must stay true: nothing is sealed with a key that somebody has who is not in the channel any more.

import type { Database } from '../../base/database.ts'
import type { Random } from '../../base/ports.ts'
import type { Communities, CommunityState, OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { type ChannelRow, readRow } from './channels.ts'
import { channelIdOf, channelKeyIdOf, coverOf, isPublic, keyState, ownChannel, sealContext } from './core.ts'
import { chatErrors } from './errors.ts'
import { channelDevicesMax, previousKeysMax } from './limits.ts'
import { devicesOf, isActive, stateOf as readableState } from './members.ts'
import { textOf } from './rows.ts'
import { sealText } from './seal.ts'
import { encodeStep } from './step-wire.ts'
import type { ChannelId, ChannelKeys } from './types.ts'
import type { ChatView } from './view.ts'
import { type Act, type Envelope, encodeInner, type InnerAct, writeBody } from './wire.ts'

const noNonce = '0'.repeat(32)

export interface VaultParts {
  readonly random: Random
  /** The view. */
  readonly database: Database
  readonly communities: Communities
  readonly keys: ChannelKeys
  readonly view: ChatView
  readonly self: () => PersonDid
}

export type Vault = ReturnType<typeof createVault>

export function createVault({ random, database, communities, keys, view, self }: VaultParts) {
  const covers = database.prepare('SELECT covers FROM chat_steps WHERE id = ? AND covers IS NOT NULL')
  // The newest last: by the last step that handed each out.
  const knownKeys = database.prepare(
    `SELECT chat_keys.key FROM chat_keys JOIN chat_steps ON chat_steps.channel = chat_keys.channel AND chat_steps.key = chat_keys.id
     WHERE chat_keys.channel = ? GROUP BY chat_keys.id ORDER BY max(chat_steps.ms) DESC LIMIT ${previousKeysMax}`,
  )
  const held = database.prepare(
    `SELECT chat_channels.* FROM chat_channels JOIN chat_communities ON chat_communities.n = community
     WHERE chat_communities.id = ? AND mine = 1 AND folded <> ''`,
  )
  const queues = new Map<CommunityId, Promise<unknown>>()

  /** One after another in a community: two that write at once must not both renew a key. */
  function inTurn<Result>(id: CommunityId, work: () => Promise<Result>): Promise<Result> {
    const before = queues.get(id) ?? Promise.resolve()
    const result = before.then(work, work)
    const settled = result.catch(() => undefined)
    queues.set(id, settled)
    void settled.then(() => {
      if (queues.get(id) === settled) queues.delete(id)
    })
    return result
  }

  function stateOf(id: CommunityId): CommunityState {
    return readableState(communities, id)
  }

  function append(id: CommunityId, act: Act): Promise<OpenedEntry> {
    return communities.append(id, 'chat', act.kind, writeBody(act))
  }

  /** A key for these persons with its lockboxes, and what stands sealed beside it. */
  function envelope(
    id: CommunityId,
    channel: ChannelId,
    key: Uint8Array,
    facts: {
      readonly persons: readonly PersonDid[]
      readonly previous: readonly Uint8Array[]
      readonly name?: string
      readonly topic?: string
    },
  ): Envelope {
    const state = stateOf(id)
    const recipients = facts.persons.filter((person) => isActive(state, person))
    const devices = devicesOf(state, recipients)
    if (devices.length > channelDevicesMax) {
      const most = `at most ${channelDevicesMax}`
      throw chatErrors.channel_persons_too_many(
        `These persons have ${devices.length} devices in all, ${most} can be in it.`,
      )
    }
    const keyId = channelKeyIdOf(key)
    const secret = encodeStep({
      // Whoever makes a key has it too, though they may be leaving: then whoever writes next makes another.
      covers: [...new Set([...devices, ...devicesOf(state, [self()])].map(coverOf))].sort(),
      previous: facts.previous,
      name: facts.name,
      topic: facts.topic,
    })
    const context = sealContext('step', { community: id, channel, key: keyId, person: self() })
    return { key: keyId, boxes: keys.sealTo(id, recipients, key), sealed: sealText(random, key, context, secret) }
  }

  /** Writes the entry that makes a channel with persons; its id. */
  async function make(
    id: CommunityId,
    request: {
      readonly kind: 'private' | 'direct' | 'own'
      readonly persons: readonly PersonDid[]
      readonly nonce?: string
      readonly name?: string
      readonly topic?: string
    },
  ): Promise<ChannelId> {
    const persons = [...new Set(request.persons)].sort()
    const named = { kind: 'channel' as const, channel: request.kind, nonce: request.nonce ?? noNonce, persons }
    const none = new Uint8Array(0)
    const channel = channelIdOf(id, self(), { ...named, key: '', boxes: none, sealed: none })
    const { name, topic } = request
    const called = { ...(name === undefined ? {} : { name }), ...(topic === undefined ? {} : { topic }) }
    const sealed = envelope(id, channel, random.bytes(32), { persons, previous: [], ...called })
    await append(id, { ...named, ...sealed })
    return channel
  }

  function coversOf(channel: ChannelRow): ReadonlySet<string> {
    return new Set(
      channel.folded.keySteps.flatMap(({ id }) => {
        const row = covers.get(id)
        return row === undefined ? [] : (JSON.parse(textOf(row, 'covers')) as string[])
      }),
    )
  }

  function personsOf(channel: ChannelRow): readonly PersonDid[] {
    return channel.folded.history.at(-1)?.persons ?? []
  }

  /** What is due before the next message of a channel. */
  function due(id: CommunityId, channel: ChannelRow): 'nothing' | 'seal' | 'renew' {
    const current = channel.folded.key
    if (current === undefined || view.channels.key(channel, current) === undefined) return 'renew'
    const { renew, missing } = keyState(coversOf(channel), devicesOf(stateOf(id), personsOf(channel)))
    if (renew) return 'renew'
    return missing.length > 0 ? 'seal' : 'nothing'
  }

  /** Hands out a new key, or the present one to all devices again; `persons`: who is in the channel from now on. */
  async function handOut(
    id: CommunityId,
    channel: ChannelRow,
    how: 'seal' | 'renew',
    persons: readonly PersonDid[],
  ): Promise<void> {
    const current = channel.folded.key === undefined ? undefined : view.channels.key(channel, channel.folded.key)
    const key = how === 'seal' && current !== undefined ? current : random.bytes(32)
    const before = knownKeys.all(channel.n).flatMap((row) => (row.key instanceof Uint8Array ? [row.key] : []))
    const previous = before.filter((one) => channelKeyIdOf(one) !== channelKeyIdOf(key))
    const sealed = envelope(id, channel.id, key, { persons, previous })
    await append(id, { kind: 'channel-keys', channel: channel.id, persons: [...persons].sort(), ...sealed })
  }

  function fresh(channel: ChannelRow): ChannelRow {
    return view.channels.byNumber(channel.n) ?? channel
  }

  /** Writes an act into a private channel, sealed with a key that those have who are in it, and nobody else. */
  function write(id: CommunityId, channel: ChannelRow, act: InnerAct): Promise<OpenedEntry> {
    const content = encodeInner(act)
    return inTurn(id, async () => {
      const what = due(id, fresh(channel))
      if (what !== 'nothing') await handOut(id, fresh(channel), what, personsOf(fresh(channel)))
      const now = fresh(channel)
      const key = now.folded.key
      const secret = key === undefined ? undefined : view.channels.key(now, key)
      if (key === undefined || secret === undefined) {
        throw chatErrors.channel_key_missing('The key of this channel did not reach this computer yet.')
      }
      const context = sealContext('act', { community: id, channel: now.id, key, person: self() })
      return append(id, { kind: 'sealed', channel: now.id, key, sealed: sealText(random, secret, context, content) })
    })
  }

  /** Sets who is in a channel. Who is taken out does not get the key of what follows. */
  function setPersons(id: CommunityId, channel: ChannelRow, persons: readonly PersonDid[]): Promise<void> {
    return inTurn(id, async () => {
      const now = fresh(channel)
      const others = personsOf(now).some((person) => person !== self() && !persons.includes(person))
      await handOut(id, now, others || due(id, now) === 'renew' ? 'renew' : 'seal', persons)
    })
  }

  /** Seals the keys of this person's channels to devices that do not have them yet; how many channels that were. */
  async function reseal(id: CommunityId): Promise<number> {
    let sealed = 0
    for (const row of held.all(id)) {
      await inTurn(id, async () => {
        const channel = fresh(readRow(row))
        if (due(id, channel) !== 'seal' || !personsOf(channel).includes(self())) return
        await handOut(id, channel, 'seal', personsOf(channel))
        sealed++
      })
    }
    return sealed
  }

  function mustReseal(id: CommunityId): boolean {
    return held.all(id).some((row) => due(id, readRow(row)) === 'seal')
  }

  /** The channel of one's own devices; made when there is none. */
  function own(id: CommunityId): Promise<ChannelRow | undefined> {
    const find = () => view.channels.find(view.channels.numberOfId(id) ?? -1, ownChannel(id, self()))
    return inTurn(id, async () => {
      if (find() === undefined) await make(id, { kind: 'own', persons: [self()] })
      return find()
    })
  }

  /** Writes an act where it belongs: into the open, or sealed into its channel. */
  function say(id: CommunityId, channel: ChannelRow, act: InnerAct): Promise<OpenedEntry> {
    return isPublic(channel.kind) ? append(id, act) : write(id, channel, act)
  }

  return { append, inTurn, make, say, setPersons, reseal, mustReseal, own, stateOf, personsOf }
}
