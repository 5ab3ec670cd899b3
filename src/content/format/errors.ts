// What can be wrong with links, records, inventories, blocks and layouts: all of it comes from people or peers.

import { defineErrors } from '../../base/errors.ts'

const askAgain = 'Ask whoever sent the link to copy it again, or scan the QR code.'
const notOurs =
  'What the peer sent is not a share of this kind; it is left alone. Try another peer or ask for a new link.'

export const formatErrors = defineErrors({
  link_unknown: { kind: 'usage', hint: 'A Peerhood link begins with "peerhood:". Paste all of it.' },
  link_cut_off: {
    kind: 'usage',
    hint: 'Copy it once more, up to its last character. If there is no more of it, ask whoever sent it for the whole link, or scan the QR code.',
  },
  link_mistyped: { kind: 'usage', hint: `A character is wrong, missing or too many. ${askAgain}` },
  link_newer: { kind: 'usage', hint: 'A newer Peerhood made this link: update Peerhood on this computer.' },
  link_elsewhere: { kind: 'usage', hint: 'It is a good link, for another part of Peerhood: open it there.' },
  link_malformed: {
    kind: 'usage',
    hint: 'The program that made this link made it wrong. Ask for a link made by Peerhood.',
  },
  share_id_malformed: { kind: 'usage', hint: 'A share id is the 52 letters and digits that `peerhood shares` shows.' },
  key_malformed: { kind: 'refused', hint: notOurs },
  block_seal_wrong: {
    kind: 'refused',
    hint: 'The link does not open this share, or its author sealed it wrong. Ask for the link again.',
  },
  block_hash_wrong: {
    kind: 'refused',
    hint: 'The peer sent other bytes than the author signed; they were thrown away.',
  },
  record_malformed: { kind: 'refused', hint: notOurs },
  record_newer: { kind: 'refused', hint: 'A newer Peerhood made this share: update Peerhood on this computer.' },
  record_not_trusted: {
    kind: 'refused',
    hint: 'The record is not signed by the author of the share; it was thrown away.',
  },
  meta_malformed: { kind: 'refused', hint: notOurs },
  inventory_malformed: { kind: 'refused', hint: notOurs },
  bitfield_malformed: { kind: 'refused', hint: notOurs },
  layout_malformed: { kind: 'refused', hint: 'The share itself is made wrong; its author has to share it again.' },
  layout_too_large: { kind: 'refused', hint: 'The share is larger than Peerhood handles: ask its author to split it.' },
  folder_not_shardable: { kind: 'local', hint: 'Rename one of the two files that the message names.' },
})
