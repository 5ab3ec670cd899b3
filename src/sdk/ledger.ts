// Calls about ledgers.

import type { LedgerExportLine } from '../api/ledger-schemas.ts'
import { exportLines } from './export.ts'
import type { Http } from './http.ts'
import { createLedgerRecoveryCalls } from './ledger-recovery.ts'
import type { LedgerCalls } from './ledger-types.ts'

export function createLedgerCalls(http: Http): LedgerCalls {
  return {
    recovery: createLedgerRecoveryCalls(http),
    get: (id, options) => http.call('GET /api/communities/:id/ledger', { params: { id }, ...options }),
    found: (id, request = {}, options) =>
      http.call('POST /api/communities/:id/ledger', { params: { id }, body: request, ...options }),
    change: (id, patch, options) =>
      http.call('PATCH /api/communities/:id/ledger', { params: { id }, body: patch, ...options }),
    offer: (id, request, options) =>
      http.call('POST /api/communities/:id/ledger/offer', { params: { id }, body: request, ...options }),
    agree: (id, validators, options) =>
      http.call('POST /api/communities/:id/ledger/validators', {
        params: { id },
        body: { validators: [...validators] },
        ...options,
      }),
    members: (id, query = {}, options) =>
      http.call('GET /api/communities/:id/ledger/members', { params: { id }, query, ...options }),
    choose: (id, chain, options) =>
      http.call('PUT /api/communities/:id/ledger/choice', { params: { id }, body: { chain }, ...options }),
    announceAccount: (id, request = {}, options) =>
      http.call('POST /api/communities/:id/ledger/account', { params: { id }, body: request, ...options }),
    blocks: (id, query = {}, options) =>
      http.call('GET /api/communities/:id/ledger/blocks', { params: { id }, query: plain(query), ...options }),
    block: (id, block, options) =>
      http.call('GET /api/communities/:id/ledger/blocks/:block', {
        params: { id, block: String(block) },
        ...options,
      }),
    transactions: (id, query = {}, options) =>
      http.call('GET /api/communities/:id/ledger/transactions', { params: { id }, query: plain(query), ...options }),
    transaction: (id, hash, options) =>
      http.call('GET /api/communities/:id/ledger/transactions/:hash', { params: { id, hash }, ...options }),
    async submit(id, raw, options) {
      const request = { params: { id }, body: { raw }, ...options }
      return (await http.call('POST /api/communities/:id/ledger/transactions', request)).hash
    },
    accounts: (id, query = {}, options) =>
      http.call('GET /api/communities/:id/ledger/accounts', { params: { id }, query, ...options }),
    account: (id, address, options) =>
      http.call('GET /api/communities/:id/ledger/accounts/:address', { params: { id, address }, ...options }),
    async prove(id, request, options) {
      const made = await http.call('POST /api/communities/:id/ledger/proofs', {
        params: { id },
        body: request,
        ...options,
      })
      return made.file
    },
    check: (file, options) => http.call('POST /api/ledger/check', { body: { file }, ...options }),
    export: (id, options) => exportLines<LedgerExportLine>(http, 'GET /api/communities/:id/ledger/export', id, options),
  }
}

/** Numbers as they are written in an address. */
function plain({ before, limit }: { before?: unknown; limit?: unknown }) {
  return {
    ...(before === undefined ? {} : { before: Number(before) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  }
}
