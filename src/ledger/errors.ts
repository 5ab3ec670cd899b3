// What can go wrong with ledgers as a whole; chain, RPC, wallet have codes of their own in their folders. The second table is
// of what peers do wrong on a stream.

import { defineErrors } from '../base/errors.ts'

export const ledgerErrors = defineErrors({
  ledger_none: {
    kind: 'not-found',
    hint: 'Found one with `peerhood ledger found --community NAME`, or wait until its founding has reached this computer.',
  },
  ledger_founded: { kind: 'conflict', hint: 'A community has one ledger; look at it with `peerhood ledger status`.' },
  ledger_no_validators: {
    kind: 'conflict',
    hint: 'Let members offer their computers with `peerhood ledger validators --offer`, or name some with --validators.',
  },
  ledger_validator_unknown: {
    kind: 'not-found',
    hint: 'List who offers to validate with `peerhood ledger validators`.',
  },
  ledger_not_validator: {
    kind: 'refused',
    hint: 'Ask the persons whose computers validate now: `peerhood ledger validators` lists them.',
  },
  ledger_of_two: { kind: 'refused', hint: 'Make a community with the other person and found the ledger there.' },
  ledger_starting: { kind: 'conflict', hint: 'Try again in a moment: the chain is being opened.' },
  ledger_down: {
    kind: 'internal',
    hint: 'It is started again by itself; `peerhood doctor` says what happened.',
  },
  ledger_busy: { kind: 'conflict', hint: 'Ask again in a moment, and ask for less at once.' },
  ledger_late: {
    kind: 'internal',
    hint: 'Ask for less at once; `peerhood ledger status` says whether the chain goes on.',
  },
  ledger_block_unknown: { kind: 'not-found', hint: 'See the newest blocks with `peerhood ledger status`.' },
  ledger_transaction_unknown: {
    kind: 'not-found',
    hint: 'Check the hash, and that the transaction was sent to this ledger.',
  },
  ledger_address_malformed: { kind: 'usage', hint: 'An address is 0x and 40 hexadecimal digits.' },
  ledger_hash_malformed: { kind: 'usage', hint: 'A hash is 0x and 64 hexadecimal digits.' },
  ledger_raw_malformed: { kind: 'usage', hint: 'Give the signed transaction as 0x and hexadecimal digits.' },
  ledger_account_locked: {
    kind: 'refused',
    hint: 'Give the passphrase of the keystore, so that your account can be told to the community.',
  },
  ledger_settings_unusable: { kind: 'usage', hint: 'Name web origins like https://app.example, without a path.' },
  ledgers_too_many: { kind: 'conflict', hint: 'Leave and forget communities whose ledger you no longer need.' },
  ledger_proof_malformed: { kind: 'usage', hint: 'Give a file that `peerhood ledger prove` wrote, unchanged.' },
  ledger_proof_wrong: {
    kind: 'refused',
    hint: 'Do not rely on it: ask whoever gave it to you for another, and compare the ledger’s genesis hash.',
  },
  ledger_recovery_refused: {
    kind: 'refused',
    hint: 'Compare the file with the others, and see `peerhood ledger recovery show FILE`: docs/recovery.md.',
  },
  ledger_recovery_not_confirmed: {
    kind: 'refused',
    hint: 'Do it in the page as `peerhood open` opens it, or with `peerhood ledger recovery`.',
  },
  ledger_recovery_other: {
    kind: 'conflict',
    hint: 'Compare fingerprints with the others; one that did not count yet is taken back with `peerhood ledger recovery forget EPOCH`.',
  },
  ledger_recovery_taken: {
    kind: 'conflict',
    hint: 'The ledger goes on by it; another set of validators comes with `peerhood ledger validators --agree`.',
  },
  ledger_recovery_none: {
    kind: 'not-found',
    hint: 'See which were confirmed with `peerhood ledger recovery`.',
  },
  ledger_recoveries_many: {
    kind: 'conflict',
    hint: 'Found a new ledger with `peerhood ledger found` in a new community: this one lost its validators too often.',
  },
  ledger_fingerprint_other: {
    kind: 'refused',
    hint: 'Do not confirm the file: ask each of the others to read the fingerprint of theirs aloud.',
  },
  ledger_choice_unusable: {
    kind: 'usage',
    hint: 'Give chain id, name and coin; an RPC address only if it is public: your own with a key belongs on your computer alone.',
  },
  ledger_choice_not_accepted: {
    kind: 'refused',
    hint: 'Read `peerhood ledger chain`, then agree with `peerhood ledger chain --accept`, or bring an address of your own with --here.',
  },
  ledger_light: {
    kind: 'conflict',
    hint: 'Let this computer hold the chain with `peerhood ledger settings --mode full`, or ask on one that does.',
  },
})

const otherHint = 'Nothing to do: the peer has a newer, broken or hostile program and is left.'

export const ledgerPeerErrors = defineErrors({
  ledger_frame_malformed: { kind: 'refused', hint: otherHint },
  ledger_frame_too_long: { kind: 'refused', hint: otherHint },
  ledger_frame_out_of_order: { kind: 'refused', hint: otherHint },
  ledger_silent: { kind: 'refused', hint: otherHint },
  ledger_not_here: { kind: 'refused', hint: otherHint },
  ledger_link_over: { kind: 'interrupted', hint: 'Nothing to do: it is opened again when it is needed.' },
})
