// A world of persons who do things together: each with a real log, exchange, communities and chat over a simulated network
// and a database in memory, all driven by one seed and one virtual clock. Who crashes comes back with what its database has.

import { sign } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { ed25519 } from '@noble/curves/ed25519.js'
import { createChannelKeys } from '../../src/apps/chat/channel-keys.ts'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { writeFirst } from '../../src/apps/chat/first.ts'
import { createChat } from '../../src/apps/chat/service.ts'
import type { Chat, Message } from '../../src/apps/chat/types.ts'
import type { Log, Metrics } from '../../src/base/ports.ts'
import { boxSecretOf } from '../../src/community/boxes.ts'
import { createDirect, createDirectBlocks } from '../../src/community/direct/service.ts'
import type { Direct } from '../../src/community/direct/types.ts'
import { createKeeping, type Keeping } from '../../src/community/keeping/service.ts'
import { createOwnDevices, type OwnDevices } from '../../src/community/own/service.ts'
import { type CommunityService, createCommunities } from '../../src/community/service.ts'
import type { CommunityFacts } from '../../src/community/types.ts'
import { signingKeyOf } from '../../src/content/format/keys.ts'
import { deviceKeyOf, didOf, peerIdOf } from '../../src/identity/core.ts'
import type { Identity, PersonDid, PersonKey } from '../../src/identity/types.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import { createLogs } from '../../src/log/logs.ts'
import { createLogSync } from '../../src/log/sync/service.ts'
import type { LogSync } from '../../src/log/sync/types.ts'
import type { CommunityId, Logs } from '../../src/log/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { createNet, type Net, type SimNetwork } from './network.ts'
import { createRandom, type SeededRandom } from './random.ts'

export interface Someone {
  readonly name: string
  readonly identity: Identity
  readonly peerId: PeerId
  /** That of the present life. */
  database: DatabaseSync
  /** Those of the present life. */
  life: Life
  up: boolean
  /** Computers that have agreed to keep for this one's person, and for whom this one keeps how many bytes. */
  readonly agreed: { keepers: PeerId[]; readonly persons: Map<PersonDid, number> }
  /** Codes logged at warn or error. */
  readonly warnings: string[]
  /** Gone without a word; the database stays. */
  crash(): Promise<void>
  /** With the database as it was left, or with a copy of an earlier one (`database.serialize()`). */
  restart(copy?: Uint8Array): Promise<void>
}

interface Life {
  readonly network: SimNetwork
  readonly logs: Logs
  readonly sync: LogSync
  readonly communities: CommunityService
  readonly chat: Chat
  readonly direct: Direct
  readonly own: OwnDevices
  readonly keeping: Keeping
}

export interface TogetherWorld {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly net: Net
  readonly people: readonly Someone[]
  person(name: string): Promise<Someone>
  /** Another device of the same person; nobody has told either of the other yet. */
  device(of: Someone, name: string): Promise<Someone>
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>
  /** Lets time go on until `work` has ended. */
  done<Value>(what: string, work: Promise<Value>, limitMs?: number): Promise<Value>
  pass(ms: number): Promise<void>
  stop(): Promise<void>
}

const metrics: Metrics = { count: () => {}, gauge: () => {} }

export function createTogetherWorld(seed: string): TogetherWorld {
  const clock = createVirtualClock()
  const random = createRandom(seed)
  const net = createNet(clock, random.fork('net'))
  const people: Someone[] = []
  const secrets = new Map<Identity, Uint8Array>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  type Lasting = Pick<Someone, 'identity' | 'peerId' | 'database' | 'agreed' | 'warnings'>
  function begin(someone: Lasting, lives: number): Life {
    const { identity, peerId, database, agreed, warnings } = someone
    const life = random.fork(`${peerId}/${lives}`)
    const network = net.join(peerId, { up: 12_500_000, delayMs: 10 })
    const log = recorder(clock, peerId, warnings)
    const key = signingKeyOf(identity.deviceSeed)
    const author = {
      deviceKey: identity.deviceKey,
      sign: (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, key)),
    }
    // No threads: who is done first must follow from the seed.
    const logs = createLogs({ threads: 0 })({ clock, log, database, author })
    const sync = createLogSync({})({ clock, random: life, log, metrics, network })
    const selfAddress = () => ({ peerId, addresses: [`/sim/${peerId}`] })
    const parts = { clock, random: life, log, database }
    const { store, isBlocked } = createDirectBlocks(database, () => identity.did)
    const communities = createCommunities({ ...parts, identity, logs, sync, selfAddress, isBlocked })
    const keys = createChannelKeys({ random: life, communities, secret: boxSecretOf(identity.deviceSeed) })
    const chat = createChat({})({ ...parts, communities, keys, self: () => identity.did })
    const direct = createDirect({
      ...{ ...parts, store, identity, network, communities, gate: communities.direct, selfAddress },
      sign: author.sign,
      writeFirst: (id, text) => writeFirst(chat, identity.did, id, text),
    })
    const own = createOwnDevices({ ...parts, identity, network, communities, gate: communities.gate, direct })
    const keeping = createKeeping({
      ...{ ...parts, identity, network, communities, isOn: () => true },
      keepers: () => agreed.keepers,
      agreed: (person) => agreed.persons.get(person),
    })
    return { network, logs, sync, communities, chat, direct, own, keeping }
  }

  async function add(name: string, identity: Identity): Promise<Someone> {
    const database = new DatabaseSync(':memory:')
    const warnings: string[] = []
    const agreed = { keepers: [], persons: new Map() }
    const base = { identity, peerId: identity.peerId as PeerId, database, agreed, warnings }
    let lives = 0
    const someone: Someone = {
      ...base,
      name,
      life: begin(base, lives++),
      up: true,
      async crash() {
        someone.up = false
        net.crash(base.peerId)
        const { chat, direct, own, keeping, sync, communities, logs } = someone.life
        chat.stop()
        await world.done('a crash', keeping.stop())
        await world.done('a crash', own.stop())
        await world.done('a crash', direct.stop())
        await world.done('a crash', Promise.all([sync.stop(), communities.stop()]))
        await world.done('a crash', logs.stop())
      },
      async restart(copy) {
        if (copy !== undefined) {
          someone.database.close()
          someone.database = new DatabaseSync(':memory:')
          someone.database.deserialize(copy)
        }
        someone.life = begin(someone, lives++)
        someone.up = true
        await start(someone.life)
      },
    }
    people.push(someone)
    await start(someone.life)
    return someone
  }

  const world: TogetherWorld = {
    clock,
    random,
    net,
    people,
    person(name) {
      const secret = random.bytes(32)
      const identity = identityOf(random, { name, secret, issuedMs: clock.nowMs() })
      secrets.set(identity, secret)
      return add(name, identity)
    },
    device(of, name) {
      const secret = secrets.get(of.identity)
      if (secret === undefined) throw new Error('assertion failed: everybody has a secret')
      const identity = identityOf(random, { name, secret, issuedMs: clock.nowMs() })
      secrets.set(identity, secret)
      return add(name, identity)
    },
    async until(what, condition, limitMs = 600_000) {
      const limit = clock.monotonicMs() + limitMs
      await settle()
      while (!condition()) {
        // Without a timer there may still be work in turns, such as deleting a log.
        for (let turn = 0; turn < 100 && !clock.advance(limit); turn++) {
          await settle()
          if (condition()) return
          if (turn === 99) throw new Error(`not within ${limitMs} ms: ${what} (seed ${seed})`)
        }
        await settle()
      }
    },
    async done(what, work, limitMs) {
      let over = false
      const end = () => {
        over = true
      }
      work.then(end, end)
      await world.until(what, () => over, limitMs)
      return work
    },
    async pass(ms) {
      const limit = clock.monotonicMs() + ms
      await settle()
      while (clock.advance(limit)) await settle()
      clock.moveTo(limit)
    },
    async stop() {
      for (const someone of people) if (someone.up) await someone.crash()
      for (const { database } of people) database.close()
    },
  }
  const start = async ({ sync, communities, direct, own, keeping }: Life) => {
    await world.done('a start', sync.start())
    await world.done('a start', communities.start())
    await world.done('a start', direct.start())
    await world.done('a start', own.start())
    await world.done('a start', keeping.start())
  }
  return world
}

/** What a person's own phrase would give; the world needs no phrase. */
function identityOf(
  random: SeededRandom,
  { name, secret: personSecret, issuedMs }: { name: string; secret: Uint8Array; issuedMs: number },
): Identity {
  const deviceSeed = random.bytes(32)
  const person = ed25519.getPublicKey(personSecret) as Uint8Array as PersonKey
  const deviceKey = deviceKeyOf(deviceSeed)
  const did = didOf(person)
  const unused = () => {
    throw new Error('assertion failed: nobody asks the world for that')
  }
  return {
    did,
    ethereumAddress: '0x0000000000000000000000000000000000000000' as Identity['ethereumAddress'],
    peerId: peerIdOf(deviceKey),
    deviceName: `${name}’s computer`,
    certificate: { issuedAtMs: issuedMs, person: did, device: peerIdOf(deviceKey) },
    passphrase: false,
    created: false,
    deviceKey,
    deviceCertificate: issueCertificate({ personSecret, deviceSeed, issuedMs: Math.round(issuedMs) }),
    deviceSeed,
    show: unused,
    phrase: unused,
    restore: unused,
    lock: unused,
    rename: unused,
  }
}

function recorder(clock: VirtualClock, peerId: PeerId, warnings: string[]): Log {
  const write = (level: string) => (code: string, fields?: Readonly<Record<string, unknown>>) => {
    if (level === 'warn' || level === 'error') warnings.push(code)
    if (process.env.SIM_LOG !== undefined)
      console.log(clock.monotonicMs().toFixed(1), peerId.slice(-5), level, code, fields)
  }
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return log
}

export function factsOf(someone: Someone, id: CommunityId): CommunityFacts | undefined {
  return someone.life.communities.list().find((facts) => facts.id === id)
}

/** The view of chat that somebody's log gives when it is made anew, in a database of its own. */
export async function viewMadeAnew(world: TogetherWorld, someone: Someone): Promise<DatabaseSync> {
  const { identity, peerId, database } = someone
  const views = new DatabaseSync(':memory:')
  const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
  const author = { deviceKey: identity.deviceKey, sign: () => new Uint8Array(64) }
  const parts = { clock: world.clock, random: world.random.fork('anew'), log: silent, database, views }
  const logs = createLogs({ threads: 0 })({ ...parts, author })
  const sync = { join: () => () => {}, on: () => () => {}, status: () => undefined, nudge() {} } as unknown as LogSync
  const selfAddress = () => ({ peerId, addresses: [] })
  const communities = createCommunities({ ...parts, identity, logs, sync, selfAddress })
  const keys = createChannelKeys({ ...parts, communities, secret: boxSecretOf(identity.deviceSeed) })
  const chat = createChat({ tellReads: false })({ ...parts, communities, keys, self: () => identity.did })
  await communities.start()
  chat.stop()
  await communities.stop()
  await logs.stop()
  return views
}

/** All that one reads in the open channel, oldest first. */
export function read(someone: Someone, id: CommunityId): readonly Message[] {
  const messages: Message[] = []
  for (let before: string | undefined; ; ) {
    const page = someone.life.chat.messages(id, generalChannel, {
      limit: 100,
      ...(before === undefined ? {} : { before }),
    })
    messages.unshift(...page.messages)
    before = page.before
    if (before === undefined) return messages
  }
}

/** What has to be equal for all who are members: who belongs, with which role and devices, and which key is in use. */
export function agreement(someone: Someone, id: CommunityId): unknown {
  const state = factsOf(someone, id)?.state
  if (state === undefined) return undefined
  const members = [...state.members.values()].map(({ person, role, state, seniority, devices }) => {
    return { person, role, state, seniority, devices: devices.map(({ device, state }) => ({ device, state })) }
  })
  return {
    members,
    keys: state.keys,
    writingKey: state.writingKey,
    voided: [...state.voided].sort(),
    settings: state.settings,
  }
}
