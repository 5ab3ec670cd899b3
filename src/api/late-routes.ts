// The routes of ledgers, wallet and explorer, which most daemons are never asked for: they and their schemas are loaded with the
// first request to a path of theirs (app.ts), and are no part of what an idle daemon holds.

import { ledgerRecoveryRoutes } from './ledger-recovery-routes.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import { walletRoutes } from './wallet-routes.ts'

export const lateRoutes = { ...ledgerRoutes, ...ledgerRecoveryRoutes, ...walletRoutes } as const
