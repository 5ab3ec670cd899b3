// Codes of chain/. The first group is what a person or a program meets; the second is what is wrong with a transaction (its
// sender reads it); the third what is wrong with a block: those are also codes of verdicts.

import { defineErrors } from '../../base/errors.ts'

export const chainErrors = defineErrors({
  genesis_malformed: { kind: 'usage', hint: 'Ask whoever founded the ledger to found it again.' },
  genesis_other: {
    kind: 'conflict',
    hint: 'Open it with the genesis it began with, or give the other ledger a folder of its own.',
  },
  chain_damaged: {
    kind: 'local',
    hint: 'Move the ledger’s database away: the node fetches the chain from others again. Keep the folder with the votes.',
  },
  chain_stopped: { kind: 'interrupted', hint: 'Open the ledger again, then repeat it.' },
  chain_disk_failed: {
    kind: 'local',
    hint: 'Make room on the disk, then start the ledger again: it goes on where it was.',
  },
  block_unknown: { kind: 'not-found', hint: 'Ask for a block that is known here, or wait until it has arrived.' },
  block_not_next: { kind: 'conflict', hint: 'Fetch the blocks in between first.' },
  logs_too_many: { kind: 'usage', hint: 'Ask for fewer blocks at once, or for fewer addresses and topics.' },
  logs_filter_wrong: {
    kind: 'usage',
    hint: 'Ask with at most four positions of topics and a range that begins before it ends.',
  },
  history_pruned: { kind: 'not-found', hint: 'Ask a node that keeps everything (an archive) for what is older.' },
  recovery_wrong: {
    kind: 'conflict',
    hint: 'Compare it with the one that the others have; take it back with `peerhood ledger recovery forget EPOCH`.',
  },
  chain_state_absent: { kind: 'conflict', hint: 'Nothing to do: it is looked at again once a snapshot is whole.' },
  snapshot_refused: { kind: 'refused', hint: 'Nothing to do: it is fetched from somebody else.' },
})

const mend = 'Correct the transaction, sign it again and send it again.'

/** Why a transaction is not taken into the pool. */
export const poolErrors = defineErrors({
  transaction_malformed: { kind: 'usage', hint: mend },
  transaction_too_long: { kind: 'usage', hint: 'Put less data into it, or split it into several.' },
  transaction_type_refused: { kind: 'usage', hint: 'Send a transaction of type 0, 1, 2 or 4.' },
  transaction_unsigned: { kind: 'usage', hint: 'Sign it, then send it again.' },
  transaction_other_chain: { kind: 'usage', hint: 'Choose this ledger’s network in the wallet, then sign again.' },
  transaction_known: { kind: 'conflict', hint: 'Nothing to do: it waits for its block.' },
  transaction_gas_too_low: { kind: 'usage', hint: 'Let the wallet estimate the gas, then sign again.' },
  transaction_gas_too_high: { kind: 'usage', hint: 'Set a gas limit that fits, then sign again.' },
  nonce_too_low: {
    kind: 'conflict',
    hint: 'Look whether it is in a block already; else sign again with the next nonce.',
  },
  nonce_too_high: { kind: 'usage', hint: 'Send the transactions before it first.' },
  balance_too_low: { kind: 'refused', hint: 'Have the account filled up, or send less.' },
  sender_has_code: { kind: 'refused', hint: 'Send from an account that is held by a key.' },
  fee_too_low: {
    kind: 'refused',
    hint: 'Pay the fee that strangers pay, or ask a validator to let you in as a member.',
  },
  members_only: { kind: 'refused', hint: 'Ask a validator of this ledger to let your account in as a member.' },
  quota_exceeded: { kind: 'refused', hint: 'Wait until the quota is given back, or pay the fee per gas.' },
  replacement_too_cheap: { kind: 'conflict', hint: 'Raise the price per gas by a tenth and sign again, or wait.' },
  account_full: { kind: 'refused', hint: 'Wait until some of the account’s transactions are in blocks.' },
  pool_full: { kind: 'refused', hint: 'Wait a little, or pay more per gas.' },
})

const blockHint = 'Nothing to do: whoever proposed it is at fault, and the next proposer goes on.'

/** What makes a block one that nobody may vote for. */
export const blockErrors = defineErrors({
  block_malformed: { kind: 'refused', hint: blockHint },
  block_too_long: { kind: 'refused', hint: blockHint },
  block_parent_unknown: { kind: 'refused', hint: 'Nothing to do: it is checked again when its parent is known.' },
  block_parent_old: { kind: 'refused', hint: blockHint },
  block_height_wrong: { kind: 'refused', hint: blockHint },
  block_place_wrong: { kind: 'refused', hint: blockHint },
  block_time_wrong: { kind: 'refused', hint: blockHint },
  block_from_future: {
    kind: 'refused',
    hint: 'Nothing to do; where it comes often, compare this computer’s clock with others.',
  },
  block_proposer_wrong: { kind: 'refused', hint: blockHint },
  block_field_wrong: { kind: 'refused', hint: blockHint },
  block_not_empty: { kind: 'refused', hint: blockHint },
  block_transaction_wrong: { kind: 'refused', hint: blockHint },
  block_quota_exceeded: { kind: 'refused', hint: blockHint },
  block_quota_unknown: {
    kind: 'refused',
    hint: 'Nothing to do: those who know decide on it, and this computer takes it once it is final.',
  },
  block_fee_too_low: { kind: 'refused', hint: blockHint },
  block_result_wrong: { kind: 'refused', hint: blockHint },
  block_set_wrong: { kind: 'refused', hint: blockHint },
})
