// Codes of log/: `logErrors` is what an entry can be refused for (every RefusalCode) and what a caller can meet.

import { defineErrors, isPeerhoodError, type PeerhoodError } from '../base/errors.ts'

const senderHint = 'Nothing to do: the entry was refused and whoever sent it was left; others go on.'
const authorHint = 'Nothing to do: its author runs a broken or hostile program, and nobody takes the entry.'

export const logErrors = defineErrors({
  // Why an entry is not taken.
  entry_too_long: { kind: 'refused', hint: 'Put what is large into a file or a block and name that in the entry.' },
  entry_malformed: { kind: 'refused', hint: senderHint },
  entry_version_unknown: {
    kind: 'refused',
    hint: 'Update Peerhood: a newer one wrote it, and it is offered again afterwards.',
  },
  entry_of_other_community: { kind: 'refused', hint: senderHint },
  signature_wrong: { kind: 'refused', hint: senderHint },
  entry_misplaced: { kind: 'refused', hint: authorHint },
  entry_time_backwards: { kind: 'refused', hint: authorHint },
  entry_epoch_backwards: {
    kind: 'refused',
    hint: 'Write it again with the newest key of the community, which has arrived meanwhile.',
  },
  entry_epoch_jumped: { kind: 'refused', hint: authorHint },
  device_frozen: {
    kind: 'refused',
    hint: 'The device wrote two different entries under one number, as a copied or restored data folder does. To become a new device: stop Peerhood, move keystore.json out of the data folder, start it, and let this computer in again with `peerhood device add` on another of yours, or with your phrase and an invitation.',
  },
  log_full: {
    kind: 'refused',
    hint: 'Give the community more room on this computer, or leave communities that you no longer need.',
  },
  device_quota_used: {
    kind: 'refused',
    hint: 'One device has written half of what this community may take here: remove it, or give the community more room.',
  },

  // What a caller meets.
  device_behind: {
    kind: 'conflict',
    hint: 'Wait until the rest has arrived. If it never does, another copy of this data folder wrote it: keep one of them, and let this computer in again as a new device.',
  },
  draft_outdated: { kind: 'conflict', hint: 'Try again: entries arrived between reading and writing.' },
  device_too_fast: {
    kind: 'conflict',
    hint: 'Wait as long as it says, or ask for a role that may write more: others would leave more of it for later.',
  },
  log_unknown: { kind: 'not-found', hint: 'List the communities to see which are on this computer.' },
  log_unwritable: {
    kind: 'local',
    hint: 'Check free space and permissions of the data folder, then try again; nothing was written.',
  },
  log_empty: { kind: 'conflict', hint: 'Wait until the first entries of the community have arrived, then try again.' },
  log_busy: { kind: 'conflict', hint: 'Wait a moment and try again: more is arriving than can be checked.' },
  log_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
  log_row_damaged: {
    kind: 'local',
    hint: 'Check the disk. The entry is asked of others again, which mends it.',
  },
  entry_id_malformed: { kind: 'usage', hint: 'Give the 64 hexadecimal digits of the entry’s id.' },
  community_id_malformed: { kind: 'usage', hint: 'Give the 64 hexadecimal digits of the community’s id.' },
  device_id_malformed: { kind: 'usage', hint: 'Give the 64 hexadecimal digits of the device’s key.' },
  key_id_malformed: { kind: 'usage', hint: 'Give the 32 hexadecimal digits of the key’s id.' },
})

/** What failed while writing: ours as it is, the database's as `log_unwritable`. */
export function toLogError(cause: unknown): PeerhoodError {
  if (isPeerhoodError(cause)) return cause
  return logErrors.log_unwritable('The entries could not be written to the database.', { cause })
}
