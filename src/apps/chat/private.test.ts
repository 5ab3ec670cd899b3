// Private and direct channels and read markers: who can open what, keys that change, devices that come and go.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Computer, community, createWorld, dump, shuffled } from '../../../test/support/chat.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { channelIdOf, generalChannel, ownChannel } from './core.ts'
import {
  channelDevicesMax,
  channelPersonsMax,
  readDelayMs,
  readEveryMs,
  resealDelayMaxMs,
  stepsPerPersonMax,
  waitingAtOnceMax,
} from './limits.ts'
import type { ChannelId } from './types.ts'
import { readAct, writeBody } from './wire.ts'

const code = (error: unknown) => isPeerhoodError(error) && error.code

/** Promises of timers that were run settle. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

function setup() {
  const world = createWorld()
  const [ada, bob, eve] = [world.add('ada', 'owner'), world.add('bob'), world.add('eve')]
  const [a, b, e] = [world.computer(ada), world.computer(bob), world.computer(eve)]
  world.clock.advance(1_000)
  return { world, ada, bob, eve, a, b, e }
}

const texts = (one: Computer, channel: ChannelId) =>
  one.chat.messages(community, channel, { limit: 100 }).messages.map(({ text }) => text)

const keysOf = (one: Computer) => Number(one.database.prepare('SELECT count(*) AS n FROM chat_keys').get()?.n)

test('a private channel is readable to those in it, and to others not even there', async () => {
  const { world, ada, bob, a, b, e } = setup()
  const plan = await a.chat.createChannel(community, {
    name: 'surprise',
    topic: 'for eve',
    kind: 'private',
    persons: [bob],
  })
  assert.deepEqual([plan.name, plan.topic, plan.persons], ['surprise', 'for eve', [ada, bob]])
  const message = await a.chat.send(community, { channel: plan.id, text: 'cake?' })
  world.sync()
  world.clock.advance(1)
  const reply = await b.chat.send(community, { channel: plan.id, text: 'yes, cake', thread: message.id })
  await b.chat.react(community, message.id, '🎂', true)
  await b.chat.edit(community, reply.id, 'yes, a big cake')
  world.sync()
  assert.deepEqual(
    a.chat.messages(community, plan.id, { limit: 5, thread: message.id }).messages.map(({ text }) => text),
    ['yes, a big cake'],
  )
  assert.equal(a.chat.message(community, message.id).reactions[0]?.emoji, '🎂')
  assert.equal(a.chat.search(community, 'big', { limit: 5 }).length, 1)
  assert.deepEqual(
    e.chat.channels(community).map(({ name }) => name),
    ['general'],
  )
  assert.throws(
    () => e.chat.channel(community, plan.id),
    (error) => code(error) === 'channel_unknown',
  )
  assert.throws(
    () => e.chat.message(community, message.id),
    (error) => code(error) === 'message_unknown',
  )
  assert.deepEqual(e.chat.search(community, 'cake', { limit: 5 }), [])
  const stored = JSON.stringify(dump(e.database))
  for (const secret of ['cake', 'surprise', 'for eve']) assert.ok(!stored.includes(secret))
  assert.ok(!JSON.stringify(e.entries.map(({ body }) => body)).includes('surprise'))
})

test('one direct channel for two, also when both begin it without knowing', async () => {
  const { world, ada, bob, a, b } = setup()
  const [one, two] = [await a.chat.direct(community, bob), await b.chat.direct(community, ada)]
  assert.equal(one.id, two.id)
  await a.chat.send(community, { channel: one.id, text: 'from ada' })
  await b.chat.send(community, { channel: one.id, text: 'from bob' })
  world.sync()
  for (const computer of [a, b]) {
    assert.deepEqual(texts(computer, one.id).sort(), ['from ada', 'from bob'])
    assert.deepEqual(
      [computer.chat.channel(community, one.id).unread, computer.chat.channel(community, one.id).mentions],
      [1, 1],
    )
  }
  await a.chat.send(community, { channel: one.id, text: 'again' })
  world.sync()
  assert.equal(texts(b, one.id).length, 3)
  await assert.rejects(
    a.chat.changeChannel(community, one.id, { name: 'x' }),
    (error) => code(error) === 'chat_not_allowed',
  )
  await assert.rejects(
    a.chat.changeChannel(community, one.id, { persons: [ada] }),
    (error) => code(error) === 'channel_kind_wrong',
  )
})

test('who comes into the channel reads all of it; who leaves reads nothing more', async () => {
  const { world, ada, bob, eve, a, b, e } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob] })
  await a.chat.send(community, { channel: plan.id, text: 'one' })
  world.sync()
  await a.chat.changeChannel(community, plan.id, { persons: [ada, bob, eve] })
  world.sync()
  assert.deepEqual(texts(e, plan.id), ['one'])
  await a.chat.changeChannel(community, plan.id, { persons: [ada, eve] })
  world.sync()
  const after = await a.chat.send(community, { channel: plan.id, text: 'without bob' })
  world.sync()
  assert.deepEqual(texts(e, plan.id), ['one', 'without bob'])
  assert.deepEqual(
    b.chat.channels(community).map(({ name }) => name),
    ['general'],
  )
  assert.ok(!JSON.stringify(dump(b.database)).includes('without bob'))
  assert.equal(keysOf(b), 1)
  // What the one who left still writes with the old key does not count.
  const old = b.entries.find(({ kind, person }) => kind === 'sealed' && person === ada)
  assert.ok(old !== undefined)
  await assert.rejects(
    b.chat.send(community, { channel: plan.id, text: 'still here' }),
    (error) => code(error) === 'channel_unknown',
  )
  await b.forge('sealed', old.body)
  world.sync()
  assert.deepEqual(texts(e, plan.id), ['one', 'without bob'])
  assert.equal(a.chat.message(community, after.id).text, 'without bob')
  // Only whoever made it, and moderators, take others out; everybody may add, and leave.
  await assert.rejects(
    e.chat.changeChannel(community, plan.id, { persons: [eve] }),
    (error) => code(error) === 'chat_not_allowed',
  )
  await e.chat.changeChannel(community, plan.id, { persons: [ada, bob, eve] })
  world.sync()
  assert.deepEqual(texts(b, plan.id), ['one', 'without bob'])
  await b.chat.changeChannel(community, plan.id, { persons: [ada, eve] })
  world.sync()
  assert.deepEqual(a.chat.channel(community, plan.id).persons, [ada, eve])
  // Bob knew the key that was in use when he went; what follows has another.
  await a.chat.send(community, { channel: plan.id, text: 'after bob' })
  world.sync()
  assert.deepEqual(texts(e, plan.id), ['one', 'without bob', 'after bob'])
  assert.ok(!JSON.stringify(dump(b.database)).includes('after bob'))
})

test('a removed member or device gets a new key’s messages no more', async () => {
  const { world, bob, a, b } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob] })
  world.sync()
  const lost = world.computer(bob)
  lost.receive(world.all)
  world.clock.advance(resealDelayMaxMs)
  await settle()
  world.sync()
  await a.chat.send(community, { channel: plan.id, text: 'one' })
  world.sync()
  assert.deepEqual(texts(lost, plan.id), ['one'])
  world.removeDevice(lost.device)
  await a.chat.send(community, { channel: plan.id, text: 'two' })
  world.sync()
  assert.deepEqual([texts(b, plan.id), texts(lost, plan.id)], [['one', 'two'], ['one']])
  world.remove(bob)
  await a.chat.send(community, { channel: plan.id, text: 'three' })
  world.sync()
  assert.deepEqual([texts(a, plan.id).length, texts(b, plan.id).length], [3, 2])
  const made = a.entries.filter(({ kind }) => kind === 'channel-keys').length
  await a.chat.send(community, { channel: plan.id, text: 'four' })
  assert.equal(a.entries.filter(({ kind }) => kind === 'channel-keys').length, made, 'one new key is enough')
})

test('a new device reads the whole history of its person’s channels, keys that are long gone included', async () => {
  const { world, ada, bob, eve, a, b } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob, eve] })
  for (const [i, persons] of [
    [ada, bob],
    [ada, bob, eve],
    [ada, bob],
  ].entries()) {
    await a.chat.send(community, { channel: plan.id, text: `${i}` })
    await a.chat.changeChannel(community, plan.id, { persons })
    world.clock.advance(1)
  }
  await a.chat.send(community, { channel: plan.id, text: '3' })
  world.sync()
  assert.ok(keysOf(a) > 2)
  const phone = world.computer(bob)
  phone.receive(shuffled(world.random, world.all))
  assert.deepEqual(
    phone.chat.channels(community).map(({ name }) => name),
    ['general'],
  )
  world.clock.advance(resealDelayMaxMs)
  await settle()
  world.sync()
  assert.deepEqual(texts(phone, plan.id), ['0', '1', '2', '3'])
  assert.equal(phone.chat.channel(community, plan.id).name, 'plan')
  const before = dump(phone.database)
  phone.rebuild(shuffled(world.random, phone.entries))
  assert.deepEqual(dump(phone.database), before)
  assert.equal(b.entries.filter(({ kind, person }) => kind === 'channel-keys' && person !== ada).length <= 1, true)
})

test('many that waited for one key are all taken when it comes', async () => {
  const { world, ada, eve, a, e } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private' })
  const count = 2 * waitingAtOnceMax + 3
  for (let i = 0; i < count; i++) await a.chat.send(community, { channel: plan.id, text: `${i}` })
  world.sync()
  const waiting = () => Number(e.database.prepare('SELECT count(*) AS n FROM chat_waiting').get()?.n)
  assert.equal(waiting(), count)
  await a.chat.changeChannel(community, plan.id, { persons: [ada, eve] })
  world.sync()
  assert.deepEqual([waiting(), e.chat.search(community, `${count - 1}`, { limit: 5 }).length], [0, 1])
  // They were written before eve was there, and are shown all the same.
  assert.equal(texts(e, plan.id).length, 100)
})

test('two that renew a key at once: all read all', async () => {
  const { world, bob, eve, a, b, e } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob, eve] })
  world.sync()
  world.remove(eve)
  await Promise.all([
    a.chat.send(community, { channel: plan.id, text: 'a1' }),
    a.chat.send(community, { channel: plan.id, text: 'a2' }),
    b.chat.send(community, { channel: plan.id, text: 'b1' }),
  ])
  assert.equal(a.entries.filter(({ kind }) => kind === 'channel-keys').length, 1)
  world.sync()
  for (const one of [a, b]) assert.deepEqual(texts(one, plan.id).sort(), ['a1', 'a2', 'b1'])
  assert.deepEqual(texts(e, plan.id), [])
  await a.chat.send(community, { channel: plan.id, text: 'a3' })
  world.sync()
  assert.equal(texts(b, plan.id).length, 4)
})

test('a key that did not reach this computer: it makes one of its own', async () => {
  const { world, bob, a, b } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob] })
  world.sync()
  // Ada’s program hands out a key and leaves bob’s boxes out.
  const [first] = a.entries
  const act = first === undefined ? undefined : readAct(first.kind, first.body)
  assert.ok(act?.kind === 'channel' && 'persons' in act)
  await a.forge(
    'channel-keys',
    writeBody({ ...act, kind: 'channel-keys', channel: plan.id, key: '77'.repeat(16), boxes: Buffer.from('x') }),
  )
  world.sync()
  await b.chat.send(community, { channel: plan.id, text: 'hello?' })
  world.sync()
  for (const one of [a, b]) assert.deepEqual(texts(one, plan.id), ['hello?'])
})

test('what belongs to a private channel does not count in the open, nor the reverse', async () => {
  const { world, bob, a, b, e } = setup()
  const plan = await a.chat.createChannel(community, { name: 'plan', kind: 'private', persons: [bob] })
  const secret = await a.chat.send(community, { channel: plan.id, text: 'x' })
  const open = await a.chat.send(community, { channel: generalChannel, text: 'y' })
  world.sync()
  const target = Buffer.from(secret.id, 'hex')
  await e.forge('message', { channel: Buffer.from(plan.id, 'hex'), text: 'let me in' })
  await e.forge('react', { target, emoji: '👍', on: true })
  await a.forge('edit', { target, text: 'told to all' })
  // An outsider hands out a key of their own and writes with it.
  const made = a.entries.find(({ kind }) => kind === 'channel')
  const act = made === undefined ? undefined : readAct('channel', made.body)
  assert.ok(act?.kind === 'channel' && 'persons' in act)
  await e.forge('channel-keys', writeBody({ ...act, kind: 'channel-keys', channel: plan.id, persons: [e.person] }))
  // Sealed words of another, passed off as one's own.
  const sealed = a.entries.find(({ kind }) => kind === 'sealed')
  await b.forge('sealed', sealed?.body)
  world.sync()
  assert.deepEqual(texts(b, plan.id), ['x'])
  assert.deepEqual(b.chat.message(community, secret.id).reactions, [])
  for (const one of [a, b]) assert.deepEqual(one.chat.channel(community, plan.id).persons, plan.persons)
  assert.equal(b.chat.message(community, open.id).text, 'y')
  await a.chat.send(community, { channel: plan.id, text: 'z' })
  world.sync()
  assert.deepEqual(texts(b, plan.id), ['x', 'z'], 'the outsider’s key is not the one to write with')
})

test('nobody makes a channel in the name of others', async () => {
  const { world, ada, bob, eve, a, b, e } = setup()
  const none = { key: '00'.repeat(16), boxes: Uint8Array.of(1), sealed: Uint8Array.of(1) }
  const nonce = '00'.repeat(16)
  await e.forge('channel', writeBody({ kind: 'channel', channel: 'direct', nonce, persons: [ada, bob], ...none }))
  await e.forge('channel', writeBody({ kind: 'channel', channel: 'own', nonce, persons: [bob], ...none }))
  await e.forge('channel', writeBody({ kind: 'channel', channel: 'private', nonce, persons: [ada], ...none }))
  world.sync()
  assert.equal(a.database.prepare('SELECT count(*) AS n FROM chat_channels').get()?.n, 1)
  const open = { kind: 'channel', channel: 'open', nonce, guests: false, name: 'x', topic: '' } as const
  assert.notEqual(channelIdOf(community, eve, open), channelIdOf(community, bob, open))
  assert.notEqual(channelIdOf(community, eve, open), channelIdOf(community, eve, { ...open, guests: true }))
  assert.equal((await b.chat.direct(community, ada)).kind, 'direct')
})

test('limits of private channels: persons, devices, and changes of one person that count', async () => {
  const { world, ada, bob, a, b } = setup()
  const many = Array.from({ length: channelPersonsMax }, (_, i) =>
    world.add(`m${'abcdefghij'[i % 10]}${'abcdefghij'[Math.floor(i / 10)]}`),
  )
  await assert.rejects(
    a.chat.createChannel(community, { name: 'x', kind: 'private', persons: many }),
    (error) => code(error) === 'channel_persons_too_many',
  )
  const plan = await a.chat.createChannel(community, { name: 'x', kind: 'private', persons: many.slice(1) })
  assert.equal(plan.persons?.length, channelPersonsMax)
  const small = await a.chat.createChannel(community, { name: 'y', kind: 'private', persons: [bob] })
  for (let i = 0; i < stepsPerPersonMax + 5; i++) {
    await a.forge(
      'channel-keys',
      writeBody({
        kind: 'channel-keys',
        channel: small.id,
        persons: i % 2 === 0 ? [ada] : [ada, bob],
        key: i.toString(16).padStart(32, '0'),
        boxes: Uint8Array.of(1),
        sealed: Uint8Array.of(1),
      }),
    )
  }
  world.sync()
  for (const one of [a, b]) {
    const steps = one.database
      .prepare('SELECT kept, count(*) AS n FROM chat_steps WHERE author = ? GROUP BY channel, kept')
      .all(ada)
    assert.ok(steps.every(({ kept, n }) => kept === 0 || Number(n) <= stepsPerPersonMax))
  }
  const before = dump(b.database)
  b.rebuild(shuffled(world.random, b.entries))
  assert.deepEqual(dump(b.database), before)
  const crowd = world.add('crowd')
  for (let i = 0; i < channelDevicesMax; i++) world.computer(crowd).chat.stop()
  await assert.rejects(
    a.chat.createChannel(community, { name: 'z', kind: 'private', persons: [crowd] }),
    (error) => code(error) === 'channel_persons_too_many',
  )
})

test('read markers reach the other devices, now and then, and only where there are others', async () => {
  const { world, ada, bob, a, b } = setup()
  const send = async (text: string) => {
    world.clock.advance(1)
    const message = await a.chat.send(community, { channel: generalChannel, text })
    world.sync()
    return message
  }
  const written = () => b.entries.filter(({ person, kind }) => person === bob && kind === 'sealed').length
  const first = await send('1')
  await b.chat.markRead(community, generalChannel, first.id)
  world.clock.advance(readEveryMs)
  await settle()
  assert.equal(written(), 0, 'there is no other device')
  const phone = world.computer(bob)
  world.clock.advance(readDelayMs)
  await settle()
  world.sync()
  assert.equal(written(), 1, 'what was read before follows')
  for (let i = 0; i < 20; i++) {
    const message = await send(`${i}`)
    await b.chat.markRead(community, generalChannel, message.id)
    world.clock.advance(1_000)
    await settle()
  }
  assert.equal(written(), 1, 'not more often than that')
  world.clock.advance(readEveryMs)
  await settle()
  assert.equal(written(), 2)
  world.sync()
  assert.deepEqual(
    [phone.chat.channel(community, generalChannel).unread, b.chat.channel(community, generalChannel).unread],
    [0, 0],
  )
  // Nobody else can tell what was read, and nobody can say it for another.
  const own = ownChannel(community, bob)
  assert.equal(
    a.database
      .prepare('SELECT count(*) AS n FROM chat_keys JOIN chat_channels ON n = channel WHERE chat_channels.id = ?')
      .get(own)?.n,
    0,
  )
  const marks = [{ channel: generalChannel, ms: Number.MAX_SAFE_INTEGER, count: 0, id: 'ff'.repeat(32) }]
  await a.forge('read', writeBody({ kind: 'read', marks }))
  await send('last')
  assert.equal(phone.chat.channel(community, generalChannel).unread, 1)
  assert.deepEqual(
    phone.chat.channels(community).map(({ id }) => id),
    [generalChannel],
  )
  // A rebuild keeps what this computer knows by itself.
  const unread = b.chat.channel(community, generalChannel).unread
  b.rebuild()
  assert.equal(b.chat.channel(community, generalChannel).unread, unread)
  assert.equal(
    a.chat.channels(community).some(({ id }) => id === ownChannel(community, ada)),
    false,
  )
})
