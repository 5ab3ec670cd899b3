// `npm run demo`: a living network on this computer. Four peers, each a process with a data folder of its own, find each
// other through the first; it shares a folder, the others fetch it from it and from each other, and all four are in a
// community. Everything is in temporary folders and goes when Ctrl-C ends it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { createPeers, defaultArgs, type Peer, type Peers } from '../test/support/daemon.ts'

const names = ['Ada', 'Ben', 'Chi', 'Dia'] as const
const peers = createPeers()
const startedMs = performance.now()

const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
})

try {
  await Promise.race([run(), ended])
  await ended
} finally {
  console.log('\nStopping the four peers …')
  await peers.stop()
}

async function run(): Promise<void> {
  console.log('Starting four peers …')
  const [first, ...others] = await startAll()
  const folder = writeSampleFolder(join(peers.folder(), 'A first walk'))
  const begun = await first.client.shares.add({ path: folder })
  const { link } = await first.client.shares.ready(begun.id)
  if (link === null) throw new Error('the share has no link')
  console.log(
    `${names[0]} shares the folder "A first walk"; the others fetch it from ${names[0]} and from each other …`,
  )
  await Promise.all(others.map((peer, index) => fetchIt(peer, link, names[index + 1] ?? '')))
  await meet(first, others)
  announce([first, ...others], link)
}

async function startAll(): Promise<[Peer, ...Peer[]]> {
  const first = await startNamed(peers, names[0], [])
  const [bootstrap = ''] = first.addresses
  const others = names.slice(1).map((name) => startNamed(peers, name, ['--bootstrap', bootstrap]))
  return [first, ...(await Promise.all(others))]
}

async function startNamed(all: Peers, name: string, args: readonly string[]): Promise<Peer> {
  const peer = await all.start({ args: [...defaultArgs, ...args] })
  await peer.client.settings.change({ deviceName: name, downloads: join(peer.home, 'downloads') })
  return peer
}

async function fetchIt(peer: Peer, link: string, name: string): Promise<void> {
  const begun = await peer.client.transfers.add({ link })
  const done = await peer.client.transfers.finished(begun.id)
  console.log(`  ${name} has all ${done.files} files after ${done.seconds.toFixed(1)} s: ${done.path}`)
}

/** A community of all four, in which each has said something. */
async function meet(first: Peer, others: readonly Peer[]): Promise<void> {
  const { communities } = first.client
  const { id } = await communities.found({ name: 'The four of us', memberName: names[0] })
  const [general] = await first.client.chat.channels(id)
  if (general === undefined) throw new Error('a community has a channel')
  await first.client.chat.send(id, general.id, { text: 'Welcome! Nobody in the middle reads this.' })
  for (const [index, peer] of others.entries()) {
    const memberName = names[index + 1] ?? ''
    const { link } = await communities.invite(id)
    await peer.client.communities.join({ link, memberName })
    await peer.client.chat.send(id, general.id, { text: `Hello from ${memberName}.` })
  }
  console.log('  All four are in the community "The four of us".')
}

function announce(all: readonly Peer[], link: string): void {
  console.log(`\nReady after ${((performance.now() - startedMs) / 1000).toFixed(1)} s. The pages:`)
  all.forEach((peer, index) => {
    console.log(`  ${names[index]}  ${peer.api}/?token=${peer.token}&confirm=${peer.confirmKey}`)
  })
  console.log(`\nThe link that went round:\n  ${link}`)
  console.log(
    `\nCommands reach a peer by its folder, for example:\n  PEERHOOD_HOME=${all[0]?.home} npx peerhood status`,
  )
  console.log('\nCtrl-C stops all four and deletes what they have.')
}

/** A text, two pictures and a folder in the folder. */
function writeSampleFolder(folder: string): string {
  mkdirSync(join(folder, 'pictures'), { recursive: true })
  writeFileSync(join(folder, 'Read me.txt'), 'This folder came straight from another peer, checked block by block.\n')
  writeFileSync(join(folder, 'pictures', 'peers.svg'), samplePicture())
  writeFileSync(join(folder, 'pictures', 'sky.png'), samplePng(1024, 640))
  const lines = Array.from(
    { length: 20_000 },
    (_, index) => `${index + 1};${Math.round(Math.sin(index / 500) * 1000)}\n`,
  )
  writeFileSync(join(folder, 'measurements.csv'), `step;height\n${lines.join('')}`)
  return folder
}

function samplePicture(): string {
  const places = [
    [60, 50],
    [240, 40],
    [70, 150],
    [230, 160],
  ] as const
  const lines = places.flatMap(([x1, y1], index) =>
    places.slice(index + 1).map(([x2, y2]) => `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="#8aa"/>`),
  )
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="16" fill="#276"/>`)
  const content = [...lines, ...dots].join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200">${content}</svg>\n`
}

/** An evening sky, as an uncommonly plain PNG (RFC 2083): 8-bit RGB, no filter. */
function samplePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (1 + 3 * width))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const down = y / height
      const glow = Math.exp(-((x / width - 0.7) ** 2 + (down - 0.75) ** 2) * 12)
      const pixel = [40 + 180 * glow + 30 * down, 50 + 110 * glow + 40 * down, 110 + 60 * glow - 30 * down]
      rows.set(pixel.map(Math.round), y * (1 + 3 * width) + 1 + 3 * x)
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, ...chunks])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
