// What can go wrong in the node of a ledger: what a person sees, and what peers are blamed for.

import { defineErrors } from '../../base/errors.ts'

export const validatorErrors = defineErrors({
  ledger_disk_full: {
    kind: 'local',
    hint: 'Make room on the disk that holds the data folder; voting goes on by itself.',
  },
  ledger_file_damaged: {
    kind: 'local',
    hint: 'Move the file away and start again: this validator then asks the others what it said before it votes.',
  },
  ledger_vote_refused: {
    kind: 'refused',
    hint: 'Nothing is to be done: this validator said something later already, and goes on with the next view.',
  },
  ledger_stopped: { kind: 'interrupted', hint: 'Start the ledger again.' },
  ledger_checkpoint_contradicted: {
    kind: 'refused',
    hint: 'Ask somebody of the community you trust for a new invitation, and compare the first letters of the block.',
  },
  ledger_nobody_answers: {
    kind: 'not-found',
    hint: 'Wait until a member who holds the ledger is online, then try again.',
  },
  ledger_not_found: { kind: 'not-found', hint: 'Check the hash or the address, and that the block is final.' },
  ledger_recovery_wrong: {
    kind: 'refused',
    hint: 'Compare the file with the others who sign it, line by line, and make it again: docs/recovery.md.',
  },
  ledger_recovery_unknown: {
    kind: 'conflict',
    hint: 'Ask somebody you trust for the file of the recovery, and confirm it with `peerhood ledger recovery confirm FILE`.',
  },
})

export function recoveryUnknown() {
  return validatorErrors.ledger_recovery_unknown(recoverySentence)
}

/** Whether it is so, no computer can tell. */
export const recoverySentence =
  'Another computer says that this ledger went on by a recovery, with validators that nobody confirmed here.'

/** What a peer may be blamed for, and how it reads. */
export const faultSentences = {
  ledger_message_empty: 'A message without a kind.',
  ledger_message_kind_unknown: 'A message of a kind that there is not.',
  ledger_message_too_long: 'A message longer than its kind may be.',
  ledger_message_malformed: 'A message that is not written as the protocol says.',
  ledger_other_ledger: 'It speaks of another ledger.',
  ledger_hello_missing: 'It did not say who it is first.',
  ledger_announcement_wrong: 'It names a validator key that did not sign for it.',
  ledger_too_many_messages: 'More messages than an honest node sends.',
  ledger_too_many_requests: 'More requests than are answered.',
  ledger_answer_unasked: 'An answer to nothing that was asked.',
  ledger_block_invalid: 'A final block that does not follow from the one before.',
  ledger_certificate_invalid: 'A certificate that does not hold.',
  ledger_snapshot_invalid: 'A snapshot that does not give the state root of its block.',
  ledger_proof_invalid: 'A proof that does not lead to the state root.',
  ledger_evidence_invalid: 'Evidence that proves nothing.',
  ledger_gossip_malformed: 'Gossip that is not written as the protocol says.',
} as const
export type LedgerFault = keyof typeof faultSentences

const toBlame = { kind: 'refused', hint: 'Whoever sent it has a broken or hostile program.' } as const

export const ledgerPeerErrors = defineErrors(
  Object.fromEntries(Object.keys(faultSentences).map((code) => [code, toBlame])) as Record<LedgerFault, typeof toBlame>,
)

export function fault(code: LedgerFault) {
  return ledgerPeerErrors[code](faultSentences[code])
}
