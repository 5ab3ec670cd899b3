// What the JSON routes do: one thin line each over DaemonServices. Inputs are checked before they come here; errors
// go out as they are. The type holds every handler to its row of the route table.

import { createAdmissionHandlers, createDeviceHandlers } from './admission-handlers.ts'
import { createChatHandlers, createCommunityHandlers } from './community-handlers.ts'
import { createCopiesHandlers } from './copies-handlers.ts'
import { createDirectHandlers } from './direct-handlers.ts'
import { createIpfsHandlers } from './ipfs-handlers.ts'
import { createLedgerHandlers } from './ledger-handlers.ts'
import { createLedgerRecoveryHandlers } from './ledger-recovery-handlers.ts'
import { requirePerson } from './person.ts'
import type { JsonRouteKey, ParamsOf, ParsedBodyOf, ParsedQueryOf, ResponseOf } from './routes.ts'
import type { Files } from './schemas.ts'
import type { DaemonServices } from './services.ts'
import { createWalletHandlers } from './wallet-handlers.ts'

export interface Call<Key extends JsonRouteKey> {
  readonly params: ParamsOf<Key>
  readonly query: ParsedQueryOf<Key>
  readonly body: ParsedBodyOf<Key>
  /** Aborts when the caller is gone, the deadline passes or the daemon stops. */
  readonly signal: AbortSignal
  /** The caller has shown the confirm key beside the token: the page or the CLI of whoever owns the data folder. */
  readonly isPerson: boolean
  /** Runs once the answer is out (or its caller gone). */
  afterAnswer(run: () => void): void
}

export type JsonHandlers = {
  readonly [Key in JsonRouteKey]: (call: Call<Key>) => ResponseOf<Key> | Promise<ResponseOf<Key>>
}

export function createHandlers(services: DaemonServices): JsonHandlers {
  return {
    ...createCommunityHandlers(services.communities),
    ...createAdmissionHandlers(services.admission),
    ...createDeviceHandlers(services.devices, services.identity),
    ...createChatHandlers(services.chat),
    ...createDirectHandlers(services.direct),
    ...createIpfsHandlers(services.ipfs),
    ...createCopiesHandlers(services.copies),
    ...createLedgerHandlers(services.ledgers),
    ...createLedgerRecoveryHandlers(services.ledgerRecovery),
    ...createWalletHandlers(services.wallet),

    'GET /api/status': () => services.status(),
    'POST /api/stop': ({ afterAnswer }) => {
      afterAnswer(() => services.stop())
      return undefined
    },
    'GET /api/doctor': ({ signal }) => services.doctor({ signal }),
    'GET /api/settings': () => services.settings(),
    'PATCH /api/settings': ({ body }) => services.changeSettings(body),
    'GET /api/notifications': () => services.notifications(),
    'POST /api/notifications/test': async () => {
      await services.testNotification()
      return undefined
    },

    'GET /api/identity': () => services.identity(),
    'POST /api/identity/phrase': async ({ body, isPerson }) => {
      await requirePerson(isPerson, services.identity)
      return { phrase: await services.phrase(body.passphrase) }
    },
    'POST /api/identity/restore': ({ body }) => services.restore(body.phrase, body.passphrase),
    'POST /api/identity/lock': async ({ body, isPerson }) => {
      await requirePerson(isPerson, services.identity)
      return services.lock(body.passphrase, body.current)
    },

    'GET /api/peers': () => ({ peers: [...services.peers()] }),
    'POST /api/peers': ({ body, signal }) => services.connect(body.address, { signal }),

    'GET /api/shares': () => ({ shares: [...services.shares()] }),
    'POST /api/shares': ({ body }) => services.addShare(body),
    'GET /api/shares/:id': ({ params }) => services.share(params.id),
    'DELETE /api/shares/:id': async ({ params }) => {
      await services.removeShare(params.id)
      return undefined
    },
    'GET /api/shares/:id/files': async ({ params, query }) => pageOf(await services.shareFiles(params.id), query),

    'POST /api/uploads': async ({ signal }) => {
      const upload = await services.beginUpload()
      // Nobody is there to be told its id, so nobody would ever end it.
      if (signal.aborted) await services.cancelUpload(upload.id)
      return upload
    },
    'DELETE /api/uploads/:id': async ({ params }) => {
      await services.cancelUpload(params.id)
      return undefined
    },

    'POST /api/links': ({ body }) => services.inspectLink(body.link),

    'GET /api/transfers': () => ({ transfers: [...services.transfers()] }),
    'POST /api/transfers': ({ body }) => services.addTransfer(body),
    'GET /api/transfers/:id': ({ params }) => services.transfer(params.id),
    'DELETE /api/transfers/:id': async ({ params }) => {
      await services.removeTransfer(params.id)
      return undefined
    },
    'POST /api/transfers/:id/pause': ({ params }) => services.pauseTransfer(params.id),
    'POST /api/transfers/:id/resume': ({ params }) => services.resumeTransfer(params.id),
    'POST /api/transfers/:id/cancel': ({ params }) => services.cancelTransfer(params.id),
    'GET /api/transfers/:id/files': async ({ params, query }) => pageOf(await services.transferFiles(params.id), query),
  }
}

function pageOf(files: readonly Files['files'][number][], query: { offset: number; limit: number }): Files {
  return { files: files.slice(query.offset, query.offset + query.limit), total: files.length }
}
