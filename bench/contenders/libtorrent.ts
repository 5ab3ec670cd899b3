// libtorrent through Debian's python3-libtorrent over TCP, every peer told of every other: as it comes, which is plain, and with
// all that it can encrypt (RC4), which is more like what we do.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { difference, lines, start, stop, usage } from '../processes.ts'
import { type Contender, worst } from './contender.ts'

const python = '/usr/bin/python3'
const script = join(import.meta.dirname, 'libtorrent_peer.py')

function startPeer(...args: string[]) {
  const child = start(python, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const output = lines(child)
  const next = async <Fields>(): Promise<Fields> => {
    const line = await output.next()
    if (line.done) throw new Error('libtorrent ended early')
    return JSON.parse(line.value)
  }
  return { child, next, usage: () => usage(child.pid ?? 0) }
}

export const libtorrent = (encryption: 'plain' | 'rc4'): Contender => ({
  name: `libtorrent (TCP, ${encryption === 'plain' ? 'plain' : 'RC4'})`,
  missing: () =>
    spawnSync(python, ['-c', 'import libtorrent']).status === 0 ? undefined : 'python3-libtorrent is not installed',

  async run({ source, scratch, copies }) {
    const torrent = join(scratch, 'source.torrent')
    const made = spawnSync(python, [script, encryption, 'make', source, torrent], { stdio: 'inherit' })
    if (made.status !== 0) throw new Error('libtorrent could not make a torrent')
    const seed = startPeer(encryption, 'seed', torrent, dirname(source))
    const seedPort = (await seed.next<{ port: number }>()).port
    const places = Array.from({ length: copies }, (_, index) => join(scratch, `copy-${index}`))
    for (const place of places) mkdirSync(place)
    const peers = places.map((place) => startPeer(encryption, 'get', torrent, place))
    const ports = await Promise.all(peers.map(async (peer) => (await peer.next<{ port: number }>()).port))

    const seedBefore = seed.usage()
    const before = peers.map((peer) => peer.usage())
    peers.forEach((peer, index) => {
      const others = [seedPort, ...ports.filter((_, other) => other !== index)]
      peer.child.stdin?.write(`${others.join(' ')}\n`)
    })
    const times = await Promise.all(peers.map(async (peer) => (await peer.next<{ seconds: number }>()).seconds))
    const run = {
      seconds: Math.max(...times),
      source: difference(seed.usage(), seedBefore),
      copy: worst(peers.map((peer, index) => difference(peer.usage(), before[index] ?? peer.usage()))),
      results: places.map((place) => join(place, basename(source))),
    }
    await Promise.all([seed, ...peers].map((peer) => stop(peer.child)))
    return run
  },
})
