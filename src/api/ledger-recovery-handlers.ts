// What the JSON routes of recovery ceremonies do: one thin line each, as in handlers.ts.

import type { JsonHandlers } from './handlers.ts'
import type { LedgerRecoveryServices } from './ledger-recovery-services.ts'
import type { JsonRouteKey } from './routes.ts'

export type LedgerRecoveryKey = Extract<JsonRouteKey, `${string}/ledger/recovery${string}`>

export function createLedgerRecoveryHandlers(recovery: LedgerRecoveryServices): Pick<JsonHandlers, LedgerRecoveryKey> {
  return {
    'GET /api/communities/:id/ledger/recovery': ({ params, signal }) => recovery.get(params.id, { signal }),
    'POST /api/communities/:id/ledger/recovery/statements': ({ params, body, signal }) =>
      recovery.state(params.id, body.validators, { signal }),
    'POST /api/communities/:id/ledger/recovery/signatures': ({ params, body, signal, isPerson }) =>
      recovery.sign(params.id, body.file, { isPerson, passphrase: body.passphrase }, { signal }),
    'POST /api/communities/:id/ledger/recovery/check': ({ params, body, signal }) =>
      recovery.check(params.id, body.file, { signal }),
    'POST /api/communities/:id/ledger/recovery': ({ params, body: { passphrase, ...request }, signal, isPerson }) =>
      recovery.confirm(params.id, request, { isPerson, passphrase }, { signal }),
    'POST /api/communities/:id/ledger/recovery/forget': ({ params, body, signal, isPerson }) =>
      recovery.forget(params.id, body.epoch, { isPerson, passphrase: body.passphrase }, { signal }),
  }
}
