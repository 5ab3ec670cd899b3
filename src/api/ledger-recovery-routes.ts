// The routes of recovery ceremonies (docs/recovery.md): rows of the table in routes.ts.

import {
  ledgerRecoveryCheckRequestSchema,
  ledgerRecoveryConfirmRequestSchema,
  ledgerRecoveryFileSchema,
  ledgerRecoveryForgetRequestSchema,
  ledgerRecoverySchema,
  ledgerRecoverySignRequestSchema,
  ledgerRecoveryStateRequestSchema,
} from './ledger-recovery-schemas.ts'
import { route } from './route.ts'

export const ledgerRecoveryRoutes = {
  'GET /api/communities/:id/ledger/recovery': route({
    kind: 'json',
    id: 'ledgerRecovery',
    summary: 'Who of the ledger’s validators is left, and the recoveries that were confirmed on this computer',
    status: 200,
    response: ledgerRecoverySchema,
  }),
  'POST /api/communities/:id/ledger/recovery/statements': route({
    kind: 'json',
    id: 'stateLedgerRecovery',
    summary: 'Make the file that those who are left sign: after the last final block, these are to decide',
    status: 200,
    request: ledgerRecoveryStateRequestSchema,
    response: ledgerRecoveryFileSchema,
  }),
  'POST /api/communities/:id/ledger/recovery/signatures': route({
    kind: 'json',
    id: 'signLedgerRecovery',
    summary:
      'Sign such a file as one of the last validators; takes the confirm key, and the passphrase where one is set',
    status: 200,
    request: ledgerRecoverySignRequestSchema,
    response: ledgerRecoveryFileSchema,
  }),
  'POST /api/communities/:id/ledger/recovery/check': route({
    kind: 'json',
    id: 'checkLedgerRecovery',
    summary: 'What such a file says, who signed it, and its fingerprint',
    status: 200,
    request: ledgerRecoveryCheckRequestSchema,
    response: ledgerRecoveryFileSchema,
  }),
  'POST /api/communities/:id/ledger/recovery': route({
    kind: 'json',
    id: 'confirmLedgerRecovery',
    summary:
      'Confirm such a file by its fingerprint, for good; takes the confirm key, and the passphrase where one is set',
    status: 200,
    request: ledgerRecoveryConfirmRequestSchema,
    response: ledgerRecoverySchema,
  }),
  'POST /api/communities/:id/ledger/recovery/forget': route({
    kind: 'json',
    id: 'forgetLedgerRecovery',
    summary: 'Take a confirmation back that the chain has not gone on by; takes the confirm key',
    status: 200,
    request: ledgerRecoveryForgetRequestSchema,
    response: ledgerRecoverySchema,
  }),
} as const
