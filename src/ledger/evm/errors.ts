// What can go wrong with execution and state. A transaction that fails inside the EVM is no error: its receipt says so.

import { defineErrors } from '../../base/errors.ts'

export const evmErrors = defineErrors({
  block_unknown: { kind: 'not-found', hint: 'Ask for a block that this computer has executed.' },
  state_pruned: {
    kind: 'not-found',
    hint: 'Ask for a newer block, or ask somebody who keeps the whole history (an archive).',
  },
  state_damaged: {
    kind: 'local',
    hint: 'Stop Peerhood, move the ledger’s database away and start again: it is fetched from the other members.',
  },
  state_not_empty: { kind: 'conflict', hint: 'A snapshot only goes into a ledger without a state of its own.' },
  snapshot_wrong: { kind: 'refused', hint: 'Fetch the snapshot from somebody else.' },
  transaction_invalid: { kind: 'refused', hint: 'Whoever proposed this block has a broken or hostile program.' },
  call_unusable: { kind: 'usage', hint: 'Give gas, data and overrides within the limits that docs/limits.md states.' },
})
