// The simulated network keeps to what the real one keeps to: a simulation is worth as much as that.

import type { TestContext } from 'node:test'
import type { Network, PeerAddress } from '../../src/network/types.ts'
import { testNetwork } from '../support/network-suite.ts'
import { createVirtualClock } from './clock.ts'
import { createNet, type Net } from './network.ts'
import { createRandom } from './random.ts'
import { peerIdOf } from './world.ts'

const random = createRandom('network suite')
const nets = new WeakMap<TestContext, Net>()

/** The net of a test; its time passes by itself, as fast as things happen. */
function netOf(context: TestContext): Net {
  const known = nets.get(context)
  if (known !== undefined) return known
  const clock = createVirtualClock()
  let running = true
  context.after(() => {
    running = false
  })
  // One step a turn: what follows from a step happens before the next.
  const pump = () => {
    clock.advance(Number.POSITIVE_INFINITY)
    if (running) setImmediate(pump)
  }
  pump()
  const net = createNet(clock, random.fork('net'))
  nets.set(context, net)
  return net
}

async function start(context: TestContext): Promise<Network> {
  const network = netOf(context).join(peerIdOf(random), { up: 50_000_000, delayMs: 5 })
  context.after(() => network.stop())
  return network
}

async function nobody(): Promise<PeerAddress> {
  const peerId = peerIdOf(random)
  return { peerId, addresses: [`/sim/${peerId}`] }
}

testNetwork('simulated', { start, nobody })
