// What can go wrong with money. No message holds a phrase, a key or a passphrase.

import { defineErrors } from '../../base/errors.ts'

export const walletErrors = defineErrors({
  wallet_address_unusable: {
    kind: 'usage',
    hint: 'Copy the whole address, 0x and 40 digits, from whoever gave it; do not type it by hand.',
  },
  wallet_amount_unusable: { kind: 'usage', hint: 'Write it with digits and a point, such as 12.5.' },
  wallet_uri_unusable: { kind: 'usage', hint: 'Ask for a new code or link, or give address and amount by hand.' },
  wallet_chain_mismatch: {
    kind: 'refused',
    hint: 'Open the community whose chain it is for; the same address may be somebody else’s here.',
  },
  wallet_name_unknown: { kind: 'not-found', hint: 'Give the address itself, or a name of the address book.' },
  wallet_name_unusable: { kind: 'usage', hint: 'Choose a name of 1 to 64 visible characters.' },
  wallet_account_unknown: { kind: 'not-found', hint: 'Choose one of the accounts that the wallet lists.' },
  wallet_accounts_full: { kind: 'conflict', hint: 'Use one of the accounts that are there.' },
  wallet_token_unknown: { kind: 'not-found', hint: 'Compare the contract’s address with where you got it from.' },
  wallet_funds_short: { kind: 'refused', hint: 'Send less, or wait until more has come in.' },
  wallet_call_unusable: { kind: 'usage', hint: 'Give the data as 0x and pairs of hexadecimal digits.' },
  wallet_typed_unusable: { kind: 'refused', hint: 'Do not sign it: ask whoever made it what it should say.' },
  wallet_message_unusable: { kind: 'usage', hint: 'Give a text that a person can read, of at most 64 KiB.' },
  wallet_not_confirmed: {
    kind: 'refused',
    hint: 'Confirm it in the page (opened by `peerhood open`) or with `peerhood ledger confirm`; an API token alone may spend within an allowance only.',
  },
  wallet_not_accepted: { kind: 'refused', hint: 'Read the warnings, and confirm again if you want it all the same.' },
  wallet_request_gone: { kind: 'not-found', hint: 'Make the request again.' },
  wallet_request_interrupted: {
    kind: 'interrupted',
    hint: 'Look into the history whether it went out before you ask for it again.',
  },
  wallet_requests_full: { kind: 'conflict', hint: 'Answer or refuse requests that wait, then try again.' },
  wallet_contacts_full: { kind: 'conflict', hint: 'Take names out of the address book that you need no longer.' },
  wallet_allowances_full: { kind: 'conflict', hint: 'Take an allowance away that is needed no longer.' },
  wallet_unsettled: { kind: 'conflict', hint: 'Wait until transactions that were sent are in a block.' },
  wallet_key_changed: {
    kind: 'conflict',
    hint: 'Restore the phrase whose accounts these are with `peerhood identity restore`, or open the wallet again.',
  },
  explorer_not_found: { kind: 'not-found', hint: 'Compare what you look for with where you have it from.' },
})
