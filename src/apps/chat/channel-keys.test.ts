// Real lockboxes behind the port.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { community, didNamed } from '../../../test/support/chat.ts'
import { toHex } from '../../base/bytes.ts'
import { boxSecretOf } from '../../community/boxes.ts'
import type { Communities } from '../../community/types.ts'
import { deviceKeyOf } from '../../identity/core.ts'
import { createChannelKeys } from './channel-keys.ts'
import { boxesBytesMax, channelDevicesMax } from './limits.ts'

function setup(count: number) {
  const random = createRandom('channel keys')
  const seeds = Array.from({ length: count }, () => random.bytes(32))
  const devices = seeds.map((seed, i) => ({ device: toHex(deviceKeyOf(seed)), state: i === 1 ? 'removed' : 'active' }))
  const [ada, eve] = [didNamed('ada'), didNamed('eve')]
  const members = new Map([
    [ada, { person: ada, state: 'active', devices }],
    [eve, { person: eve, state: 'removed', devices: [] }],
  ])
  const communities = { get: () => ({ state: { members } }) } as unknown as Communities
  const of = (seed: Uint8Array) => createChannelKeys({ communities, random, secret: boxSecretOf(seed) })
  return { random, ada, eve, ports: seeds.map(of), stranger: of(random.bytes(32)) }
}

test('active devices of the persons open it, nobody else does', () => {
  const { random, ada, eve, ports, stranger } = setup(3)
  const [first, removed, third] = ports
  const key = random.bytes(32)
  const boxes = first?.sealTo(community, [ada, eve], key) ?? new Uint8Array(0)
  assert.deepEqual([first?.open(community, boxes), third?.open(community, boxes)], [key, key])
  assert.deepEqual([removed?.open(community, boxes), stranger.open(community, boxes)], [undefined, undefined])
})

test('whatever boxes are, opening them throws nothing; the most of them fit', () => {
  const { random, ada, ports } = setup(channelDevicesMax)
  const [port] = ports
  for (const length of [
    0,
    1,
    31,
    32,
    88,
    200,
    32 + 56 * 3,
    boxesBytesMax + 1,
    boxesBytesMax + 56 * channelDevicesMax,
  ]) {
    assert.equal(port?.open(community, random.bytes(length)), undefined)
    assert.equal(port?.open(community, new Uint8Array(length)), undefined)
  }
  assert.equal(port?.sealTo(community, [ada], random.bytes(32)).length, boxesBytesMax)
})
