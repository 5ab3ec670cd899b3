// What can go wrong between us and a chain. No message holds an RPC address past its host: the rest may be a key.

import { defineErrors } from '../../base/errors.ts'

export const clientErrors = defineErrors({
  ledger_address_unusable: {
    kind: 'usage',
    hint: 'Give an address that begins with https:// (or http:// for a node on this computer), without name and password.',
  },
  ledger_settings_unusable: {
    kind: 'usage',
    hint: 'Give the chain id, the RPC address, a name, and what its coin is called.',
  },
  ledger_chain_mismatch: {
    kind: 'refused',
    hint: 'Compare chain id and address with what the chain’s own page says; nothing was sent.',
  },
  ledger_unreachable: {
    kind: 'not-found',
    hint: 'Check the address and the connection, or ask whoever runs the node; it is tried again at the next question.',
  },
  ledger_silent: { kind: 'not-found', hint: 'Try again in a moment; if it stays so, use another RPC address.' },
  ledger_answer_too_large: { kind: 'refused', hint: 'Ask for less: fewer blocks, a smaller range.' },
  ledger_answer_malformed: {
    kind: 'refused',
    hint: 'Use another RPC address: this one does not speak Ethereum JSON-RPC.',
  },
  ledger_refused: { kind: 'refused', hint: 'Read what the node says, and change what was asked.' },
  ledger_closed: { kind: 'conflict', hint: 'Open the community’s ledger again.' },
})
