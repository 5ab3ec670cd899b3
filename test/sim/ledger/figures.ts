// What one block costs where nothing goes wrong: time to finality in message delays, messages and bytes per validator. Message
// lengths are those of the wire.

import type { Message } from '../../../src/ledger/consensus/types.ts'
import { voteDigest } from '../../../src/ledger/consensus/vote-wire.ts'
import { encodeMessage } from '../../../src/ledger/consensus/wire.ts'
import type { Address } from '../../../src/ledger/types.ts'
import { createVirtualClock } from '../clock.ts'
import { createRandom } from '../random.ts'
import { Journal } from './journal.ts'
import { cheapKeys } from './keys.ts'
import { SimNode } from './node.ts'
import { genesisHash, rememberDigests } from './world.ts'

export interface Setting {
  readonly validators: number
  /** One way, on average, and how much it differs from message to message. */
  readonly latencyMs: number
  readonly jitterMs: number
  readonly blocks: number
}

export interface Figures {
  /** From the moment at which somebody wants something to its finality at a validator, in latencies: over all validators. */
  readonly medianDelays: number
  readonly slowestDelays: number
  readonly messagesPerBlock: number
  readonly bytesPerBlock: number
  /** While nothing is wanted. */
  readonly idleMessages: number
}

export function measure({ validators, latencyMs, jitterMs, blocks }: Setting): Figures {
  const clock = createVirtualClock()
  const random = createRandom(`figures/${validators}`)
  const keys = cheapKeys(validators)
  const firstSet = { epoch: 0, validators: keys.addresses }
  const journal = new Journal({ firstSet, genesisHash, recover: keys.recover, checkEvery: 0 })
  const digestOf = rememberDigests((ballot) => voteDigest(genesisHash, ballot))
  const lengths = new WeakMap<Message, number>()
  let [messages, bytes] = [0, 0]

  const nodeOf = new Map<Address, SimNode>()
  const send = (from: SimNode, to: Address, message: Message) => {
    const length = lengths.get(message) ?? encodeMessage(message).length
    lengths.set(message, length)
    messages++
    bytes += length
    const delayMs = latencyMs + jitterMs * (2 * random.uniform() - 1)
    clock.after(delayMs, () => nodeOf.get(to)?.input({ kind: 'message', from: from.address, message }))
  }
  for (const address of keys.addresses) {
    const world = {
      journal,
      random: random.fork(address),
      mutations: new Set<string>(),
      recover: keys.recover,
      firstSet,
      isWire: false,
      chainMs: 2,
      options: { genesisHash, delayMs: 10 * latencyMs, blockTimeMs: 0 },
      testing: { digestOf },
      nowMs: () => clock.monotonicMs(),
      after: (delayMs: number, run: () => void) => {
        clock.after(delayMs, run)
      },
      send,
      finalsOf: () => [],
    }
    nodeOf.set(address, new SimNode(world, address, keys.signOf(address)))
  }
  const nodes = [...nodeOf.values()]
  const run = (forMs: number) => {
    const untilMs = clock.monotonicMs() + forMs
    while (clock.advance(untilMs));
    clock.moveTo(untilMs)
  }

  for (const node of nodes) node.start()
  run(20 * latencyMs)
  ;[messages, bytes] = [0, 0]
  const took: number[] = []
  for (let block = 0; block < blocks; block++) {
    const beganMs = clock.monotonicMs()
    const waiting = new Set(nodes)
    for (const node of nodes) node.take(`t${block}`)
    while (waiting.size > 0 && clock.advance(beganMs + 100 * latencyMs)) {
      for (const node of waiting) {
        if (node.heightOfCore <= block) continue
        waiting.delete(node)
        took.push((clock.monotonicMs() - beganMs) / latencyMs)
      }
    }
    run(10 * latencyMs)
  }
  const [messagesPerBlock, bytesPerBlock] = [messages / blocks / validators, bytes / blocks / validators]
  messages = 0
  run(600_000)
  took.sort((a, b) => a - b)
  const [medianDelays = 0, slowestDelays = 0] = [took[took.length >> 1], took.at(-1)]
  return { medianDelays, slowestDelays, messagesPerBlock, bytesPerBlock, idleMessages: messages }
}
