// `npm run lab -- transfer`: one large file between two homes while the network between them changes: UDP blocked in the
// middle and let through again, twice, and then the sender's provider gives it another address. Nothing may be lost or
// fetched twice.

import { join } from 'node:path'
import type { Transfer } from '../src/sdk/types.ts'
import type { Peer } from '../test/support/daemon.ts'
import { offer, startReached, viewOf } from './pairs.ts'
import type { Steps } from './scenario.ts'
import { publicAddress, readdressCommands, slowDownCommands } from './topology.ts'
import { fileHash, runShell, type World } from './world.ts'

const fileBytes = 200_000_000
/** Of the sender's line: so slow that the transfer outlasts all that happens to it. */
const lineMbits = 16
const stepMsMax = 30_000
/** From the loss of a path to the next byte. */
const stallMsMax = 20_000
/** What was under way when a path died may still come; what comes after it took another path. */
const underWayBytesMax = 4 * 1024 * 1024
/** Links of the file's tree, its inventory and record, and what is said again on each new path: bytes a block. */
const overheadPerBlock = 256

interface Scene {
  readonly a: Peer
  readonly b: Peer
  readonly id: string
  readonly steps: Steps
}

const stateOf = ({ a, id }: Scene): Promise<Transfer> => a.client.transfers.get(id)

async function pathIs({ a, b }: Scene, path: 'direct' | 'relayed'): Promise<boolean> {
  return (await viewOf(a, b))?.path === path
}

/** Waits until a share of the file has come; what it waits for is progress, so the steps stay in order. */
async function untilPart(scene: Scene, part: number): Promise<void> {
  const name = `${Math.round(part * 100)} % of the file`
  const come = async () => (await stateOf(scene)).bytesDone >= part * fileBytes
  await scene.steps.reach(name, come, ((part * fileBytes * 8) / (lineMbits * 1_000_000)) * 2_000 + stepMsMax)
}

/** Each change has to happen while there is something left to fetch. */
async function isOver(scene: Scene): Promise<boolean> {
  const { state } = await stateOf(scene)
  return state === 'done' || state === 'failed'
}

/** Bytes first: where the old path died, what a peer says of its path is worth something once bytes come again. */
async function change(scene: Scene, what: string, path: 'direct' | 'relayed', act: () => void): Promise<void> {
  const { steps } = scene
  if (await isOver(scene)) {
    steps.check(what, false, 'the transfer was over before')
    return
  }
  const startMs = performance.now()
  act()
  const { bytesDone } = await stateOf(scene)
  const goOn = async () => (await stateOf(scene)).bytesDone > bytesDone + underWayBytesMax
  await steps.reach(`bytes come after ${what}`, goOn, stallMsMax, startMs)
  await steps.reach(`${path} after ${what}`, () => pathIs(scene, path), stepMsMax, startMs)
}

export async function transferScenario(world: World, steps: Steps): Promise<void> {
  const [homeA, homeB] = [await world.home('port', 1), await world.home('port', 2)]
  runShell(slowDownCommands(homeB, lineMbits))
  const both = [homeA, homeB].map(({ network }) => `${publicAddress(network, 0)}/24`)
  world.blockUdp(both)
  const a = await startReached(world, homeA.hosts[0])
  const b = await startReached(world, homeB.hosts[0])
  const { link, hash } = await offer(b, fileBytes)
  const before = (await a.client.status()).bytesIn
  const { id } = await a.client.transfers.add({ link, to: join(a.home, 'got') })
  const scene = { a, b, id, steps }

  await untilPart(scene, 0.1)
  steps.check('relayed while UDP is blocked', await pathIs(scene, 'relayed'), 'the path at that time')
  await change(scene, 'UDP was let through', 'direct', () => world.blockUdp([]))
  await untilPart(scene, 0.3)
  await change(scene, 'UDP was blocked again', 'relayed', () => world.blockUdp(both))
  await untilPart(scene, 0.5)
  await change(scene, 'UDP was let through again', 'direct', () => world.blockUdp([]))
  await untilPart(scene, 0.7)
  await change(scene, 'the address changed', 'direct', () => runShell(readdressCommands(homeB, 2, 3)))
  await finish(scene, { hash, before })
}

async function finish(scene: Scene, { hash, before }: { hash: string; before: number }): Promise<void> {
  const { a, b, steps } = scene
  await untilPart(scene, 1)
  await steps.reach('done', async () => (await stateOf(scene)).state === 'done', stepMsMax)
  const { path, blocks, blocksDone, bytesDone } = await stateOf(scene)
  if (path === null) return
  steps.check('every block is there', blocks === blocksDone, `${blocksDone} of ${blocks}`)
  steps.check('the file is the same', fileHash(path) === hash, path)
  const came = (await a.client.status()).bytesIn - before
  const sent = (await b.client.shares.list()).reduce((sum, share) => sum + share.uploadedBytes, 0)
  const most = bytesDone + blocks * overheadPerBlock
  steps.check('nothing was fetched twice', came <= most, `${came} bytes came for ${bytesDone}; ${sent} were sent`)
}
