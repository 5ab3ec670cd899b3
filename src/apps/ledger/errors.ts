// Codes of the app `ledger`: what a person meets, and why an entry does not count (nobody is told: it is left out).

import { defineErrors } from '../../base/errors.ts'

export const ledgerAppErrors = defineErrors({
  ledger_not_allowed: {
    kind: 'refused',
    hint: 'Ask an admin or an owner of the community: founding its ledger and choosing its chain is theirs.',
  },
})

export const ledgerWireErrors = defineErrors({
  ledger_body_malformed: {
    kind: 'refused',
    hint: 'Nothing to do: it is left out; whoever wrote it has a newer, broken or hostile program.',
  },
})
