// `npm run lab -- idle`: behind routers that forget what is idle for 20 seconds two peers stay direct for a minute in which
// nobody wants anything, and then the next byte comes at once.

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { offer, startReached, viewOf } from './pairs.ts'
import type { Steps } from './scenario.ts'
import type { World } from './world.ts'

const fileBytes = 256 * 1024
const idleMs = 60_000
const msMax = 20_000
/** A fetch over a connection that is there: a few round trips of 40 ms, and a disk. */
const fetchMsMax = 3_000

export async function idleScenario(world: World, steps: Steps): Promise<void> {
  const a = await startReached(world, (await world.home('short', 1)).hosts[0])
  const b = await startReached(world, (await world.home('short', 2)).hosts[0])
  const fetchOne = async () => {
    const { link } = await offer(b, fileBytes)
    const { id } = await a.client.transfers.add({ link, to: join(a.home, 'got') })
    return async () => (await a.client.transfers.get(id)).state === 'done'
  }
  const isDirect = async () => (await viewOf(a, b))?.path === 'direct'
  await steps.reach('a file is fetched', await fetchOne(), msMax)
  await steps.reach('direct', isDirect, msMax)
  const connectedAtMs = (await viewOf(a, b))?.connectedAtMs
  await wait(idleMs)
  const view = await viewOf(a, b)
  const same = view?.connectedAtMs === connectedAtMs
  steps.check(
    `direct after ${idleMs / 1000} s`,
    view?.path === 'direct',
    same ? 'the same connection' : 'another connection',
  )
  await steps.reach('another file is fetched', await fetchOne(), fetchMsMax)
  steps.check('still direct', await isDirect(), `by ${(await viewOf(a, b))?.transport}`)
}
