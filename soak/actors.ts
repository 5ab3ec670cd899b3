// What goes on in a soak: each actor does one kind of thing again and again until it is told to end. What must come of it
// in the end is kept in the ledger.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isPeerhoodError } from '../src/base/errors.ts'
import { fileHash, mebibyte, sampleBytes, tree, until } from '../test/e2e/support.ts'
import type { Peer } from '../test/support/daemon.ts'
import { isSlowStart, type Scene, type Seat } from './scene.ts'

export const general = '0'.repeat(32)

/** What was promised, and what went wrong. */
export interface Ledger {
  /** Texts whose sending was acknowledged. */
  readonly sent: Set<string>
  transfersDone: number
  readonly problems: string[]
}

export interface Stage {
  readonly scene: Scene
  readonly ledger: Ledger
  readonly community: string
  readonly ending: AbortSignal
}

const heardMs = 30_000

/** Waits, but not past the end. */
async function pause(stage: Stage, ms: number): Promise<void> {
  await wait(ms, undefined, { signal: stage.ending }).catch(() => {})
}

/** Repeats `work` until the end. What a daemon refuses because it was killed meanwhile is no problem; all else is. */
async function again(stage: Stage, name: string, everyMs: number, work: () => Promise<void>): Promise<void> {
  while (!stage.ending.aborted) {
    try {
      await work()
    } catch (error) {
      if (!isKilled(error) && !isSlowStart(error)) stage.ledger.problems.push(`${name}: ${describe(error)}`)
    }
    await pause(stage, everyMs * (0.5 + stage.scene.random.uniform()))
  }
}

function isKilled(error: unknown): boolean {
  return (
    isPeerhoodError(error) && ['daemon_unreachable', 'daemon_silent', 'interrupted', 'stopping'].includes(error.code)
  )
}

function describe(error: unknown): string {
  if (isPeerhoodError(error)) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

export async function connectAll(seats: readonly Seat[], to: Peer): Promise<void> {
  for (const { peer } of seats) {
    if (peer === to) continue
    // Whoever is down now is met later.
    await to.client.peers.connect({ address: peer.addresses[0] ?? '' }).catch(() => {})
  }
}

// ---- chat

export function chatter(stage: Stage): Promise<void> {
  const { scene, ledger, community } = stage
  let number = 0
  return again(stage, 'chat', 800, async () => {
    const seat = scene.random.pick(scene.up())
    const text = `${seat.name} ${number++}`
    await seat.peer.client.chat.send(community, general, { text })
    ledger.sent.add(text)
    scene.note('message')
  })
}

/** All texts of the open channel. */
export async function textsOf(peer: Peer, community: string): Promise<Set<string>> {
  const texts = new Set<string>()
  for (let before: string | undefined; ; ) {
    const page = await peer.client.chat.messages(community, general, {
      limit: 200,
      ...(before === undefined ? {} : { before }),
    })
    for (const { text } of page.messages) texts.add(text)
    if (page.before === null || page.before === undefined) return texts
    before = page.before
  }
}

// ---- shares

export function sharer(stage: Stage): Promise<void> {
  let number = 0
  return again(stage, 'share', 4_000, () => shareOnce(stage, number++))
}

/** A folder that one shares, two get and one keeps; afterwards everything goes again. */
async function shareOnce(stage: Stage, number: number): Promise<void> {
  const { scene, ledger } = stage
  const { random } = scene
  const author = random.pick(scene.up().filter(({ killable, disk }) => !killable && disk === undefined))
  const folder = join(scene.peers.folder(), `holiday ${number}`)
  mkdirSync(folder)
  for (let file = 0; file < 1 + random.below(12); file++) {
    writeFileSync(
      join(folder, `file ${file}.bin`),
      sampleBytes(`${number}/${file}`, random.pick([10, 5_000, mebibyte, 3 * mebibyte])),
    )
  }
  const { id } = await author.peer.client.shares.add({ path: folder, public: random.below(2) === 0 })
  const { link } = await author.peer.client.shares.ready(id)
  scene.note('share')
  const readers = scene.up().filter((seat) => seat !== author && seat.disk === undefined)
  const chosen = readers.sort(() => random.uniform() - 0.5).slice(0, 2)
  await Promise.all(chosen.map((reader) => getOnce(stage, { reader, link: link ?? '', folder })))
  ledger.transfersDone += chosen.length
  await author.peer.client.shares.remove(id)
  rmSync(folder, { recursive: true })
}

interface Get {
  readonly reader: Seat
  readonly link: string
  readonly folder: string
}

/** A get that has to end well, however often the reader is killed meanwhile. */
async function getOnce(stage: Stage, { reader, link, folder }: Get): Promise<void> {
  const { scene } = stage
  const to = scene.peers.folder()
  const done = await until(
    'a get',
    async () => {
      try {
        const { id } = await reader.peer.client.transfers.add({ link, to })
        const transfer = await reader.peer.client.transfers.finished(id)
        return { id, path: transfer.path ?? '' }
      } catch (error) {
        if (!isKilled(error)) throw error
        await wait(300)
        return undefined
      }
    },
    120_000,
  )
  scene.note('get')
  if (JSON.stringify(tree(done.path)) !== JSON.stringify(tree(folder)))
    throw new Error(`${done.path} differs from ${folder}`)
  if (scene.random.below(3) === 0) corrupt(stage, done.path)
  await reader.peer.client.transfers.remove(done.id).catch(() => {})
  rmSync(done.path, { recursive: true, force: true })
}

/** Bytes change below a share that others may be fetching from here: nobody may get them as good ones. */
function corrupt({ scene }: Stage, path: string): void {
  for (const name of Object.keys(tree(path))) {
    const file = join(path, name)
    const bytes = readFileSync(file)
    if (bytes.length < 100) continue
    bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 64)
    writeFileSync(file, bytes)
    scene.note('file corrupted')
    return
  }
}

// ---- who comes and goes

export function reaper(stage: Stage): Promise<void> {
  const { scene } = stage
  return again(stage, 'kill', 20_000, async () => {
    // One that did not come up in time the last time.
    for (const seat of scene.seats) if (!seat.up && !seat.visiting) await scene.restart(seat)
    const victims = scene.up().filter(({ killable }) => killable)
    if (victims.length === 0) return
    const seat = scene.random.pick(victims)
    scene.note('kill -9')
    await scene.kill(seat)
    await wait(scene.random.below(4_000))
    await scene.restart(seat)
    await connectAll(scene.up(), seat.peer)
  })
}

/** Somebody new, who joins, says something, reads along, leaves, and is gone for good. */
export function visitor(stage: Stage): Promise<void> {
  const { scene, ledger, community } = stage
  let number = 0
  return again(stage, 'visit', 20_000, async () => {
    const host = scene.seats[0]
    if (host === undefined) return
    const guest = await scene.seat(`guest-${number++}`, { visiting: true })
    try {
      const { link } = await host.peer.client.communities.invite(community)
      await guest.peer.client.communities.join({ link, memberName: guest.name })
      const text = `${guest.name} was here`
      await guest.peer.client.chat.send(community, general, { text })
      await until('the guest is heard', async () => (await textsOf(host.peer, community)).has(text), heardMs)
      ledger.sent.add(text)
      await guest.peer.client.communities.leave(community)
      scene.note('visit')
    } finally {
      await scene.remove(guest)
    }
  })
}

/** A disk that somebody else fills: the get ends in words, and ends well once there is room. */
export function diskFiller(stage: Stage): Promise<void> {
  const { scene, ledger } = stage
  const reader = scene.seats.find(({ disk }) => disk !== undefined)
  const author = scene.seats[0]
  if (reader?.disk === undefined || author === undefined) return Promise.resolve()
  const { disk } = reader
  let number = 0
  return again(stage, 'full disk', 15_000, async () => {
    const seen = disk.seenBy(reader.peer.process.pid)
    const file = join(scene.peers.folder(), `film ${number++}.bin`)
    writeFileSync(file, sampleBytes(file, 12 * mebibyte))
    const { id } = await author.peer.client.shares.add({ path: file, public: false })
    const link = (await author.peer.client.shares.ready(id)).link ?? ''
    const filler = join(seen, 'somebody else')
    writeFileSync(filler, Buffer.alloc(30 * mebibyte))
    const refused = await reader.peer.client.transfers.add({ link, to: reader.to }).then(
      ({ id }) =>
        reader.peer.client.transfers.finished(id).then(
          () => undefined,
          (error) => error,
        ),
      (error) => error,
    )
    if (!isPeerhoodError(refused) || refused.code !== 'disk_full')
      ledger.problems.push(`a full disk: ${describe(refused)}`)
    else scene.note('disk full')
    rmSync(filler)
    const begun = await reader.peer.client.transfers.add({ link, to: reader.to })
    await reader.peer.client.transfers.finished(begun.id)
    ledger.transfersDone++
    const name = `film ${number - 1}.bin`
    if (fileHash(join(seen, name)) !== fileHash(file)) ledger.problems.push(`${name} differs`)
    await reader.peer.client.transfers.remove(begun.id)
    rmSync(join(seen, name))
    await author.peer.client.shares.remove(id)
    rmSync(file)
  })
}
