// Two persons who share no community come to talk, in a simulated network: asking, accepting, refusing, blocking, being
// away, crashing in between, asking each other at once.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTogetherWorld, factsOf, read, type Someone } from '../../../test/sim/together-world.ts'
import { generalChannel } from '../../apps/chat/core.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { CommunityId } from '../../log/types.ts'
import { goesFirst } from './core.ts'
import { asksMax, refusedPauseMs, requestLifeMs } from './limits.ts'
import type { Ask, DirectEvent, Request } from './types.ts'

async function worldOf(t: TestContext) {
  const world = createTogetherWorld(t.name)
  t.after(() => world.stop())
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')]
  const ask = (from: Someone, to: Someone, text = 'Is the boat still for sale?') =>
    world.done('an ask', from.life.direct.ask({ to: linkOf(to), memberName: from.name, text }))
  const request = async (of: Someone): Promise<Request> => {
    await world.until('a request', () => of.life.direct.requests().length > 0)
    return of.life.direct.requests()[0] as Request
  }
  const accept = async (of: Someone, { id }: Request) => {
    const facts = await world.done('accepting', of.life.direct.accept(id, of.name))
    await world.until('it is open', () => factsOf(of, facts.id)?.phase === 'open')
    return facts
  }
  const failure = async (work: Promise<unknown>, code: string) => {
    try {
      await world.done('a failure', work)
    } catch (error) {
      assert.equal(isPeerhoodError(error) ? error.code : String(error), code)
      return
    }
    assert.fail(`nothing failed; expected ${code}`)
  }
  /** Both are in it and read the same. */
  const talking = async (id: CommunityId, ...texts: string[]) => {
    for (const one of [ada, ben]) {
      await world.until(`${one.name} reads it`, () => textsOf(one, id).join() === texts.join())
    }
  }
  const say = (one: Someone, id: CommunityId, text: string) =>
    world.done('a message', one.life.chat.send(id, { channel: generalChannel, text }))
  return { world, ada, ben, ask, request, accept, failure, talking, say }
}

const linkOf = (someone: Someone) => someone.life.direct.contact().link

function textsOf(someone: Someone, id: CommunityId): string[] {
  return factsOf(someone, id)?.state === undefined ? [] : read(someone, id).map(({ text }) => text)
}

const stateOf = (someone: Someone) => someone.life.direct.asks()[0]?.state

function eventsOf(someone: Someone): DirectEvent[] {
  const events: DirectEvent[] = []
  someone.life.direct.on((event) => events.push(event))
  return events
}

test('who has the link asks; the other accepts, and both talk', async (t) => {
  const { ada, ben, ask, request, accept, talking, say, world } = await worldOf(t)
  const events = eventsOf(ada)
  const asked = await ask(ada, ben)
  assert.equal(asked.state, 'waiting')
  const came = await request(ben)
  assert.deepEqual(
    { person: came.person, name: came.name, text: came.text },
    { person: ada.identity.did, name: 'Ada', text: 'Is the boat still for sale?' },
  )
  await world.until('it is delivered', () => stateOf(ada) === 'delivered')
  const facts = await accept(ben, came)
  assert.equal(facts.id, asked.community)
  assert.deepEqual(facts.direct, { with: ada.identity.did, name: 'Ada', joined: false, blocked: false })
  await talking(asked.community, 'Is the boat still for sale?')
  await say(ben, asked.community, 'It is.')
  await talking(asked.community, 'Is the boat still for sale?', 'It is.')
  assert.deepEqual(ada.life.direct.asks(), [])
  assert.deepEqual(ben.life.direct.requests(), [])
  const last = events.at(-1)
  assert.ok(last?.type === 'ask' && last.conversation === asked.community)
  const { state, self } = factsOf(ada, asked.community) ?? {}
  assert.equal(state?.purpose, 'direct')
  assert.equal(self?.role, 'member')
  assert.deepEqual(factsOf(ada, asked.community)?.direct?.name, 'Ben')
})

test('a refusal is told, leaves nothing behind, and lasts', async (t) => {
  const { ada, ben, ask, request, world } = await worldOf(t)
  const asked = await ask(ada, ben)
  const { id } = await request(ben)
  await world.done('refusing', ben.life.direct.refuse(id))
  await world.until('it is told', () => stateOf(ada) === 'refused')
  assert.equal(ada.life.direct.asks()[0]?.reason, 'declined')
  assert.equal(factsOf(ada, asked.community), undefined)
  await world.done('dropping it', ada.life.direct.cancel(asked.id))
  await ask(ada, ben, 'Please?')
  await world.until('it is refused', () => stateOf(ada) === 'refused')
  const [again] = ada.life.direct.asks()
  assert.equal(again?.reason, 'later')
  assert.ok((again?.againMs ?? 0) > (again?.askedMs ?? 0))
  assert.deepEqual(ben.life.direct.requests(), [])
  await world.done('dropping it', ada.life.direct.cancel((again as Ask).id))
  await world.pass(refusedPauseMs)
  await ask(ada, ben, 'It has been a week')
  assert.equal((await request(ben)).text, 'It has been a week')
})

test('who is away is asked when they come, also after both have crashed in between', async (t) => {
  const { ada, ben, request, accept, talking, world } = await worldOf(t)
  const link = linkOf(ben)
  await ben.crash()
  const asked = await world.done(
    'an ask',
    ada.life.direct.ask({ to: link, memberName: 'Ada', text: 'Call me when you are back' }),
  )
  await world.pass(3_600_000)
  assert.equal(stateOf(ada), 'waiting')
  await ada.crash()
  await ben.restart()
  await ada.restart()
  const came = await request(ben)
  await world.until('it is delivered', () => stateOf(ada) === 'delivered')
  await ben.crash()
  await ben.restart()
  assert.deepEqual(ben.life.direct.requests(), [came])
  await ada.crash()
  // Nobody is there whom it could be joined with: it waits.
  const facts = await world.done('accepting', ben.life.direct.accept(came.id, 'Ben'))
  assert.equal(facts.phase, 'joining')
  await world.pass(60_000)
  assert.equal(factsOf(ben, facts.id)?.phase, 'joining')
  await ben.crash()
  await ben.restart()
  await ada.restart()
  await talking(asked.community, 'Call me when you are back')
  await world.until('it is over', () => ada.life.direct.asks().length === 0)
  assert.equal(await accept(ben, came).then(({ id }) => id), asked.community)
})

test('a request can be taken back, whether or not it was delivered', async (t) => {
  const { ada, ben, ask, request, world, failure } = await worldOf(t)
  const asked = await ask(ada, ben)
  const { id } = await request(ben)
  await world.until('it is delivered', () => stateOf(ada) === 'delivered')
  await world.done('cancelling', ada.life.direct.cancel(asked.id))
  assert.deepEqual(ada.life.direct.asks(), [])
  assert.equal(factsOf(ada, asked.community), undefined)
  await world.until('it is gone', () => ben.life.direct.requests().length === 0)
  await failure(ben.life.direct.accept(id, 'Ben'), 'direct_request_over')

  const link = linkOf(ben)
  await ben.crash()
  const again = await world.done('an ask', ada.life.direct.ask({ to: link, memberName: 'Ada', text: 'Anybody?' }))
  await world.done('cancelling', ada.life.direct.cancel(again.id))
  await ben.restart()
  await world.pass(3_600_000)
  assert.deepEqual(ben.life.direct.requests(), [])
  await failure(ada.life.direct.cancel(again.id), 'direct_ask_unknown')
})

test('one that is taken back while it is accepted leaves nobody waiting', async (t) => {
  const { ada, ben, ask, request, world } = await worldOf(t)
  const asked = await ask(ada, ben)
  const { id } = await request(ben)
  await world.until('it is delivered', () => stateOf(ada) === 'delivered')
  world.net.cut(ada.peerId, ben.peerId)
  await ada.crash()
  await world.done('accepting', ben.life.direct.accept(id, 'Ben'))
  await ada.restart()
  await world.done('cancelling', ada.life.direct.cancel(asked.id)).catch(() => {})
  await world.pass(3_600_000)
  const [here, there] = [factsOf(ada, asked.community), factsOf(ben, asked.community)]
  // Either both are in it, or nobody waits for it.
  assert.equal(here === undefined, there === undefined, `${here?.phase} ${there?.phase}`)
})

test('nobody is asked for ever', async (t) => {
  const { ada, ben, world } = await worldOf(t)
  const link = linkOf(ben)
  await ben.crash()
  const asked = await world.done('an ask', ada.life.direct.ask({ to: link, memberName: 'Ada', text: 'Hello?' }))
  await ada.crash()
  world.clock.moveTo(world.clock.monotonicMs() + requestLifeMs + 1)
  await ada.restart()
  await world.until('it has ended', () => stateOf(ada) === 'expired')
  assert.equal(factsOf(ada, asked.community), undefined)
})

test('two who ask each other at once have one conversation, with what both wrote', async (t) => {
  const { ada, ben, world } = await worldOf(t)
  const [one, other] = goesFirst(ada.identity.did, ben.identity.did) ? [ada, ben] : [ben, ada]
  const links = { one: linkOf(one), other: linkOf(other) }
  const asks = await world.done(
    'two asks',
    Promise.all([
      one.life.direct.ask({ to: links.other, memberName: one.name, text: 'I was first' }),
      other.life.direct.ask({ to: links.one, memberName: other.name, text: 'No, I was' }),
    ]),
  )
  const id = asks[0].community
  for (const someone of [ada, ben]) {
    await world.until(`${someone.name} asks no longer`, () => someone.life.direct.asks().length === 0)
    await world.until(`${someone.name} reads both`, () => {
      return [...textsOf(someone, id)].sort().join() === 'I was first,No, I was'
    })
    const directs = someone.life.communities.list().filter(({ direct }) => direct !== undefined)
    assert.deepEqual(
      directs.map((facts) => facts.id),
      [id],
    )
  }
  assert.deepEqual([...ada.life.direct.requests(), ...ben.life.direct.requests()], [])
})

test('blocking ends exchange both ways and what they ask, and is not told; unblocking brings it back', async (t) => {
  const { ada, ben, ask, request, accept, talking, say, world, failure } = await worldOf(t)
  const { community: id } = await ask(ada, ben)
  await accept(ben, await request(ben))
  await talking(id, 'Is the boat still for sale?')
  await world.done('blocking', ben.life.direct.block(ada.identity.did))
  assert.equal(factsOf(ben, id)?.direct?.blocked, true)
  assert.deepEqual(
    ben.life.direct.blocked().map(({ name, person }) => ({ name, person })),
    [{ name: 'Ada', person: ada.identity.did }],
  )
  await say(ada, id, 'Hello?')
  await say(ben, id, 'I write this for later')
  await world.pass(600_000)
  assert.ok(!textsOf(ben, id).includes('Hello?'))
  assert.ok(!textsOf(ada, id).includes('I write this for later'))
  await failure(ben.life.direct.ask({ to: linkOf(ada), memberName: 'Ben', text: 'x' }), 'direct_blocked_here')

  // Over a restart, too; and a new request of theirs comes to nothing.
  await ben.crash()
  await ben.restart()
  await world.done('leaving', ada.life.communities.leave(id))
  await world.done('forgetting', ada.life.communities.forget(id))
  await ask(ada, ben, 'Why do you not answer?')
  await world.until('it is delivered', () => stateOf(ada) === 'delivered')
  assert.deepEqual(ben.life.direct.requests(), [])
  await world.until('it is refused, in time', () => stateOf(ada) === 'refused', 3 * 3_600_000)
  assert.equal(ada.life.direct.asks()[0]?.reason, 'declined')

  await world.done('unblocking', ben.life.direct.unblock(ada.identity.did))
  assert.equal(factsOf(ben, id)?.direct?.blocked, false)
  await world.done('dropping it', ada.life.direct.cancel(ada.life.direct.asks()[0]?.id as never))
  await ask(ada, ben, 'Friends again?')
  assert.equal((await request(ben)).text, 'Friends again?')
  await failure(ben.life.direct.unblock(ada.identity.did), 'direct_not_blocked')
})

test('what was said while somebody was blocked comes when they no longer are', async (t) => {
  const { ada, ben, ask, request, accept, talking, say, world } = await worldOf(t)
  const { community: id } = await ask(ada, ben)
  await accept(ben, await request(ben))
  await talking(id, 'Is the boat still for sale?')
  await world.done('blocking', ben.life.direct.block(ada.identity.did))
  await say(ada, id, 'Hello?')
  await say(ben, id, 'For later')
  await world.pass(60_000)
  await world.done('unblocking', ben.life.direct.unblock(ada.identity.did))
  await talking(id, 'Is the boat still for sale?', 'Hello?', 'For later')
})

test('what can’t be asked is refused at once', async (t) => {
  const { ada, ben, ask, request, accept, failure, world } = await worldOf(t)
  const asking = (to: string, text = 'Hello', memberName = 'Ada') => ada.life.direct.ask({ to, memberName, text })
  await failure(asking(linkOf(ada)), 'direct_self')
  await failure(asking('peerhood:'), 'link_cut_off')
  await failure(asking(linkOf(ben), ' '), 'direct_text_unusable')
  await failure(asking(linkOf(ben), 'x'.repeat(1_001)), 'direct_text_unusable')
  await failure(asking(linkOf(ben), 'Hello', ''), 'name_unusable')
  await failure(asking(ben.peerId), 'direct_peer_unknown')
  await ask(ada, ben)
  await failure(asking(linkOf(ben)), 'direct_asked')
  const came = await request(ben)
  await failure(ben.life.direct.ask({ to: linkOf(ada), memberName: 'Ben', text: 'Hello' }), 'direct_asks_you')
  const { id } = await accept(ben, came)
  await world.until('it is over', () => ada.life.direct.asks().length === 0)
  await failure(asking(linkOf(ben)), 'direct_known')
  await failure(ada.life.direct.block(ada.identity.did), 'direct_self')
  await failure(ada.life.direct.block('did:key:zSomething' as never), 'direct_person_unusable')
  // What makes no sense between two is refused as well.
  const { communities, chat } = ada.life
  await failure(communities.removeMember(id, ben.identity.did), 'act_not_allowed')
  await failure(communities.setRole(id, ben.identity.did, 'guest'), 'act_not_allowed')
  await failure(communities.changeSettings(id, { name: 'Us' }), 'act_not_allowed')
  await failure(communities.invite(id, { role: 'guest' }), 'act_not_allowed')
  await failure(chat.createChannel(id, { name: 'aside', kind: 'open' }), 'chat_of_two')
  await failure(chat.direct(id, ben.identity.did), 'chat_of_two')
})

test('who shares a community can be asked by the id of their peer, and nobody else can come in', async (t) => {
  const { ada, ben, request, accept, world, failure } = await worldOf(t)
  const eve = await world.person('Eve')
  const garden = await world.done('founding', ada.life.communities.found({ name: 'Garden', memberName: 'Ada' }))
  const { link } = await world.done('inviting', ada.life.communities.invite(garden.id, { usesMax: 5 }))
  await world.done('joining', ben.life.communities.join(link, { memberName: 'Ben' }))
  await world.until('both know', () => factsOf(ada, garden.id)?.state?.members.size === 2)
  ben.life.direct.changeContact({ who: 'community' })
  await world.done('an ask', ada.life.direct.ask({ to: ben.peerId, memberName: 'Ada', text: 'Psst' }))
  const { id } = await accept(ben, await request(ben))
  const third = await world.done('inviting', ada.life.communities.invite(id, {}))
  await failure(eve.life.communities.join(third.link, { memberName: 'Eve' }), 'not_a_member')
  const { state } = factsOf(ben, id) ?? {}
  assert.equal(state?.members.size, 2)
  await world.until('its end is known', () =>
    [...(factsOf(ben, id)?.state?.voided.values() ?? [])].includes('direct_full'),
  )
})

test('an invitation into anything else than a conversation with whoever asks is not taken', async (t) => {
  const { ada, ben, world } = await worldOf(t)
  const garden = await world.done('founding', ada.life.communities.found({ name: 'Garden', memberName: 'Ada' }))
  const invitation = await world.done(
    'inviting',
    ada.life.communities.direct.invite(garden.id, Number.MAX_SAFE_INTEGER),
  )
  await world.done(
    'taking',
    ben.life.communities.direct.take(invitation, { person: ada.identity.did, name: 'Ada' }, 'Ben'),
  )
  await world.until('it is left', () => factsOf(ben, garden.id) === undefined)
  await world.pass(10_000)
  assert.equal(factsOf(ada, garden.id)?.state?.members.size, 1)
})

test('so many are asked at once', async (t) => {
  const { ada, world, failure } = await worldOf(t)
  const links: string[] = []
  for (let at = 0; at <= asksMax; at++) links.push(linkOf(await world.person(`Person ${at}`)))
  for (const to of links.slice(0, asksMax)) {
    await world.done('an ask', ada.life.direct.ask({ to, memberName: 'Ada', text: 'Hello' }))
  }
  await failure(
    ada.life.direct.ask({ to: links[asksMax] ?? '', memberName: 'Ada', text: 'Hello' }),
    'direct_asks_too_many',
  )
})
