// What comes between reading a community's state and writing by it: own entries of before a restore, and keys that others
// made at the same moment. Nothing that a person writes is refused for that.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { createTogetherWorld, factsOf, read, type Someone, type TogetherWorld } from '../../test/sim/together-world.ts'
import type { CommunityId, CommunityLog, Draft } from '../log/types.ts'

interface Village {
  readonly world: TogetherWorld
  readonly id: CommunityId
  readonly ada: Someone
  readonly ben: Someone
  say(who: Someone, text: string): Promise<void>
  texts(who: Someone): readonly string[]
  /** Lets time go on until one has read it. */
  reads(who: Someone, text: string): Promise<void>
}

/** Two who know that the link by which Ben came was closed: whoever writes next makes a new key first. */
async function village(t: TestContext, seed: string): Promise<Village> {
  const world = createTogetherWorld(seed)
  t.after(() => world.stop())
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')]
  const { communities } = ada.life
  const { id } = await world.done('a founding', communities.found({ name: 'Allotment', memberName: 'Ada' }))
  const { link } = await world.done('an invitation', communities.invite(id, {}))
  await world.done('a join', ben.life.communities.join(link, { memberName: 'Ben' }))
  const isDue = (who: Someone) => factsOf(who, id)?.state?.writingKey === undefined
  await world.until('the link is closed', () => isDue(ada) && isDue(ben))
  const texts = (who: Someone) => read(who, id).map(({ text }) => text)
  return {
    ...{ world, id, ada, ben, texts },
    async say(who, text) {
      await world.done(text, who.life.chat.send(id, { channel: generalChannel, text }))
    },
    reads: (who, text) => world.until(`“${text}” arrives`, () => texts(who).includes(text)),
  }
}

function logOf(someone: Someone, id: CommunityId): CommunityLog {
  const log = someone.life.logs.get(id)
  assert.ok(log !== undefined)
  return log
}

const epochsOf = (who: Someone, id: CommunityId) => factsOf(who, id)?.state?.keys.map(({ epoch }) => epoch)

test('who was restored and owes a new key takes the one that it made before, and writes', async (t) => {
  const { world, id, ada, ben, say, reads, texts } = await village(t, 'restored')
  const copy = ben.database.serialize()
  await say(ben, 'after the copy')
  await reads(ada, 'after the copy')
  await ben.crash()
  await ben.restart(copy)
  const address = { peerId: ada.peerId, addresses: [`/sim/${ada.peerId}`] }
  await world.done('a connection', ben.life.network.connect(address, { source: 'manual' }))
  assert.equal(factsOf(ben, id)?.state?.writingKey, undefined, 'it does not know of its key')
  await say(ben, 'from the restored folder')
  await reads(ada, 'from the restored folder')
  assert.deepEqual(texts(ben), ['after the copy', 'from the restored folder'])
  assert.deepEqual(epochsOf(ada, id), epochsOf(ben, id))
  assert.equal(new Set(epochsOf(ada, id)).size, epochsOf(ada, id)?.length, 'no key was made twice')
  assert.equal(factsOf(ada, id)?.state?.voided.size, 0)
})

/** Runs `meanwhile` once, after what is written was made and before the log has it. */
function between(log: CommunityLog, meanwhile: () => Promise<unknown>): void {
  const append = log.append.bind(log)
  log.append = async (draft: Draft) => {
    log.append = append
    await meanwhile()
    return append(draft)
  }
}

/** What one has of a log and the other may not, as it would come over the network. */
const bytesOf = (log: CommunityLog) => log.entriesAfter(0, 1_000).map(({ entry }) => entry.bytes)

test('two make a new key, and one hears of the other’s in the middle: there is one, and both are read', async (t) => {
  const { world, id, ada, ben, say, reads } = await village(t, 'between')
  world.net.split([[ada.peerId], [ben.peerId]])
  await say(ada, 'from Ada')
  const before = epochsOf(ben, id)?.length ?? 0
  between(logOf(ben, id), () => logOf(ben, id).receive(bytesOf(logOf(ada, id))))
  await say(ben, 'from Ben')
  assert.equal(epochsOf(ben, id)?.length, before + 1, 'it wrote with the key that had come')
  world.net.heal()
  ben.life.sync.nudge(id)
  await reads(ada, 'from Ben')
  await reads(ben, 'from Ada')
  assert.equal(factsOf(ada, id)?.state?.voided.size, 0)
})

test('who is removed while a new key is made can’t read what is written with it', async (t) => {
  const { world, id, ada, ben, say, reads, texts } = await village(t, 'removed')
  await world.done('settings', ada.life.communities.changeSettings(id, { history: 'since-joining' }))
  const cid = await world.person('Cid')
  const { link } = await world.done('an invitation', ada.life.communities.invite(id, {}))
  await world.done('a join', cid.life.communities.join(link, { memberName: 'Cid' }))
  await world.pass(60_000)
  await say(cid, 'from Cid')
  await reads(ada, 'from Cid')
  await reads(ben, 'from Cid')
  world.net.split([[ada.peerId], [ben.peerId], [cid.peerId]])
  await world.done('a removal', ada.life.communities.removeMember(id, cid.identity.did))
  // Without the key that Ada made at once.
  const removal = bytesOf(logOf(ada, id)).slice(0, -1)
  // Whoever invites makes a new key first.
  between(logOf(ben, id), () => logOf(ben, id).receive(removal))
  await world.done('an invitation', ben.life.communities.invite(id, {}))
  assert.equal(factsOf(ben, id)?.state?.members.get(cid.identity.did)?.state, 'removed')
  await say(ben, 'for those who are left')
  await world.done('everything', logOf(cid, id).receive(bytesOf(logOf(ben, id))))
  await world.pass(60_000)
  assert.ok(texts(cid).includes('from Cid') && !texts(cid).includes('for those who are left'))
})
