// The table of methods. What is not in it is refused at once, which tools that probe rely on.

import type { Methods } from '../context.ts'
import { accountMethods } from './accounts.ts'
import { blockMethods } from './blocks.ts'
import { callMethods } from './calls.ts'
import { debugMethods } from './debug.ts'
import { feeMethods } from './fees.ts'
import { filterMethods } from './filters.ts'
import { networkMethods } from './network.ts'
import { poolMethods } from './pool.ts'
import { simulateMethods } from './simulate.ts'
import { subscriptionMethods } from './subscriptions.ts'
import { transactionMethods } from './transactions.ts'

export const methods: Methods = {
  ...networkMethods,
  ...blockMethods,
  ...accountMethods,
  ...transactionMethods,
  ...callMethods,
  ...simulateMethods,
  ...filterMethods,
  ...subscriptionMethods,
  ...feeMethods,
  ...debugMethods,
  ...poolMethods,
}
