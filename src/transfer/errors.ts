// Codes of transfer/. The first group is what a person meets; the second is what a peer did wrong: those codes are also
// the log line's and the blame's.

import { defineErrors } from '../base/errors.ts'

export const transferErrors = defineErrors({
  transfer_unknown: { kind: 'not-found', hint: 'List the transfers to see which there are.' },
  transfer_state_wrong: { kind: 'conflict', hint: 'Look at the state of the transfer first.' },
  transfer_not_ready: { kind: 'conflict', hint: 'Wait until the list of files has arrived, then try again.' },
  transfer_file_unknown: { kind: 'not-found', hint: 'List the files of the transfer to see which there are.' },
  transfers_too_many: { kind: 'conflict', hint: 'Remove transfers that have ended, then try again.' },
  transfer_share_busy: { kind: 'conflict', hint: 'Wait for the other transfer, or cancel it.' },
  readers_too_many: { kind: 'conflict', hint: 'Close some of the places where files of this share are open.' },
  range_wrong: { kind: 'usage', hint: 'Ask for bytes that lie inside the file.' },
  block_not_wanted: { kind: 'usage', hint: 'This file was left out by --only: fetch it with another pattern.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/share/1`; each costs it the stream, most cost it the connection. */
export const peerErrors = defineErrors({
  frame_empty: { kind: 'refused', hint: peerHint },
  frame_too_long: { kind: 'refused', hint: peerHint },
  frame_kind_unknown: { kind: 'refused', hint: peerHint },
  frame_malformed: { kind: 'refused', hint: peerHint },
  frame_cut: { kind: 'refused', hint: peerHint },
  frame_out_of_order: { kind: 'refused', hint: peerHint },
  frames_too_fast: { kind: 'refused', hint: peerHint },
  index_out_of_range: { kind: 'refused', hint: peerHint },
  want_too_many: { kind: 'refused', hint: peerHint },
  block_not_asked: { kind: 'refused', hint: peerHint },
  block_length_wrong: { kind: 'refused', hint: peerHint },
  block_hash_wrong: { kind: 'refused', hint: peerHint },
  page_not_asked: { kind: 'refused', hint: peerHint },
  page_hash_wrong: { kind: 'refused', hint: peerHint },
  record_not_trusted: { kind: 'refused', hint: peerHint },
  proof_wrong: { kind: 'refused', hint: peerHint },
  handshake_timeout: { kind: 'refused', hint: peerHint },
  peer_silent: { kind: 'refused', hint: peerHint },
  peer_not_reading: { kind: 'refused', hint: peerHint },
  peer_stalled: { kind: 'refused', hint: peerHint },
  peer_refused: { kind: 'refused', hint: peerHint },
  session_ended: { kind: 'interrupted', hint: 'Nothing to do: it is opened again when needed.' },
})
