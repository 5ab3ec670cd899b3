// A community whose views have to be made anew, by a real daemon and its thread: it is open at once, says how far it is, takes
// and shows messages meanwhile, goes on where a SIGKILL stopped it, and comes to what one go would have made.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { assertLikeRebuilt } from '../support/chat.ts'
import { makeHome } from '../support/community-home.ts'
import { createPeers, type Peer } from '../support/daemon.ts'
import { until } from '../support/until.ts'

const entries = 20_000

/** How many entries were read; undefined: all. */
async function readingOf({ client }: Peer, id: string): Promise<number | undefined> {
  return (await client.communities.get(id)).reading?.entries
}

function viewsOf(home: string): DatabaseSync {
  return new DatabaseSync(join(home, 'views.db'), { readOnly: true })
}

test('a large community is read bit by bit, also after a SIGKILL in the middle', async (t) => {
  const peers = createPeers()
  t.after(() => peers.stop())
  const home = peers.folder()
  const { community: id } = await makeHome(home, entries)

  const first = await peers.start({ home })
  await until(async () => ((await readingOf(first, id)) ?? 0) > 5_000)
  const said = await first.client.chat.send(id, generalChannel, { text: 'written while it reads' })
  const { messages } = await first.client.chat.messages(id, generalChannel, { limit: 5 })
  assert.equal(messages.at(-1)?.id, said.id, 'it is there at once')
  const readBefore = await readingOf(first, id)
  assert.ok(readBefore !== undefined, 'it was not through yet')
  await first.kill()

  const second = await peers.start({ home })
  const readAfter = await readingOf(second, id)
  assert.ok(readAfter === undefined || readAfter >= readBefore, `${readAfter} of ${readBefore}: it went on`)
  await until(async () => (await readingOf(second, id)) === undefined)
  const page = await second.client.chat.messages(id, generalChannel, { limit: 50 })
  assert.deepEqual(page.messages.filter(({ id }) => id === said.id).length, 1)
  const found = await second.client.chat.search(id, 'written reads', {})
  assert.deepEqual(
    found.map(({ message }) => message.id),
    [said.id],
  )
  await second.stop()

  const inParts = join(home, 'in-parts.db')
  const views = viewsOf(home)
  views.exec(`VACUUM INTO '${inParts}'`)
  views.close()
  rmSync(join(home, 'views.db'))
  const third = await peers.start({ home })
  await until(async () => (await readingOf(third, id)) === undefined)
  await third.stop()
  const [parts, whole] = [new DatabaseSync(inParts), new DatabaseSync(join(home, 'views.db'))]
  t.after(() => {
    parts.close()
    whole.close()
  })
  assertLikeRebuilt(parts, whole, 'both ways')
})
