// What can go wrong on the command line itself. What the daemon refuses keeps its own code.

import { defineErrors } from '../base/errors.ts'

export const cliErrors = defineErrors({
  usage: { kind: 'usage', hint: 'See `peerhood --help`, or `peerhood COMMAND --help`.' },
  environment_malformed: { kind: 'usage', hint: 'Correct or unset the variable.' },
  no_daemon: { kind: 'no-daemon', hint: 'Start it with `peerhood start`.' },
  daemon_ended: { kind: 'no-daemon', hint: 'Start it with `peerhood start`: what was under way goes on.' },
  daemon_failed: {
    kind: 'internal',
    hint: 'Start it again: nothing acknowledged is lost. Please report it with peerhood.log.',
  },
  daemon_hangs: {
    kind: 'internal',
    hint: 'End its process; nothing acknowledged is lost. Please report it with the log.',
  },
  daemon_file_not_readable: {
    kind: 'local',
    hint: 'Run the command as the person who started Peerhood, or choose their folder with PEERHOOD_HOME.',
  },
  nobody_has_it: {
    kind: 'not-found',
    hint: 'Ask whoever gave you the link to start Peerhood, then run the same command again.',
  },
  transfer_cancelled: { kind: 'refused', hint: 'Run the same command to fetch it again.' },
  transfer_failed: { kind: 'internal', hint: 'See `peerhood transfers`.' },
  share_failed: { kind: 'local', hint: 'See `peerhood shares`.' },
  interrupted: { kind: 'interrupted', hint: 'Run the same command to go on.' },
  not_confirmed: { kind: 'interrupted', hint: 'Nothing was changed or shown.' },
  cannot_ask: { kind: 'usage', hint: 'Run it in a terminal, or give the answer with the option named in --help.' },
  unknown_id: { kind: 'not-found', hint: 'Give an id or the beginning of one, as the list shows it.' },
  unknown_name: { kind: 'not-found', hint: 'Give its name, its id or the beginning of its id, as the list shows it.' },
  ambiguous_name: { kind: 'usage', hint: 'Give the id, or more of it.' },
  link_for_community: {
    kind: 'usage',
    hint: 'Use `peerhood community join` for an invite, `peerhood community keep` for a link to keep.',
  },
  community_unsound: {
    kind: 'refused',
    hint: 'Compare the six words with another member, who may hold what is damaged here, and check the disk.',
  },
  code_ended: { kind: 'refused', hint: 'Run the command again for a new code.' },
  file_exists: { kind: 'local', hint: 'Choose another name, or give --force.' },
  file_not_writable: { kind: 'local', hint: 'Choose another place, or make room there.' },
  ambiguous_id: { kind: 'usage', hint: 'Give more of it.' },
})
