import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import { createRandom } from '../../../test/sim/random.ts'
import type { Log } from '../../base/ports.ts'
import type { CommunityId } from '../../log/types.ts'
import { deviceFrom } from '../direct/testing.ts'
import { parseCommunityLink } from '../invite-link.ts'
import type { CommunityAccess, CommunityFacts } from '../types.ts'
import { conversationBytesMax, conversationsKeptMax, keptUnaskedMs } from './limits.ts'
import { createShelf } from './shelf.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const random = createRandom('shelf')
const [ann, ben] = [deviceFrom(random), deviceFrom(random)]
const idAt = (at: number) => (at + 1).toString(16).padStart(64, '0') as CommunityId

function bench() {
  const clock = createVirtualClock()
  const agreed = new Map<string, number>()
  const here = new Map<CommunityId, Pick<CommunityFacts, 'id' | 'phase' | 'bytesMax'>>()
  const shelf = createShelf({
    ...{ clock, log, database: new DatabaseSync(':memory:'), agreed: (person) => agreed.get(person) },
    communities: {
      list: () => [...here.values()] as CommunityFacts[],
      async keep(link, { bytesMax }) {
        const { community: id } = parseCommunityLink(link)
        const facts = { id, phase: 'keeping' as const, bytesMax }
        here.set(id, facts)
        return facts as CommunityFacts
      },
      forget: async (id) => void here.delete(id),
    },
  })
  const take = async (count: number, from = 0, who = ann) => {
    const access = new Uint8Array(32).fill(7) as CommunityAccess
    const conversations = Array.from({ length: count }, (_, at) => ({ id: idAt(from + at), access }))
    return (await shelf.take({ certificate: who.certificate, conversations }, who.id)).map(({ bytesMax }) => bytesMax)
  }
  return { clock, agreed, here, shelf, take }
}

test('nothing is held for who has no agreement, and never more than was agreed', async () => {
  const { agreed, here, take } = bench()
  assert.deepEqual(await take(2), [])
  agreed.set(ann.person, 3 * conversationBytesMax + 5)
  assert.deepEqual(await take(8), [conversationBytesMax, conversationBytesMax, conversationBytesMax])
  assert.deepEqual(await take(2, 100, ben), [])
  agreed.set(ben.person, 1_000)
  assert.deepEqual(await take(2, 100, ben), [1_000])
  assert.deepEqual(await take(1, 0, ben), [], 'what is held for another is not theirs')
  assert.equal(here.size, 4)
})

test('so many are held, and what nobody asks for any more makes room', async () => {
  const { clock, agreed, here, take } = bench()
  agreed.set(ann.person, Number.MAX_SAFE_INTEGER)
  assert.equal((await take(conversationsKeptMax + 5)).length, conversationsKeptMax)
  assert.deepEqual(await take(5, 1_000), [])
  clock.moveTo(clock.monotonicMs() + keptUnaskedMs)
  assert.equal((await take(10)).length, 10)
  assert.equal((await take(5, 1_000)).length, 5)
  assert.equal(here.size, conversationsKeptMax)
  assert.ok(here.has(idAt(0)), 'those that are asked for stay')
})

test('what this computer takes part in is left alone, and what was agreed no longer is let go of', async () => {
  const { agreed, here, shelf, take } = bench()
  agreed.set(ann.person, 10 * conversationBytesMax)
  here.set(idAt(0), { id: idAt(0), phase: 'open', bytesMax: undefined })
  assert.equal((await take(3)).length, 2)
  // One of them was deleted by hand, and one joined since.
  here.delete(idAt(1))
  shelf.forgotten(idAt(1))
  here.set(idAt(2), { id: idAt(2), phase: 'open', bytesMax: undefined })
  agreed.clear()
  await shelf.clear()
  assert.deepEqual([...here.keys()], [idAt(0), idAt(2)])
})
