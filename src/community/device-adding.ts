// One more device for the same person. The old computer shows a code; the new one proves that it knows it, and gets the
// person's entropy over the sealed channel. Only with that can it make a certificate of its own, so the rest goes over a
// stream of its own, where the certificate says that both are one person's:
//
//   new                                         old
//   code (meet/)               ──────────────►  expects this peer, for ten minutes
//                              ◄──────────────  handover: entropy
//   restores the person, makes its certificate
//   hello: certificate         ──────────────►  `device` and `grant` in every community
//                              ◄──────────────  welcome: the communities
//   opens each of them
//
// Must stay true: the entropy goes to whoever proved the code, once, and lies in memory no longer than the code is open;
// nobody is added but the peer that got it, by a certificate of this very person; a hello that is said again changes
// nothing. docs/protocol/meet.md, "A new device".

import { BoundedMap } from '../base/bounded.ts'
import { concatBytes } from '../base/bytes.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, sleep } from '../base/ports.ts'
import { didOf, entropyToPhrase, peerIdOf } from '../identity/core.ts'
import { readPhrase } from '../identity/phrase.ts'
import type { Identity } from '../identity/types.ts'
import { deviceIdOf } from '../log/ids.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { Network, PeerAddress, PeerId, PeerStream } from '../network/types.ts'
import type { AdmissionEvent, DeviceAdding, DeviceJoined, OwnDevice } from './admission-types.ts'
import {
  decodeHandover,
  decodeHello,
  decodeWelcome,
  encodeHandover,
  encodeHello,
  encodeWelcome,
  type Hello,
  type Welcome,
} from './admission-wire.ts'
import type { CodeDesk } from './code-desk.ts'
import { communityErrors } from './errors.ts'
import { type Gate, plainAddress } from './gate.ts'
import {
  deviceExpectedMs,
  deviceRetryMs,
  deviceStreamsPerPeerMax,
  devicesExpectedMax,
  deviceTimeoutMs,
  deviceTriesMax,
  helloBytesMax,
  welcomeBytesMax,
} from './limits.ts'
import type { GuestHandler, Meet, MeetPurpose } from './meet/types.ts'
import type { Communities, CommunityFacts, Device } from './types.ts'

export const deviceProtocol = '/peerhood/device/1'

export interface DeviceAddingParts {
  readonly clock: Clock
  readonly log: Log
  readonly identity: Identity
  readonly network: Network
  readonly communities: Communities
  readonly gate: Gate
  readonly meet: Meet
  readonly desk: CodeDesk
  readonly selfAddress: () => PeerAddress
  readonly tell: (event: AdmissionEvent) => void
  /** Told of the computer at the other end, when both have come to be this person's. */
  readonly onOwnDevice?: ((peer: PeerId) => void) | undefined
}

export interface DeviceService extends DeviceAdding {
  start(): Promise<void>
  stop(): void
}

const forDevices = (purpose: MeetPurpose) => purpose.kind === 'device'

export function createDeviceAdding(parts: DeviceAddingParts): DeviceService {
  const { clock, identity, communities, gate, meet, desk, network, log } = parts
  /** Who has the entropy, and until when (`monotonicMs`) it is taken for a device of this person. */
  const expected = new BoundedMap<PeerId, number>(devicesExpectedMax)
  let unserve: Cancel | undefined
  let stopping = new AbortController()

  const own = ({ otherPerson, phase }: CommunityFacts) => otherPerson !== true && phase === 'open'

  // ---- the old device

  async function openCode(passphrase: string | undefined) {
    const entropy = readPhrase(await identity.phrase(passphrase))
    const { did } = identity
    const handler: GuestHandler = async ({ peer }) => {
      if (identity.did !== did) throw communityErrors.other_person('This computer has become another person’s since.')
      expected.set(peer, clock.monotonicMs() + deviceExpectedMs)
      return encodeHandover({ entropy, peers: [plainAddress(parts.selfAddress())] })
    }
    return desk.open({ kind: 'device' }, handler, () => void entropy.fill(0))
  }

  async function serve(stream: PeerStream): Promise<void> {
    const peer = stream.remotePeer
    if ((expected.get(peer) ?? 0) <= clock.monotonicMs()) {
      stream.abort(communityErrors.device_not_expected('This device is not expected.'))
      network.blame(peer, { code: 'device_not_expected', verdict: 'ignore' })
      return
    }
    const hello = await talk(stream, async () => helloOf(await readAll(stream, helloBytesMax), peer))
    if (hello === undefined) {
      network.blame(peer, { code: 'device_hello_wrong', verdict: 'reject' })
      return
    }
    const welcome = await addEverywhere(hello)
    await talk(stream, () => sendAll(stream, encodeWelcome(welcome)))
    log.info('device_added', { peerId: peer, communities: welcome.communities.length, missed: welcome.missed })
    const { missed } = welcome
    parts.tell({ type: 'device-added', peer, name: hello.deviceName, communities: welcome.communities.length, missed })
    parts.onOwnDevice?.(peer)
  }

  /** Undefined when it is not what this device was given the entropy for. */
  function helloOf(bytes: Uint8Array, peer: PeerId): Hello | undefined {
    try {
      const hello = decodeHello(bytes)
      const { person, device } = hello.certificate
      return didOf(person) === identity.did && peerIdOf(device) === peer ? hello : undefined
    } catch (error) {
      if (isPeerhoodError(error)) return undefined
      throw error
    }
  }

  async function addEverywhere({ certificate, deviceName }: Hello): Promise<Welcome> {
    const added: Welcome['communities'][number][] = []
    let missed = 0
    for (const { id } of communities.list().filter(own)) {
      try {
        const { peers: _peers, ...ticket } = await gate.addDevice(id, { certificate: certificate.bytes, deviceName })
        added.push(ticket)
      } catch (error) {
        missed += 1
        log.warn('device_not_added', { community: id, code: toPeerhoodError(error).code })
      }
    }
    return { communities: added, missed }
  }

  // ---- the new device

  async function join(...[code, { passphrase, signal }]: Parameters<DeviceAdding['join']>): Promise<DeviceJoined> {
    // Said now, before the code is spent on a keystore that can't be written.
    await identity.phrase(passphrase)
    const names = { memberName: identity.deviceName, deviceName: identity.deviceName }
    const request = { certificate: identity.deviceCertificate, ...names, kind: 'device' } as const
    const met = await meet.enter(code, signal === undefined ? request : { ...request, signal })
    const handover = decodeHandover(met.bytes)
    const { replaced } = await identity.restore(entropyToPhrase(handover.entropy), passphrase)
    handover.entropy.fill(0)
    gate.personChanged()
    const { addresses } = handover.peers.find(({ peerId }) => peerId === met.host) ?? { addresses: [] }
    const welcome = await introduce({ peerId: met.host, addresses })
    const joined: CommunityFacts[] = []
    let { missed } = welcome
    for (const { memberName, ...ticket } of welcome.communities) {
      try {
        joined.push(await gate.enter({ ...ticket, peers: handover.peers }, memberName))
      } catch (error) {
        missed += 1
        log.warn('device_community_not_opened', { community: ticket.community, code: toPeerhoodError(error).code })
      }
    }
    parts.onOwnDevice?.(met.host)
    return {
      replaced,
      communities: joined,
      missed,
      others: communities.list().filter((one) => one.otherPerson === true),
    }
  }

  /** Shows the certificate until it is taken: the person is this computer's by now, so giving up early helps nobody. */
  async function introduce(host: PeerAddress): Promise<Welcome> {
    for (let tries = 1; ; tries++) {
      try {
        return await introduceOnce(host)
      } catch (error) {
        const { code } = toPeerhoodError(error)
        log.warn('device_hello_failed', { peerId: host.peerId, tries, code })
        if (stopping.signal.aborted || tries === deviceTriesMax) {
          throw communityErrors.device_half_added(
            'This computer is this person’s now, but the other one was lost before it named the communities.',
            { details: { code } },
          )
        }
        await sleep(clock, deviceRetryMs * 2 ** (tries - 1), { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  async function introduceOnce(host: PeerAddress): Promise<Welcome> {
    const { signal } = stopping
    await network.connect(host, { source: 'link', signal })
    const stream = await network.openStream(host.peerId, deviceProtocol, { signal })
    const { deviceCertificate: certificate, deviceName } = identity
    return talk(stream, async () => {
      await sendAll(stream, encodeHello({ certificate, deviceName }))
      return decodeWelcome(await readAll(stream, welcomeBytesMax))
    })
  }

  /** Work on a stream that ends with a deadline, and with us; what fails cuts the stream. */
  async function talk<Result>(stream: PeerStream, work: () => Promise<Result>): Promise<Result> {
    const late = () => communityErrors.device_half_added('The other computer says nothing.')
    const limit = deadline(clock, deviceTimeoutMs, late, stopping.signal)
    const cut = () => stream.abort(toPeerhoodError(limit.signal.reason))
    limit.signal.addEventListener('abort', cut, { once: true })
    try {
      return await work()
    } catch (error) {
      stream.abort(toPeerhoodError(error))
      throw error
    } finally {
      limit.signal.removeEventListener('abort', cut)
      limit.done()
    }
  }

  return {
    async start() {
      stopping = new AbortController()
      unserve = await network.handle(deviceProtocol, serve, { streamsPerPeerMax: deviceStreamsPerPeerMax })
    },
    stop() {
      unserve?.()
      unserve = undefined
      stopping.abort(communityErrors.device_half_added('Peerhood is stopping.'))
    },
    list: () => ownDevices(communities.list().filter(own), identity),
    openCode,
    codes: () => desk.list(forDevices),
    cancelCode: (nameplate) => desk.cancel(nameplate, forDevices),
    join,
  }
}

/** This computer first, then the others as they came; whatever is a device of this person in some community. */
function ownDevices(facts: readonly CommunityFacts[], identity: Identity): OwnDevice[] {
  const here = deviceIdOf(identity.deviceKey)
  const found = new Map<DeviceId, { device: Device; communities: CommunityId[] }>()
  for (const { id, self } of facts) {
    for (const device of self?.devices ?? []) {
      if (device.state !== 'active') continue
      const known = found.get(device.device)
      if (known === undefined) found.set(device.device, { device, communities: [id] })
      else known.communities.push(id)
    }
  }
  const others = [...found.values()].filter(({ device }) => device.device !== here)
  const self: OwnDevice = {
    device: here,
    peer: identity.peerId as PeerId,
    name: identity.deviceName,
    here: true,
    communities: found.get(here)?.communities ?? [],
    addedMs: found.get(here)?.device.addedMs,
  }
  return [
    self,
    ...others.map(({ device, communities }) => {
      const { device: id, peerId: peer, name, addedMs } = device
      return { device: id, peer, name, here: false, communities, addedMs }
    }),
  ]
}

/** All that the other side sends until it closes. Throws `admission_malformed` past `bytesMax`. */
async function readAll(stream: PeerStream, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream.incoming) {
    bytes += chunk.length
    if (bytes > bytesMax) throw communityErrors.admission_malformed('The other computer sends more than there can be.')
    // A copy: what a stream gives is its own again afterwards.
    chunks.push(Uint8Array.from(chunk))
  }
  return concatBytes(...chunks)
}

async function sendAll(stream: PeerStream, bytes: Uint8Array): Promise<void> {
  if (!stream.send(bytes)) await stream.drained()
  await stream.close()
}
