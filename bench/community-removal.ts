// How long it takes until a message is gone that an admin voided by a removal without having seen it: the community opened
// without a network, message and removal handed in as sync does. Each time it is another member. A daemon that opens a home
// which was kept makes a new key for those who are left, and nobody here can write under that: then there is no answer.

import { join } from 'node:path'
import { createChannelKeys } from '../src/apps/chat/channel-keys.ts'
import { generalChannel } from '../src/apps/chat/core.ts'
import { createChat } from '../src/apps/chat/service.ts'
import type { Log } from '../src/base/ports.ts'
import { boxSecretOf } from '../src/community/boxes.ts'
import { systemClock, systemRandom } from '../src/node/adapters.ts'
import { openDatabase, openViews } from '../src/node/database.ts'
import {
  actPayload,
  chatPayload,
  identityAt,
  type MadeFacts,
  openAlone,
  resume,
  writeBy,
} from '../test/support/community-home.ts'
import { median } from './table.ts'

const silent = () => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, child: () => log }

const removedMax = 2

/** A message that is not shown by then counts for nobody. */
const shownWithinMs = 10_000

/** Milliseconds; not a number when nobody is left to be removed. */
export async function removal(home: string, facts: MadeFacts): Promise<number> {
  const identity = await identityAt(home)
  const { database, close } = openDatabase({ path: join(home, 'peerhood.db'), clock: systemClock })
  const { database: views, close: closeViews } = openViews({ path: join(home, 'views.db') })
  const { logs, communities } = openAlone(identity, database, views)
  const self = () => identity.did
  const keys = createChannelKeys({ communities, random: systemRandom, secret: boxSecretOf(identity.deviceSeed) })
  const parts = { clock: systemClock, random: systemRandom, log, database, views, communities, keys, self }
  const chat = createChat({ tellReads: false })(parts)
  await communities.start()
  const communityLog = logs.get(facts.community)
  if (communityLog === undefined) throw new Error('the log is not there')
  const made = resume(facts, communityLog, database)
  const [admin, ...others] = made.writers
  const { state } = communities.get(facts.community)
  const members = others.filter(({ did }) => state?.members.get(did)?.state === 'active')
  if (admin === undefined) throw new Error('there is no admin')
  let heads = made.heads
  const took: number[] = []
  const newest = () => chat.messages(facts.community, generalChannel, { limit: 1 }).messages[0]?.text
  for (const [at, member] of members.slice(0, removedMax).entries()) {
    const text = `nobody will have read this ${at}`
    const said = {
      kind: 'message',
      channel: generalChannel,
      text,
      reply: undefined,
      thread: undefined,
      mentions: [],
      files: [],
    } as const
    const nowMs = systemClock.nowMs()
    const headsFor = (of: typeof member) => heads.filter(({ device }) => device !== of.hand.author.device).slice(0, 16)
    const message = writeBy(made, member, headsFor(member), { lane: 1, payload: chatPayload(said), nowMs })
    const act = actPayload({ kind: 'remove', person: member.did })
    const removed = writeBy(made, admin, headsFor(admin), { lane: 0, payload: act, nowMs: nowMs + 1 })
    await communityLog.receive([message.bytes])
    const saidMs = performance.now()
    while (newest() !== text && performance.now() - saidMs < shownWithinMs) await new Promise(setImmediate)
    if (newest() !== text) break
    const startMs = performance.now()
    await communityLog.receive([removed.bytes])
    while (newest() === text) await new Promise((resolve) => setImmediate(resolve))
    took.push(performance.now() - startMs)
    heads = [message, removed]
  }
  chat.stop()
  await communities.stop()
  await logs.stop()
  closeViews()
  close()
  return median(took)
}
