// The one promise of the view: the same set of entries gives the same tables, in whatever order they came, in one piece or
// many, and after a rebuild. Random acts of several computers, honest and forged, checked against each other and
// against a slow and obvious model of open channels.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Computer, community, createWorld, dump, shuffled, type World } from '../../../test/support/chat.ts'
import { emojis, live, populate, words } from '../../../test/support/chat-actions.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { compareEntries } from '../../log/order-core.ts'
import type { EntryId } from '../../log/types.ts'
import { generalChannel } from './core.ts'
import type { ChannelId, Message } from './types.ts'
import { readAct } from './wire.ts'

function population(seed: string): World {
  return populate(createWorld(seed))
}

/** Takes the view down and makes it again from the same entries, in another order and in pieces. */
function again(world: World, one: Computer): unknown {
  const order = shuffled(world.random, one.entries)
  const cut = world.random.below(order.length + 1)
  one.reducer.reset(community)
  one.reducer.apply(order.slice(0, cut))
  for (const entry of order.slice(cut)) one.reducer.apply([entry])
  return dump(one.database)
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

test('every order gives the same view, and so does a rebuild', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = population(`orders ${seed}`)
      await live(world, 60)
      world.sync()
      for (const one of world.computers) {
        const view = dump(one.database)
        for (let turn = 0; turn < 3; turn++) assert.deepEqual(again(world, one), view)
        one.reducer.apply(shuffled(world.random, one.entries))
        assert.deepEqual(dump(one.database), view, 'taking entries again changes nothing')
        one.rebuild()
        assert.deepEqual(dump(one.database), view)
      }
    }),
    { numRuns: 25, seed: 3 },
  )
})

test('computers of one community show the same; those of one person have the same tables', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = population(`computers ${seed}`)
      await live(world, 60)
      world.sync()
      const [first, ...others] = world.computers.map((one) => shownOf(one))
      for (const other of others) assert.deepEqual(other, first)
      const [, bob, , , bobToo] = world.computers
      assert.ok(bob !== undefined && bobToo !== undefined && bob.person === bobToo.person)
      assert.deepEqual(dump(bobToo.database), dump(bob.database))
    }),
    { numRuns: 20, seed: 4 },
  )
})

/** One random thing in a private channel, mostly who is in it. */
async function actPrivately(world: World, channel: ChannelId): Promise<void> {
  const { random } = world
  const one = random.pick(world.computers)
  const persons = world.computers
    .map(({ person }) => person)
    .filter((person) => person === one.person || random.below(2) === 0)
  const { messages } = one.chat.messages(community, channel, { limit: 20 })
  const message = messages.length === 0 ? undefined : random.pick(messages).id
  const text = random.pick(words)
  const change = () => one.chat.changeChannel(community, channel, { persons: [...new Set(persons)] })
  const send = () => one.chat.send(community, { channel, text })
  const acts: readonly (() => Promise<unknown>)[] = [
    change,
    change,
    send,
    send,
    send,
    () => one.chat.send(community, { channel, text, ...(message === undefined ? {} : { thread: message }) }),
    async () => message !== undefined && one.chat.edit(community, message, text),
    async () => message !== undefined && one.chat.react(community, message, random.pick(emojis), true),
    () => one.chat.changeChannel(community, channel, { name: text }),
  ]
  await random.pick(acts)()
}

test('private channels whose persons change while nobody knows what the others do', async () => {
  let [shown, unseen] = [0, 0]
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = population(`private ${seed}`)
      const [owner] = world.computers
      assert.ok(owner !== undefined)
      const persons = [...new Set(world.computers.map(({ person }) => person))]
      const { id } = await owner.chat.createChannel(community, { name: 'plan', kind: 'private', persons })
      world.sync()
      for (let step = 0; step < 40; step++) {
        try {
          await actPrivately(world, id)
        } catch (error) {
          if (!isPeerhoodError(error)) throw error
        }
        world.clock.advance(world.random.below(3) * 20)
        if (world.random.below(5) === 0) world.random.pick(world.computers).receive(shuffled(world.random, world.all))
      }
      world.sync()
      for (const one of world.computers) {
        const view = dump(one.database)
        for (let turn = 0; turn < 3; turn++) assert.deepEqual(again(world, one), view)
        for (const row of one.database.prepare('SELECT shown FROM chat_messages').all())
          row.shown === 1 ? shown++ : unseen++
      }
      const [, bob, , , bobToo] = world.computers
      assert.ok(bob !== undefined && bobToo !== undefined)
      assert.deepEqual(dump(bobToo.database), dump(bob.database))
      checkMembership(world, id)
    }),
    { numRuns: 25, seed: 6 },
  )
  assert.ok(shown > 300 && unseen > 15, `${shown} shown, ${unseen} not: the runs meet what they are for`)
})

/** All who are in the channel agree on who is, and on what those who could open everything see. */
function checkMembership(world: World, id: ChannelId): void {
  const inside = world.computers.flatMap((one) => one.chat.channels(community).filter((channel) => channel.id === id))
  for (const channel of inside) assert.deepEqual(channel.persons, inside[0]?.persons)
}

/** What is shown of open channels, without what differs by who looks. */
function shownOf(one: Computer): unknown {
  const open = one.chat.channels(community).filter(({ persons }) => persons === undefined)
  return open.map(({ unread, mentions, ...channel }) => ({
    channel,
    messages: everything(one, channel.id).map(({ text, attachments, ...message }) => ({
      ...message,
      text: message.hidden === undefined ? text : '',
    })),
  }))
}

function everything(one: Computer, channel: ChannelId): Message[] {
  const roots = one.chat.messages(community, channel, { limit: 200 }).messages
  return roots.flatMap((root) => [
    root,
    ...one.chat.messages(community, channel, { limit: 200, thread: root.id }).messages,
  ])
}

// ---- the model

interface Modelled {
  readonly id: EntryId
  readonly person: PersonDid
  text: string
  deleted: boolean
  hidden: boolean
  readonly reactions: Set<string>
}

/** `general` as docs/protocol/chat.md says, in as many passes as it takes. */
function model(entries: readonly OpenedEntry[]): Modelled[] {
  const ordered = [...entries].sort((a, b) => compareEntries(a.entry, b.entry))
  const read = ordered.flatMap((entry) => {
    try {
      const said = readAct(entry.kind, entry.body)
      return said === undefined ? [] : [{ entry, said }]
    } catch {
      return []
    }
  })
  const muted = (person: PersonDid, entry: OpenedEntry) => {
    let until: number | null = 0
    for (const { entry: other, said } of read) {
      if (compareEntries(other.entry, entry.entry) >= 0) break
      if (!other.may('chat.moderate')) continue
      if (said.kind === 'mute' && said.person === person) until = said.untilMs
      if (said.kind === 'unmute' && said.person === person) until = 0
    }
    return until === null || entry.entry.time.ms < until
  }
  // A thread hangs from what is itself none; who may not post is not there at all, the muted are there unseen.
  const present = new Map<EntryId, { thread: EntryId | undefined; entry: OpenedEntry; text: string }>()
  for (let before = -1; before !== present.size; ) {
    before = present.size
    for (const { entry, said } of read) {
      if (said.kind !== 'message' || said.channel !== generalChannel || !entry.may('post')) continue
      const root = said.thread === undefined ? undefined : present.get(said.thread)
      if (said.thread !== undefined && root === undefined) continue
      present.set(entry.entry.id, {
        thread: root === undefined ? undefined : (root.thread ?? said.thread),
        entry,
        text: said.text,
      })
    }
  }
  const shown = [...present.values()].filter(({ entry, thread }) => thread === undefined && !muted(entry.person, entry))
  return shown
    .sort((a, b) => compareEntries(a.entry.entry, b.entry.entry))
    .map(({ entry, text }) => {
      const of: Modelled = {
        id: entry.entry.id,
        person: entry.person,
        text,
        deleted: false,
        hidden: false,
        reactions: new Set(),
      }
      for (const { entry: by, said } of read) {
        if (!('target' in said) || said.target !== of.id) continue
        if (said.kind === 'edit' && by.person === of.person && by.may('post') && !muted(by.person, by))
          of.text = said.text
        if (said.kind === 'delete' && by.person === of.person) of.deleted = true
        if (said.kind === 'hide' && by.may('moderate')) of.hidden = true
        if (said.kind === 'unhide' && by.may('moderate')) of.hidden = false
        if (said.kind === 'react' && by.may('post')) {
          const key = `${by.person} ${said.emoji}`
          if (said.on && !muted(by.person, by)) of.reactions.add(key)
          else of.reactions.delete(key)
        }
      }
      if (of.deleted) {
        of.text = ''
        of.reactions.clear()
      }
      return of
    })
}

test('open channels are what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = population(`model ${seed}`)
      await live(world, 80)
      world.sync()
      const [owner] = world.computers
      assert.ok(owner !== undefined)
      const shown = owner.chat.messages(community, generalChannel, { limit: 200 }).messages.map((message) => ({
        id: message.id,
        person: message.person,
        text: message.text,
        deleted: message.deleted,
        hidden: message.hidden !== undefined,
        reactions: new Set(
          message.reactions.flatMap(({ emoji, persons }) => persons.map((person) => `${person} ${emoji}`)),
        ),
      }))
      assert.deepEqual(shown, model(world.all))
    }),
    { numRuns: 40, seed: 5 },
  )
})
