// Codes of the SDK's own; all others come from the daemon's problem documents.

import { defineErrors } from '../base/errors.ts'

export const sdkErrors = defineErrors({
  daemon_unreachable: { kind: 'no-daemon', hint: 'Start Peerhood with `peerhood start`, then try again.' },
  daemon_silent: { kind: 'no-daemon', hint: 'The daemon is busy or stuck: try again, else stop and start it.' },
  answer_malformed: { kind: 'internal', hint: 'Check that the address is that of a Peerhood daemon of this version.' },
  range_malformed: { kind: 'usage', hint: 'Give a start below the end, in whole bytes.' },
  upload_empty: { kind: 'usage', hint: 'Choose at least one file.' },
  url_malformed: { kind: 'usage', hint: 'Give the address that `peerhood start` prints, like http://127.0.0.1:4780.' },
  share_failed: { kind: 'local', hint: 'See what the share says.' },
  share_gone: { kind: 'not-found', hint: 'The share was removed while you waited.' },
  export_cut_off: { kind: 'interrupted', hint: 'Export it again: what has come is not all.' },
  transfer_failed: { kind: 'internal', hint: 'See what the transfer says.' },
  transfer_gone: { kind: 'not-found', hint: 'The transfer was removed while you waited.' },
  transfer_cancelled: { kind: 'interrupted', hint: 'Fetch the link again to start anew.' },
})
