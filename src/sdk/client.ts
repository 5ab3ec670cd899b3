// The typed client of the daemon's API: the only way in which the command line and the page reach the daemon, and the
// way for any other program. Browser-safe: fetch, streams, AbortSignal; no node:*, no zod. See docs/sdk.md.

import { createDeviceCalls } from './admission.ts'
import { createChatCalls } from './chat.ts'
import { systemClock } from './clock.ts'
import { createCommunityCalls } from './communities.ts'
import { contentUrl, openContent } from './content.ts'
import { createCopiesCalls } from './copies.ts'
import { createDirectCalls } from './direct.ts'
import { receiveEvents } from './events.ts'
import { createHttp, type Http } from './http.ts'
import { createIpfsCalls } from './ipfs.ts'
import { createLedgerCalls } from './ledger.ts'
import { errorOfFailure } from './problems.ts'
import { createShareCalls } from './shares.ts'
import { createTransferCalls } from './transfers.ts'
import type { CallOptions, IdentityCalls, PeerCalls, Peerhood, PeerhoodOptions, SettingsCalls } from './types.ts'
import { createUploadCalls } from './uploads.ts'
import { createExplorerCalls, createWalletCalls } from './wallet.ts'

export { isPeerhoodError, PeerhoodError } from '../base/errors.ts'
export type * from './types.ts'

/** A client of the daemon at `url`. Throws `url_malformed`; nothing is sent before the first call. */
export function createPeerhood(options: PeerhoodOptions): Peerhood {
  const http = createHttp({
    url: options.url,
    token: options.token,
    confirmKey: options.confirmKey,
    // Called through a closure: browsers refuse a detached `fetch`.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: options.clock ?? systemClock,
  })
  const shares = createShareCalls(http)
  return {
    url: http.url,
    status: (call) => http.call('GET /api/status', call),
    stop: (call) => http.call('POST /api/stop', call),
    doctor: (call) => http.call('GET /api/doctor', call),
    metrics: (call) => readMetrics(http, call),
    identity: createIdentityCalls(http),
    peers: createPeerCalls(http),
    shares,
    uploads: createUploadCalls(http, (upload, isPublic) => shares.add({ upload, public: isPublic })),
    links: { inspect: (request, call) => http.call('POST /api/links', { body: request, ...call }) },
    transfers: createTransferCalls(http),
    communities: createCommunityCalls(http),
    devices: createDeviceCalls(http),
    chat: createChatCalls(http),
    direct: createDirectCalls(http),
    ipfs: createIpfsCalls(http),
    copies: createCopiesCalls(http),
    ledger: createLedgerCalls(http),
    wallet: createWalletCalls(http),
    explorer: createExplorerCalls(http),
    settings: createSettingsCalls(http),
    notifications: {
      get: (call) => http.call('GET /api/notifications', call),
      test: (call) => http.call('POST /api/notifications/test', call),
    },
    events: (call) => receiveEvents(http, call),
    contentUrl: (of, path, urlOptions) => contentUrl(http, of, path, urlOptions),
    openContent: (of, path, call) => openContent(http, of, path, call),
  }
}

function createIdentityCalls(http: Http): IdentityCalls {
  return {
    get: (options) => http.call('GET /api/identity', options),
    async phrase(request = {}, options) {
      return (await http.call('POST /api/identity/phrase', { body: request, ...options })).phrase
    },
    restore: (request, options) => http.call('POST /api/identity/restore', { body: request, ...options }),
    lock: (request, options) => http.call('POST /api/identity/lock', { body: request, ...options }),
  }
}

function createPeerCalls(http: Http): PeerCalls {
  return {
    async list(options) {
      return (await http.call('GET /api/peers', options)).peers
    },
    connect: (request, options) => http.call('POST /api/peers', { body: request, ...options }),
  }
}

function createSettingsCalls(http: Http): SettingsCalls {
  return {
    get: (options) => http.call('GET /api/settings', options),
    change: (patch, options) => http.call('PATCH /api/settings', { body: patch, ...options }),
  }
}

async function readMetrics(http: Http, options: CallOptions = {}): Promise<string> {
  const response = await http.send('GET /metrics', options)
  try {
    return await response.text()
  } catch (error) {
    throw errorOfFailure(error, http.url, options.signal)
  }
}
