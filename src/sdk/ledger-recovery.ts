// Calls about recovery ceremonies of ledgers.

import type { Http } from './http.ts'
import type { LedgerRecoveryCalls } from './ledger-recovery-types.ts'

export function createLedgerRecoveryCalls(http: Http): LedgerRecoveryCalls {
  return {
    get: (id, options) => http.call('GET /api/communities/:id/ledger/recovery', { params: { id }, ...options }),
    state: (id, validators, options) =>
      http.call('POST /api/communities/:id/ledger/recovery/statements', {
        params: { id },
        body: { validators: [...validators] },
        ...options,
      }),
    sign: (id, body, options) =>
      http.call('POST /api/communities/:id/ledger/recovery/signatures', { params: { id }, body, ...options }),
    check: (id, file, options) =>
      http.call('POST /api/communities/:id/ledger/recovery/check', { params: { id }, body: { file }, ...options }),
    confirm: (id, body, options) =>
      http.call('POST /api/communities/:id/ledger/recovery', { params: { id }, body, ...options }),
    forget: (id, body, options) =>
      http.call('POST /api/communities/:id/ledger/recovery/forget', { params: { id }, body, ...options }),
  }
}
