// What can go wrong with who one is. No message, detail or cause holds a secret: what is wrong in a phrase is told by
// the word that is NOT on the list, and errors of JSON or crypto libraries, which quote their input, are never a cause.

import { defineErrors } from '../base/errors.ts'

export const identityErrors = defineErrors({
  keystore_damaged: {
    kind: 'local',
    hint: 'Put a good copy of keystore.json in its place, or move it away, start again and give your recovery phrase to `peerhood identity restore`.',
  },
  keystore_exposed: {
    kind: 'local',
    hint: 'Take the rights of others away with chmod 600, and think about who may have read it.',
  },
  keystore_newer: { kind: 'local', hint: 'Start the newer Peerhood that wrote it.' },
  keystore_unreadable: { kind: 'local', hint: 'Run Peerhood as the person who owns the file, or mend its owner.' },
  keystore_unwritable: {
    kind: 'local',
    hint: 'Check free space and permissions of the data folder; what was there before is unchanged.',
  },
  keystore_exists: { kind: 'conflict', hint: 'Another Peerhood made a keystore in this folder just now: start again.' },
  keystore_changed: {
    kind: 'conflict',
    hint: 'Stop Peerhood and start it again, so that it takes up the keystore that is there now.',
  },
  passphrase_needed: {
    kind: 'refused',
    hint: 'Give the passphrase of the keystore: at a terminal `peerhood start` asks for it; elsewhere set the environment variable PEERHOOD_PASSPHRASE.',
  },
  passphrase_wrong: {
    kind: 'refused',
    hint: 'Check Caps Lock and the keyboard layout, then try again. If it is lost, the recovery phrase still restores everything but this device’s key.',
  },
  passphrase_unusable: { kind: 'usage', hint: 'Choose a passphrase of 1 to 1024 characters.' },
  phrase_word_count: { kind: 'usage', hint: 'Give all 24 words in their order, with a space between them.' },
  phrase_word_unknown: {
    kind: 'usage',
    hint: 'Correct it and try again; every word is on the English list of BIP-39.',
  },
  phrase_checksum_wrong: {
    kind: 'usage',
    hint: 'Compare each word with what you wrote down: one is another word of the list, or two changed places.',
  },
  device_name_unusable: { kind: 'usage', hint: 'Choose a name of 1 to 64 visible characters.' },
  certificate_malformed: { kind: 'refused', hint: 'Whoever sent it has a broken or hostile program.' },
  certificate_not_trusted: { kind: 'refused', hint: 'Do not believe that this device belongs to that person.' },
})
