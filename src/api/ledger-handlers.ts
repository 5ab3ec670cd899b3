// What the JSON routes of ledgers do: one thin line each, as in handlers.ts.

import type { JsonHandlers } from './handlers.ts'
import type { LedgerRecoveryKey } from './ledger-recovery-handlers.ts'
import type { LedgerServices } from './ledger-services.ts'
import type { JsonRouteKey } from './routes.ts'

export type LedgerKey = Extract<JsonRouteKey, `${string}/ledger${string}`>

export function createLedgerHandlers(
  ledgers: LedgerServices,
): Pick<JsonHandlers, Exclude<LedgerKey, LedgerRecoveryKey>> {
  return {
    'GET /api/communities/:id/ledger': ({ params, signal }) => ledgers.get(params.id, { signal }),
    'POST /api/communities/:id/ledger': ({ params, body, signal }) => ledgers.found(params.id, body, { signal }),
    'PATCH /api/communities/:id/ledger': ({ params, body, signal }) => ledgers.change(params.id, body, { signal }),
    'POST /api/communities/:id/ledger/offer': ({ params, body, signal }) => ledgers.offer(params.id, body, { signal }),
    'POST /api/communities/:id/ledger/validators': ({ params, body, signal }) =>
      ledgers.agree(params.id, body.validators, { signal }),
    'GET /api/communities/:id/ledger/members': ({ params, query, signal }) =>
      ledgers.members(params.id, query, { signal }),
    'PUT /api/communities/:id/ledger/choice': ({ params, body, signal }) =>
      ledgers.choose(params.id, body.chain, { signal }),
    'POST /api/communities/:id/ledger/account': ({ params, body, signal }) =>
      ledgers.announceAccount(params.id, body.passphrase, { signal }),
    'GET /api/communities/:id/ledger/blocks': ({ params, query, signal }) =>
      ledgers.blocks(params.id, query, { signal }),
    'GET /api/communities/:id/ledger/blocks/:block': ({ params, signal }) =>
      ledgers.block(params.id, params.block, { signal }),
    'GET /api/communities/:id/ledger/transactions': ({ params, query, signal }) =>
      ledgers.transactions(params.id, query, { signal }),
    'POST /api/communities/:id/ledger/transactions': async ({ params, body, signal }) => ({
      hash: await ledgers.submit(params.id, body.raw, { signal }),
    }),
    'GET /api/communities/:id/ledger/transactions/:hash': ({ params, signal }) =>
      ledgers.transaction(params.id, params.hash, { signal }),
    'GET /api/communities/:id/ledger/accounts': ({ params, query, signal }) =>
      ledgers.accounts(params.id, query, { signal }),
    'GET /api/communities/:id/ledger/accounts/:address': ({ params, signal }) =>
      ledgers.account(params.id, params.address, { signal }),
    'POST /api/communities/:id/ledger/proofs': async ({ params, body, signal }) => ({
      file: await ledgers.prove(params.id, body, { signal }),
    }),
    'POST /api/ledger/check': ({ body }) => ledgers.check(body.file),
  }
}
