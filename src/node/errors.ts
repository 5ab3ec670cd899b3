// What can go wrong with the daemon itself, before and beside the features.

import { defineErrors } from '../base/errors.ts'

export const nodeErrors = defineErrors({
  home_in_use: {
    kind: 'conflict',
    hint: 'Use the daemon that runs, end it with `peerhood stop`, or choose another folder with PEERHOOD_HOME.',
  },
  home_not_usable: {
    kind: 'local',
    hint: 'Choose a folder that you may write to with PEERHOOD_HOME, or mend its permissions.',
  },
  settings_damaged: {
    kind: 'local',
    hint: 'Mend settings.json in the data folder, or delete it to start from the defaults.',
  },
  upload_unknown: {
    kind: 'not-found',
    hint: 'Begin a new upload: one that brings nothing for ten minutes is dropped, and all end when the daemon stops.',
  },
  upload_name_unsafe: { kind: 'usage', hint: 'Rename the file and drop it again.' },
  upload_too_large: { kind: 'usage', hint: 'Share it by its path instead: `peerhood share PATH` copies nothing.' },
  uploads_too_many: { kind: 'conflict', hint: 'Wait for the others to finish, or cancel one.' },
  upload_failed: { kind: 'local', hint: 'Check free space and permissions of the data folder, then drop it again.' },
  file_unknown: { kind: 'not-found', hint: 'Read the list of files again.' },
  file_not_here: { kind: 'not-found', hint: 'Fetch the share first, with `peerhood get`.' },
  share_not_readable: {
    kind: 'refused',
    hint: 'This computer only keeps it for others: ask its author for the full link.',
  },
  notify_unavailable: {
    kind: 'local',
    hint: 'Install notify-send (on Debian and Ubuntu the package libnotify-bin), or keep a page open.',
  },
  notify_failed: {
    kind: 'local',
    hint: 'Start Peerhood from within your desktop, and look whether it shows notifications of other programs.',
  },
  request_malformed: { kind: 'usage', hint: 'Give either a path or a finished upload.' },
})
