// IPFS between daemons as processes, over real sockets on loopback: the gateway as programs of this computer see it,
// bitswap from one to the other, CAR files there and back, and what must stay private.

import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { CarReader } from '@ipld/car/reader'
import { CID } from 'multiformats/cid'
import type { Peer } from '../support/daemon.ts'
import { defaultArgs } from '../support/daemon.ts'
import { startPublicDhtServer } from '../support/public-dht.ts'
import {
  fileHash,
  lastObject,
  mebibyte,
  onlyObject,
  peersOf,
  sampleBytes,
  share,
  tree,
  until,
  writeFiles,
} from './support.ts'

interface Job {
  readonly event: 'done'
  readonly path: string
  readonly cid: string
  readonly shareCid: string | null
  readonly bytesReused: number
}

const withGateway = { args: [...defaultArgs, '--gateway', '0'] }
const site = { 'index.html': 40, 'film.bin': 3 * mebibyte + 17, 'notes/one.txt': 12, 'notes/empty.txt': 0 }

async function gatewayOf(peer: Peer): Promise<string> {
  const { gateway } = await peer.client.ipfs.status()
  assert.ok(gateway !== null)
  return gateway
}

test('the gateway serves files, ranges, listings, blocks and CARs of public shares', async (t) => {
  const peers = peersOf(t)
  const author = await peers.start(withGateway)
  const folder = writeFiles(join(peers.folder(), 'site'), site)
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script>alert(1)</script>')
  writeFileSync(join(folder, 'notes/a&b.txt'), 'amp')
  const { cid } = await share(author, folder, '--public')
  const base = `${await gatewayOf(author)}/ipfs/${cid}`
  const film = readFileSync(join(folder, 'film.bin'))

  const whole = await fetch(`${base}/film.bin`)
  assert.equal(whole.status, 200)
  assert.equal(whole.headers.get('content-length'), String(film.length))
  assert.equal(whole.headers.get('x-ipfs-path'), `/ipfs/${cid}/film.bin`)
  assert.equal(whole.headers.get('x-ipfs-roots')?.split(',').length, 2)
  assert.match(whole.headers.get('cache-control') ?? '', /immutable/)
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), film)

  const etag = whole.headers.get('etag') ?? ''
  assert.equal((await fetch(`${base}/film.bin`, { headers: { 'if-none-match': `W/${etag}` } })).status, 304)
  const part = await fetch(`${base}/film.bin`, { headers: { range: `bytes=${mebibyte - 5}-${2 * mebibyte + 4}` } })
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-range'), `bytes ${mebibyte - 5}-${2 * mebibyte + 4}/${film.length}`)
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), film.subarray(mebibyte - 5, 2 * mebibyte + 5))
  const outside = await fetch(`${base}/film.bin`, { headers: { range: 'bytes=99999999-' } })
  assert.deepEqual([outside.status, outside.headers.get('content-range')], [416, `bytes */${film.length}`])

  // A page from a stranger: shown, but without scripts, and from an origin that is not the API's.
  const page = await fetch(`${base}/`)
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  assert.match(page.headers.get('content-security-policy') ?? '', /^sandbox (?!.*allow-scripts)/)
  assert.match(await page.text(), /alert/)
  assert.notEqual(new URL(base).origin, new URL(author.api).origin)
  const folderWithout = await fetch(`${base}/notes`, { redirect: 'manual' })
  assert.deepEqual([folderWithout.status, folderWithout.headers.get('location')], [301, `/ipfs/${cid}/notes/`])
  const listing = await (await fetch(`${base}/notes/`)).text()
  assert.match(listing, /a%26b\.txt.*a&amp;b\.txt/)
  assert.match(listing, /one\.txt/)

  const head = await fetch(`${base}/notes/one.txt`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/plain; charset=utf-8'])
  assert.equal((await fetch(`${base}/notes/empty.txt`)).headers.get('content-length'), '0')
  const post = await fetch(`${base}/film.bin`, { method: 'POST', body: 'x' })
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
  assert.equal((await fetch(`${base}/nothing`)).status, 404)
  assert.equal((await fetch(`${new URL(base).origin}/ipfs/nonsense`)).status, 400)
  assert.equal((await fetch(`${base}?format=tar`)).status, 406)

  const raw = await fetch(`${base}?format=raw`)
  assert.equal(raw.headers.get('content-type'), 'application/vnd.ipld.raw')
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await raw.arrayBuffer()))
  assert.deepEqual(hash, CID.parse(cid).multihash.digest)
  const probe = await fetch(`${new URL(base).origin}/ipfs/bafkqaaa?format=raw`)
  assert.deepEqual([probe.status, (await probe.arrayBuffer()).byteLength], [200, 0])

  const accepted = await fetch(`${base}/film.bin`, { headers: { accept: 'application/vnd.ipld.car; dups=n' } })
  assert.match(accepted.headers.get('content-type') ?? '', /application\/vnd\.ipld\.car; version=1; order=dfs; dups=n/)
  assert.equal(accepted.headers.get('content-location'), `/ipfs/${cid}/film.bin?format=car`)
  const car = await CarReader.fromBytes(new Uint8Array(await accepted.arrayBuffer()))
  assert.deepEqual((await car.getRoots()).map(String), [cid])
  // The folder's node on the way, the file's node, its four leaves.
  assert.equal(await countBlocks(car), 6)
  const two = await fetch(`${base}/film.bin?format=car&entity-bytes=${mebibyte}:${mebibyte + 9}`)
  assert.equal(await countBlocks(await CarReader.fromBytes(new Uint8Array(await two.arrayBuffer()))), 3)
  const one = await fetch(`${base}/film.bin?format=car&dag-scope=block`)
  assert.equal(await countBlocks(await CarReader.fromBytes(new Uint8Array(await one.arrayBuffer()))), 2)
})

async function countBlocks(car: CarReader): Promise<number> {
  let blocks = 0
  for await (const _ of car.blocks()) blocks += 1
  return blocks
}

test('the gateway knows no token, no other host, no other page, and nothing private', async (t) => {
  const peers = peersOf(t)
  const author = await peers.start(withGateway)
  const file = join(peers.folder(), 'secret.bin')
  writeFileSync(file, sampleBytes('secret', 100_000))
  const { cid, id } = await share(author, file)
  const gateway = await gatewayOf(author)
  const cases: [string, Record<string, string>, number][] = [
    [`/ipfs/${cid}`, {}, 404],
    [`/ipfs/${cid}?format=raw`, { authorization: `Bearer ${author.token}` }, 404],
    ['/api/status', { authorization: `Bearer ${author.token}` }, 404],
    ['/ipfs/bafkqaaa?format=raw', { host: 'evil.example' }, 403],
    ['/ipfs/bafkqaaa?format=raw', { origin: 'http://evil.example' }, 403],
    ['/ipfs/bafkqaaa?format=raw', { origin: author.api }, 403],
    ['/ipfs/bafkqaaa?format=raw', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['/ipfs/bafkqaaa?format=raw', { 'service-worker': 'script' }, 400],
    ['/ipfs/bafkqaaa?format=raw', {}, 200],
  ]
  for (const [path, headers, status] of cases) {
    assert.equal(await statusOf(gateway + path, headers), status, `${path} ${JSON.stringify(headers)}`)
  }
  assert.doesNotMatch(await (await fetch(gateway)).text(), /secret/)
  const refused = await author.run('ipfs', 'export', id, '--to', join(peers.folder(), 'x.car'), '--json')
  assert.equal(refused.code, 5)
  assert.match(refused.stdout, /ipfs_share_private/)
})

/** `fetch` sends its own Host and Origin. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject).end()
  })
}

test('a CID is got from another peer, by command and by gateway, and a CAR brings it back', async (t) => {
  const peers = peersOf(t)
  const [author, reader, third] = await Promise.all([peers.start(), peers.start(withGateway), peers.start()])
  const folder = writeFiles(join(peers.folder(), 'site'), site)
  const { cid } = await share(author, folder, '--public')
  const [address = ''] = author.addresses

  const before = await reader.run('ipfs', 'get', cid, '--to', peers.folder(), '--json')
  assert.equal(before.code, 4)
  assert.match(before.stdout, /ipfs_block_not_found/)
  await reader.client.peers.connect({ address })
  const remote = await fetch(`${await gatewayOf(reader)}/ipfs/${cid}/film.bin`)
  assert.equal(remote.status, 200)
  assert.deepEqual(Buffer.from(await remote.arrayBuffer()), readFileSync(join(folder, 'film.bin')))
  const cached = { headers: { 'cache-control': 'only-if-cached' } }
  assert.equal((await fetch(`${await gatewayOf(reader)}/ipfs/${cid}/film.bin`, cached)).status, 412)

  const got = lastObject<Job>(await reader.run('ipfs', 'get', cid, '--to', peers.folder(), '--name', 'site', '--json'))
  assert.deepEqual([got.cid, got.shareCid], [cid, cid])
  assert.deepEqual(tree(got.path), tree(folder))

  const car = join(peers.folder(), 'site.car')
  const exported = lastObject<Job>(await reader.run('ipfs', 'export', cid, '--to', car, '--json'))
  assert.ok(statSync(exported.path).size > 3 * mebibyte)
  const imported = lastObject<Job>(await third.run('ipfs', 'import', car, '--to', peers.folder(), '--json'))
  assert.equal(imported.shareCid, cid)
  assert.equal(imported.path.split('/').at(-1), 'site')
  assert.deepEqual(tree(imported.path), tree(folder))

  const bytes = readFileSync(car)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(car, bytes)
  const damaged = await third.run('ipfs', 'import', car, '--to', peers.folder(), '--name', 'other', '--json')
  assert.equal(damaged.code, 5)
  assert.match(damaged.stdout, /ipfs_block_wrong/)

  const text = onlyObject<{ gateway: string | null }>(await third.run('ipfs', '--json'))
  assert.equal(text.gateway, null)
  const { stdout } = await reader.run('doctor')
  assert.match(stdout, /IPFS gateway/)
})

test('a get by CID that was cut off goes on from what is there', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 200 * mebibyte))
  const { cid } = await share(author, file, '--public')
  const to = peers.folder()
  const [address = ''] = author.addresses
  const args = ['ipfs', 'get', cid, '--to', to, '--from', address, '--name', 'film.bin', '--no-share', '--json']
  const first = reader.spawn(...args)
  await new Promise<void>((resolve) => {
    first.process.stdout?.on('data', (chunk) => /"bytesDone":[1-9]/.test(String(chunk)) && resolve())
  })
  first.process.kill('SIGINT')
  assert.equal((await first.done).code, 130)
  const done = lastObject<Job>(await reader.run(...args))
  assert.ok(done.bytesReused > 0, JSON.stringify(done))
  assert.equal(fileHash(done.path), fileHash(file))
})

test('with --ipfs a public root is announced in the public DHT, and found there by who does not know us', async (t) => {
  const peers = peersOf(t)
  const server = await startPublicDhtServer(t)
  const [address = ''] = server.getMultiaddrs().map(String)
  const joined = { args: [...defaultArgs, '--ipfs', '--ipfs-bootstrap', address] }
  const [author, reader] = await Promise.all([peers.start(joined), peers.start(joined)])
  const folder = writeFiles(join(peers.folder(), 'site'), site)
  const { cid } = await share(author, folder, '--public')
  const secret = await share(author, join(folder, 'film.bin'))
  const told = await until(
    'the root to be announced',
    async () => {
      const { publicDht } = await author.client.ipfs.status()
      return publicDht?.provided === 1 && publicDht
    },
    60_000,
  )
  assert.equal(told.roots, 1)
  const result = await reader.run('ipfs', 'get', cid, '--to', peers.folder(), '--json')
  assert.equal(result.code, 0, result.stdout)
  const got = lastObject<Job>(result)
  assert.equal(got.shareCid, cid)
  assert.deepEqual(tree(got.path), tree(folder))
  const nothing = await reader.run('ipfs', 'get', secret.cid, '--to', peers.folder(), '--json')
  assert.equal(nothing.code, 4)
  const report = await author.client.doctor()
  assert.equal(report.checks.find(({ id }) => id === 'ipfs-dht')?.state, 'ok')
})
