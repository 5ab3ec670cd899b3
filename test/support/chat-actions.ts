// What the tests of the view have persons do at random, honest programs and forged entries.

import { generalChannel } from '../../src/apps/chat/core.ts'
import { isPeerhoodError } from '../../src/base/errors.ts'
import { community, shuffled, type World } from './chat.ts'

export const words = ['cake', 'plan', 'müde', 'tree', '@bob', 'x']
export const emojis = ['👍', '🎉', '👀']

/** Four persons, one of them with two computers. */
export function populate(world: World): World {
  const persons = [world.add('ada', 'owner'), world.add('bob'), world.add('cid'), world.add('eve', 'guest')]
  for (const person of persons) world.computer(person)
  const [bob] = persons.slice(1)
  if (bob !== undefined) world.computer(bob)
  world.clock.advance(1_000)
  return world
}

/** One random thing that somebody does; what is refused is simply not done. */
async function act(world: World): Promise<void> {
  const { random } = world
  const one = random.pick(world.computers)
  const other = random.pick(world.computers).person
  const channel = random.pick(one.chat.channels(community)).id
  const { messages } = one.chat.messages(community, channel, { limit: 20 })
  const message = messages.length === 0 ? undefined : random.pick(messages).id
  const text = `${random.pick(words)} ${random.pick(words)}`
  const anywhere = world.all.length === 0 ? undefined : random.pick(world.all).entry.id
  const target = Buffer.from(anywhere ?? generalChannel.repeat(2), 'hex')
  const past = { time: { ms: world.clock.nowMs() - random.below(2_000), count: random.below(3) } }
  const acts: readonly (() => Promise<unknown>)[] = [
    () => one.chat.send(community, { channel, text }),
    () =>
      one.chat.send(community, {
        channel,
        text,
        ...(message === undefined ? {} : { thread: message, replyTo: message }),
      }),
    async () => message !== undefined && one.chat.edit(community, message, text),
    async () => message !== undefined && one.chat.react(community, message, random.pick(emojis), random.below(3) > 0),
    async () => message !== undefined && random.below(3) === 0 && one.chat.delete(community, message),
    async () => message !== undefined && one.chat.hide(community, message, text),
    async () => message !== undefined && one.chat.unhide(community, message),
    async () => message !== undefined && one.chat.report(community, message, text),
    () => one.chat.mute(community, other, random.below(2) === 0 ? undefined : world.clock.nowMs() + random.below(500)),
    () => one.chat.unmute(community, other),
    () =>
      one.chat.createChannel(community, {
        name: text,
        kind: random.pick(['open', 'announce'] as const),
        guests: random.below(2) === 0,
      }),
    () => one.chat.createChannel(community, { name: text, kind: 'private', persons: [other] }),
    () => one.chat.direct(community, other),
    () => one.chat.changeChannel(community, channel, { name: text, archived: random.below(4) === 0 }),
    () => one.chat.changeChannel(community, channel, { persons: [...new Set([one.person, other])] }),
    () => one.forge('message', { channel: new Uint8Array(16), text }, past),
    () => one.forge('edit', { target, text }, past),
    () => one.forge('react', { target, emoji: random.pick(emojis), on: random.below(2) === 0 }, past),
    () => one.forge('delete', { target }, past),
    () => one.forge('hide', { target, reason: text }, past),
    () => one.forge('mute', { person: other, reason: text }, past),
    () => one.forge('unmute', { person: other }, past),
    () => one.forge('message', { channel: Buffer.from(channel, 'hex'), text, thread: target }, past),
    () => one.forge(random.pick(['message', 'sealed', 'channel', 'later']), { text }),
  ]
  try {
    await random.pick(acts)()
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
}

export async function live(world: World, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await act(world)
    world.clock.advance(world.random.below(3) * 20)
    if (world.random.below(8) === 0) {
      const [from, to] = [world.random.pick(world.computers), world.random.pick(world.computers)]
      to.receive(world.random.below(2) === 0 ? from.entries : shuffled(world.random, from.entries))
    }
  }
}
