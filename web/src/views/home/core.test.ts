import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Peer } from '../../../../src/sdk/types.ts'
import type { PeerEntry } from '../../store/core.ts'
import { connectedShownMax, graphText, knownShownMax, latencyText, layoutGraph, pathText, picture } from './core.ts'

function entry(at: number, change: Partial<Peer> = {}, bytesPerSecond = 0): PeerEntry {
  const peer = {
    peerId: `peer-${String(at).padStart(4, '0')}`,
    state: 'connected',
    path: 'direct',
    latencyMs: 10,
    ...change,
  }
  return { peer: peer as Peer, bytesPerSecond, seenMs: 0 }
}

const away = ({ x, y }: { x: number; y: number }) =>
  Math.hypot((x - picture.width / 2) / picture.width, (y - picture.height / 2) / picture.height)

test('a faster peer stands nearer', () => {
  const { peers } = layoutGraph([
    entry(0, { latencyMs: 1 }),
    entry(1, { latencyMs: 250 }),
    entry(2, { latencyMs: null }),
  ])
  const [fast, slow, unknown] = peers.map(away)
  assert.ok(fast !== undefined && slow !== undefined && unknown !== undefined)
  assert.ok(fast < unknown && unknown < slow)
})

test('every peer stands inside the picture, whatever its figures', () => {
  const odd = [0, -5, 1e9, Number.MAX_VALUE, null].map((latencyMs, at) => entry(at, { latencyMs }))
  for (const { x, y } of layoutGraph([...odd, entry(9, { state: 'known' })]).peers) {
    assert.ok(x >= 0 && x <= picture.width && y >= 0 && y <= picture.height)
  }
})

test('a crowd is drawn up to a limit, and the rest counted', () => {
  const crowd = Array.from({ length: 300 }, (_, at) => entry(at, { state: at % 2 ? 'known' : 'connected' }))
  const { peers, hidden } = layoutGraph(crowd)
  assert.equal(peers.length, connectedShownMax + knownShownMax)
  assert.equal(hidden, 300 - peers.length)
})

test('the picture has words', () => {
  assert.equal(graphText([]), 'No peers are connected.')
  assert.equal(
    graphText([entry(0, {}, 5000), entry(1, { path: 'relayed' }, 50), entry(2, { state: 'known' })]),
    'Peers around this one: 2 connected, 1 through a relay, 1 exchanging data now.',
  )
  assert.equal(pathText(entry(0, { path: 'relayed' }).peer), 'through a relay')
  assert.equal(latencyText(entry(0, { latencyMs: 0.4 }).peer), 'under 1 ms')
})
