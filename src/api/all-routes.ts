// The whole table, for what describes or checks it.

import { lateRoutes } from './late-routes.ts'
import { earlyRoutes, type Routes } from './routes.ts'

export const routes: Routes = { ...earlyRoutes, ...lateRoutes }
