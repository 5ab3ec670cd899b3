import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRoom, lineLog, type Person, type Room, strangerIn } from '../../test/support/meet.ts'
import { equalBytes } from '../base/bytes.ts'
import { didOf, entropyToPhrase, entropyToSeed, peerIdOf, personFromSeed } from '../identity/core.ts'
import { readPhrase } from '../identity/phrase.ts'
import type { DeviceCertificate, Identity } from '../identity/types.ts'
import { issueCertificate } from '../identity/wire.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerId, PeerStream } from '../network/types.ts'
import { createFakeHouse, type FakeHouse, houseOf } from './admission-testing.ts'
import type { AdmissionEvent } from './admission-types.ts'
import { decodeWelcome, encodeHello } from './admission-wire.ts'
import { createCodeDesk } from './code-desk.ts'
import { createDeviceAdding, type DeviceService, deviceProtocol } from './device-adding.ts'
import { deviceExpectedMs, deviceTimeoutMs, deviceTriesMax, helloBytesMax } from './limits.ts'

const garden = 'aa'.repeat(32) as CommunityId

interface Computer extends Person {
  readonly identity: Identity
  readonly house: FakeHouse
  readonly devices: DeviceService
  readonly events: AdmissionEvent[]
}

/** An identity whose device is that of a person of the room; `restore` makes it another person's. */
function identityOf(entropy: Uint8Array, deviceSeed: Uint8Array, first: DeviceCertificate): Identity {
  let phrase = entropyToPhrase(entropy)
  let certificate = first
  return {
    deviceName: 'laptop',
    get did() {
      return didOf(certificate.person)
    },
    get deviceCertificate() {
      return certificate
    },
    deviceKey: first.device,
    peerId: '',
    phrase: async () => phrase,
    async restore(words: string) {
      const isSame = words === phrase
      phrase = words
      const { secret: personSecret } = personFromSeed(entropyToSeed(readPhrase(words)))
      certificate = issueCertificate({ personSecret, deviceSeed, issuedMs: 1 })
      return { identity: undefined as never, replaced: isSame ? undefined : '/home/ada/keystore.replaced-1.json' }
    },
  } as unknown as Identity
}

async function computerIn(t: TestContext, room: Room): Promise<Computer> {
  const [entropy, deviceSeed] = [room.random.bytes(32), room.random.bytes(32)]
  const { secret: personSecret } = personFromSeed(entropyToSeed(entropy))
  const certificate = issueCertificate({ personSecret, deviceSeed, issuedMs: 1 })
  const person = await room.join({}, { certificate, id: peerIdOf(certificate.device) as PeerId })
  const identity = identityOf(entropy, deviceSeed, certificate)
  deviceSeeds.set(identity, deviceSeed)
  const house = createFakeHouse()
  const events: AdmissionEvent[] = []
  const tell = (event: AdmissionEvent) => void events.push(event)
  const devices = createDeviceAdding({
    ...{ clock: room.clock, log: lineLog(person.lines), identity, network: person.network, meet: person.meet, tell },
    ...{ communities: house.communities, gate: house.gate, selfAddress: () => person.address },
    desk: createCodeDesk({ meet: person.meet, tell }),
  })
  await devices.start()
  t.after(() => devices.stop())
  return { ...person, identity, house, devices, events }
}

async function two(t: TestContext, seed: string) {
  const room = createRoom(t, seed)
  const [old, fresh] = [await computerIn(t, room), await computerIn(t, room)]
  await room.introduce(old, fresh)
  return { room, old, fresh }
}

const added = ({ events }: Computer) => events.filter(({ type }) => type === 'device-added')

test('a computer becomes one more device of the person, in all communities that it can be added to', async (t) => {
  const { room, old, fresh } = await two(t, 'device')
  const left = { ...houseOf('bb'.repeat(32) as CommunityId), phase: 'left' as const }
  const others = { ...houseOf('cc'.repeat(32) as CommunityId), otherPerson: true }
  old.house.facts = [houseOf(garden), left, others]
  const { did } = old.identity
  const { code } = await old.devices.openCode(undefined)
  const joined = await room.hurry(fresh.devices.join(code, {}))
  assert.equal(fresh.identity.did, did)
  assert.equal(joined.replaced, '/home/ada/keystore.replaced-1.json')
  assert.deepEqual(old.house.asked, ['device laptop'])
  assert.deepEqual(fresh.house.asked, ['person changed', 'enter Allotment as Ada'])
  await room.until('the old one is told', () => added(old).length === 1)
  assert.deepEqual(added(old)[0], {
    ...{ type: 'device-added', peer: fresh.id, name: 'laptop', communities: 1, missed: 0 },
  })
  const phrase = await old.identity.phrase()
  for (const { lines } of [old, fresh]) {
    for (const secret of [phrase, code.replace(/^\d+-/, '')]) assert.equal(lines.join('\n').includes(secret), false)
  }
})

test('nobody is taken for a device but who entered the code, within its ten minutes, with a certificate of the person', async (t) => {
  const { room, old, fresh } = await two(t, 'expected')
  old.house.facts = [houseOf(garden)]
  const hello = () => encodeHello({ certificate: fresh.identity.deviceCertificate, deviceName: 'laptop' })
  const blames = () => old.network.blames.map(({ blame }) => `${blame.verdict} ${blame.code}`)
  // Uninvited, though with a good certificate of somebody.
  assert.equal(await say(room, fresh, old, hello()), undefined)
  assert.deepEqual(blames(), ['ignore device_not_expected'])

  const { code } = await old.devices.openCode(undefined)
  await room.hurry(fresh.devices.join(code, {}))
  const stranger = strangerIn(room)
  await room.hurry(stranger.network.connect(old.address, { source: 'manual' }))
  assert.equal(await say(room, stranger, old, hello()), undefined)

  // Said again, nothing changes.
  const again = await say(room, fresh, old, hello())
  assert.ok(again !== undefined)
  assert.deepEqual(
    decodeWelcome(again).communities.map(({ community }) => community),
    [garden],
  )
  // Another person's certificate of the same device.
  const asked = old.house.asked.length
  const foreign = issueForeign(room, fresh)
  const before = blames().length
  assert.equal(await say(room, fresh, old, encodeHello({ certificate: foreign, deviceName: 'laptop' })), undefined)
  assert.deepEqual(blames().slice(before), ['reject device_hello_wrong'])
  assert.equal(old.house.asked.length, asked)
})

test('after ten minutes the device is no longer expected', async (t) => {
  const { room, old, fresh } = await two(t, 'late')
  const { code } = await old.devices.openCode(undefined)
  await room.hurry(fresh.devices.join(code, {}))
  const hello = encodeHello({ certificate: fresh.identity.deviceCertificate, deviceName: 'laptop' })
  assert.notEqual(await say(room, fresh, old, hello), undefined)
  await room.pass(deviceExpectedMs)
  await room.introduce(old, fresh)
  assert.equal(await say(room, fresh, old, hello), undefined)
})

test('a hello that is too long, nonsense or never ends costs the stream', async (t) => {
  const { room, old, fresh } = await two(t, 'hello')
  const { code } = await old.devices.openCode(undefined)
  await room.hurry(fresh.devices.join(code, {}))
  const rest = added(old).length
  assert.equal(await say(room, fresh, old, new Uint8Array(helloBytesMax + 1)), undefined)
  const stream = await room.hurry(fresh.network.openStream(old.id, deviceProtocol))
  const ending = readUntilEnd(stream)
  await room.hurry(ending, deviceTimeoutMs + 60_000)
  assert.equal(added(old).length, rest)
  assert.equal(await say(room, fresh, old, new Uint8Array(7)), undefined)
})

test('when the other computer is lost in between, the new one says so, and another code brings the rest', async (t) => {
  const { room, old, fresh } = await two(t, 'lost')
  old.house.facts = [houseOf(garden)]
  const { did } = old.identity
  old.devices.stop()
  const { code } = await old.devices.openCode(undefined)
  const error = await room.failure(fresh.devices.join(code, {}), 'device_half_added')
  assert.match(error.hint, /peerhood device add/)
  assert.equal(fresh.lines.filter((line) => line.startsWith('device_hello_failed')).length, deviceTriesMax)
  assert.equal(fresh.identity.did, did)

  await old.devices.start()
  const second = await old.devices.openCode(undefined)
  const joined = await room.hurry(fresh.devices.join(second.code, {}))
  assert.equal(joined.replaced, undefined)
  assert.equal(joined.communities.length, 1)
})

test('a code whose person is no longer this computer’s hands nothing out', async (t) => {
  const { room, old, fresh } = await two(t, 'changed')
  const { code } = await old.devices.openCode(undefined)
  await old.identity.restore(entropyToPhrase(room.random.bytes(32)))
  await room.failure(fresh.devices.join(code, {}), 'meet_declined')
  await room.until('the old one is told', () => old.events.length === 1)
  const [ended] = old.events
  assert.ok(ended?.type === 'code-ended')
  assert.equal(ended.outcome, 'failed')
  assert.equal(ended.problem?.code, 'other_person')
})

test('open codes are listed and cancelled by their number', async (t) => {
  const { old } = await two(t, 'codes')
  const { nameplate, code } = await old.devices.openCode(undefined)
  assert.deepEqual(
    old.devices.codes().map((one) => one.code),
    [code],
  )
  old.devices.cancelCode(nameplate)
  assert.deepEqual(old.devices.codes(), [])
  assert.throws(() => old.devices.cancelCode(nameplate), { code: 'code_unknown' })
})

/** Says one thing on a stream of the protocol; what comes back, or undefined when the stream is cut. */
async function say(
  room: Room,
  from: Pick<Person, 'network'>,
  to: Pick<Person, 'id'>,
  bytes: Uint8Array,
): Promise<Uint8Array | undefined> {
  const talk = async () => {
    const stream = await from.network.openStream(to.id, deviceProtocol)
    stream.send(bytes)
    await stream.close()
    return readUntilEnd(stream)
  }
  const answer = await room.hurry(
    talk().catch(() => undefined),
    deviceTimeoutMs + 60_000,
  )
  return answer === undefined || equalBytes(answer, new Uint8Array(0)) ? undefined : answer
}

async function readUntilEnd(stream: PeerStream): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream.incoming) chunks.push(Uint8Array.from(chunk))
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}

/** A good certificate of the very device, for another person. */
function issueForeign(room: Room, { identity }: Computer): DeviceCertificate {
  const seed = deviceSeeds.get(identity)
  assert.ok(seed !== undefined)
  return issueCertificate({ personSecret: room.random.bytes(32), deviceSeed: seed, issuedMs: 2 })
}

const deviceSeeds = new WeakMap<Identity, Uint8Array>()
