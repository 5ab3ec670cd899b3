// A daemon's services in memory: real behaviour, no disk and no network, for tests of the API and the SDK and for
// working on the page by itself. Files live in a Map; "peers" are other such services given by `offers`.
//
// What it does, it does: a share is scanned step by step, its CID and link come from its bytes, a transfer takes the
// other side's bytes block by block, waits while paused, and lets readers have what has arrived. Daemons with one `hub`
// are in each other's reach and share communities. Time is the Clock that it is given; each step takes `stepMs`.

import { createHash, randomUUID } from 'node:crypto'
import type { Event, Identity, Peer, Settings, Status } from '../../src/api/schemas.ts'
import type { DaemonServices } from '../../src/api/services.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Clock } from '../../src/base/ports.ts'
import { createMemoryAdmission } from './services-admission.ts'
import { createMemoryChat } from './services-chat.ts'
import { createMemoryCommunities } from './services-communities.ts'
import { createMemoryCopies } from './services-copies.ts'
import { createMemoryDirect } from './services-direct.ts'
import { fileOf, type MemoryFiles, type MemoryOffer, memoryErrors } from './services-files.ts'
import { createMemoryAuthor, createMemoryHub, type MemoryHub } from './services-hub.ts'
import { createMemoryIpfs } from './services-ipfs.ts'
import { createMemoryLedgers } from './services-ledger.ts'
import { createMemoryRecovery } from './services-ledger-recovery.ts'
import { createMemoryShares } from './services-shares.ts'
import { createMemoryTransfers } from './services-transfers.ts'
import { createMemoryWallet } from './services-wallet.ts'

export interface MemoryOptions {
  readonly clock: Clock
  /** How long a step of a scan or transfer takes; default 1 ms. */
  readonly stepMs?: number
  /** Bytes a transfer step brings; default 64 KiB. */
  readonly stepBytes?: number
  /** Files and folders that `addShare` finds, by absolute path. */
  readonly disk?: ReadonlyMap<string, MemoryFiles>
  /** Bytes that uploads may take in all before the "disk" is full; default 64 MiB. */
  readonly diskBytesMax?: number
  /** Looks a link up among other peers. */
  readonly offers?: (link: string) => MemoryOffer | undefined
  readonly onStop?: () => void
  /** Where communities live; daemons with the same hub meet in them. Default: one of its own. */
  readonly hub?: MemoryHub
}

export interface MemoryServices extends DaemonServices {
  /** Tells everybody who listens. */
  emit(event: Event): void
  /** What other services' `offers` can look up here. */
  offer(link: string): MemoryOffer | undefined
  readonly stops: number
}

const phrase = `${'abandon '.repeat(23)}art`

export function createMemoryServices(options: MemoryOptions): MemoryServices {
  const { clock, stepMs = 1 } = options
  const events = new Emitter<Event>()
  const peerId = `12D3Koo${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 45)}`
  const startedAtMs = clock.nowMs()
  const author = createMemoryAuthor(peerId)
  const did = author.person
  const shares = createMemoryShares({
    clock,
    stepMs,
    disk: options.disk ?? new Map(),
    diskBytesMax: options.diskBytesMax ?? 64 * 1024 * 1024,
    emit: (event) => events.emit(event),
  })
  const peers = new Map<string, Peer>()
  const transfers = createMemoryTransfers({
    clock,
    stepMs,
    stepBytes: options.stepBytes ?? 64 * 1024,
    offers: options.offers ?? (() => undefined),
    emit: (event) => events.emit(event),
  })
  const hub = options.hub ?? createMemoryHub()
  const emit = (event: Event) => events.emit(event)
  const communities = createMemoryCommunities({ clock, hub, author, deviceName: () => settings.deviceName, emit })
  const chat = createMemoryChat({ clock, hub, author, communities, emit })
  const admission = createMemoryAdmission({
    ...{ clock, hub, author, communities, deviceName: () => settings.deviceName, emit },
    checkPassphrase: (given) => checkPassphrase(given),
  })
  const direct = createMemoryDirect({ clock, hub, author, communities, chat, emit })
  const copies = createMemoryCopies({ clock, shares: shares.list, inspect: (link) => direct.inspect(link), emit })
  const ledgers = createMemoryLedgers({
    ...{ clock, emit, person: did, peerId },
    find: (id) => communities.services.get(id),
  })
  let stops = 0
  let passphrase: string | undefined
  let settings: Settings = {
    deviceName: 'test',
    downloads: '/downloads',
    mdns: true,
    upnp: true,
    relay: false,
    bootstrap: [],
    keepConversations: true,
    notifications: true,
  }

  function identity(): Identity {
    const certificate = { issuedAtMs: startedAtMs, person: did, device: peerId }
    const ethereumAddress = `0x${createHash('sha256').update(peerId).digest('hex').slice(0, 40)}`
    const { deviceName } = settings
    return {
      did,
      ethereumAddress,
      peerId,
      deviceName,
      certificate,
      passphrase: passphrase !== undefined,
    }
  }

  function status(): Status {
    return {
      version: '0.0.0-memory',
      peerId,
      did,
      deviceName: settings.deviceName,
      home: '/memory',
      api: 'http://127.0.0.1',
      startedAtMs,
      addresses: [`/ip4/127.0.0.1/tcp/4001/p2p/${peerId}`],
      reachability: { kind: 'local-only', sentence: 'Only this process can reach this peer.' },
      peersConnected: peers.size,
      peersKnown: peers.size,
      shares: shares.list().length,
      transfersActive: transfers.list().filter(({ state }) => state === 'transferring').length,
      bytesIn: 0,
      bytesOut: 0,
      notices: [],
    }
  }

  function checkPassphrase(given: string | undefined): void {
    if (passphrase !== given) throw memoryErrors.passphrase_wrong('That is not the passphrase.')
  }

  const filesOf = (of: { readonly share: string } | { readonly transfer: string }) =>
    'share' in of ? shares.filesOf(of.share) : transfers.filesOf(of.transfer)

  return {
    emit: (event) => events.emit(event),
    offer: shares.offer,
    get stops() {
      return stops
    },

    status,
    stop() {
      stops += 1
      options.onStop?.()
    },
    identity: async () => identity(),
    async phrase(given) {
      checkPassphrase(given)
      return phrase
    },
    async restore(words, given) {
      checkPassphrase(given)
      if (words !== phrase) throw memoryErrors.phrase_wrong('Word 1 is not in the list.')
      return identity()
    },
    async lock(next, current) {
      checkPassphrase(current)
      passphrase = next ?? undefined
      return identity()
    },

    peers: () => [...peers.values()],
    async connect(address, { signal }) {
      signal.throwIfAborted()
      const id = /\/p2p\/(\w+)$/.exec(address)?.[1]
      if (id === undefined) throw memoryErrors.address_malformed('That is not the address of a peer.')
      const peer = newPeer(id, address, clock.nowMs())
      peers.set(id, peer)
      events.emit({ type: 'peer', peer })
      return peer
    },

    shares: shares.list,
    share: shares.view,
    addShare: async (request) => shares.add(request),
    removeShare: async (id) => shares.remove(id),
    shareFiles: async (id) => [...shares.filesOf(id)].map(([path, bytes]) => fileOf(path, bytes, bytes.length)),
    beginUpload: async () => shares.beginUpload(),
    writeUpload: shares.writeUpload,
    cancelUpload: async (id) => shares.cancelUpload(id),

    inspectLink(link) {
      const ofCommunity = communities.inspect(link)
      if (ofCommunity !== undefined) return ofCommunity
      const ofPerson = direct.inspect(link)
      if (ofPerson !== undefined) return ofPerson
      const shareId = /^peerhood:([0-9a-f]{52})[0-9a-f]{40}$/.exec(link)?.[1]
      if (shareId === undefined) throw memoryErrors.link_damaged('This link is cut or mistyped.')
      return { kind: 'read', visibility: 'private', shareId, peers: [] }
    },

    transfers: transfers.list,
    transfer: transfers.view,
    addTransfer: async (request) => transfers.add(request),
    pauseTransfer: async (id) => transfers.pause(id),
    resumeTransfer: async (id) => transfers.resume(id),
    cancelTransfer: async (id) => transfers.cancel(id),
    removeTransfer: async (id) => transfers.remove(id),
    transferFiles: async (id) =>
      [...transfers.filesOf(id)].map(([path, bytes]) => fileOf(path, bytes, transfers.bytesDone(id, path))),

    async file(of, path) {
      const bytes = filesOf(of).get(path)
      if (bytes === undefined) throw memoryErrors.file_unknown('There is no such file.')
      return fileOf(path, bytes, 'share' in of ? bytes.length : transfers.bytesDone(of.transfer, path))
    },
    async *openFile(of, path, range, { signal }) {
      const bytes = filesOf(of).get(path)
      if (bytes === undefined) throw memoryErrors.file_unknown('There is no such file.')
      for (let start = range.start; start < range.end; ) {
        signal.throwIfAborted()
        const end = Math.min(range.end, start + 64 * 1024)
        if ('transfer' in of) await transfers.arrived(of.transfer, path, end, signal)
        yield bytes.subarray(start, end)
        start = end
      }
    },

    communities: communities.services,
    ...admission,
    chat,
    direct: direct.services,
    ipfs: createMemoryIpfs({ clock, emit }),
    wallet: createMemoryWallet(),
    copies,
    ledgerRecovery: createMemoryRecovery({ clock, self: peerId, find: (id) => communities.services.get(id) }),
    ledgers: ledgers.calls,
    ledgerRpc: ledgers.rpc,

    doctor: async () => ({
      state: 'ok',
      checks: [{ id: 'memory', title: 'Memory', state: 'ok', finding: 'Everything is in memory.', advice: null }],
    }),
    settings: () => settings,
    async changeSettings(patch) {
      settings = { ...settings, ...(Object.fromEntries(Object.entries(patch)) as Partial<Settings>) }
      events.emit({ type: 'settings', settings })
      return settings
    },
    notifications() {
      const on = settings.notifications
      return { on, possible: true, sentence: on ? 'Messages to you are shown.' : 'They are switched off.' }
    },
    async testNotification() {
      if (!settings.notifications) throw memoryErrors.notify_failed('Nothing could be shown.')
    },
    pagesOpen: () => undefined,
    onEvent: (listener) => events.on(listener),
    metrics: async () => `# TYPE peerhood_shares gauge\npeerhood_shares ${shares.list().length}\n`,
  }
}

function newPeer(peerId: string, address: string, nowMs: number): Peer {
  return {
    peerId,
    state: 'connected',
    source: 'manual',
    path: 'direct',
    pathSentence: 'Direct, by TCP.',
    direction: 'outbound',
    address,
    transport: 'tcp',
    encryption: 'tls',
    latencyMs: 1,
    bytesIn: 0,
    bytesOut: 0,
    connectedAtMs: nowMs,
    agent: null,
  }
}
