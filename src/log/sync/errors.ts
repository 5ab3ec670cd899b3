// Codes of log/sync/. The first group is the caller's; the second is what a peer did wrong: those codes are also the log
// line's and the blame's. Codes of refused entries are the log's own (log/errors.ts).

import { defineErrors } from '../../base/errors.ts'

export const syncErrors = defineErrors({
  ephemeral_too_long: { kind: 'usage', hint: 'Send less at once; what is to stay belongs into an entry.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/log/1`; each costs it the session. */
export const syncPeerErrors = defineErrors({
  sync_frame_empty: { kind: 'refused', hint: peerHint },
  sync_frame_too_long: { kind: 'refused', hint: peerHint },
  sync_frame_kind_unknown: { kind: 'refused', hint: peerHint },
  sync_frame_malformed: { kind: 'refused', hint: peerHint },
  sync_frame_cut: { kind: 'refused', hint: peerHint },
  sync_frame_out_of_order: { kind: 'refused', hint: peerHint },
  sync_frames_too_fast: { kind: 'refused', hint: peerHint },
  /** It can't show that it has the community's access key. */
  sync_proof_wrong: { kind: 'refused', hint: peerHint },
  /** More devices than a log may have. */
  vector_too_long: { kind: 'refused', hint: peerHint },
  /** It tells of one fork after another. */
  forks_too_many: { kind: 'refused', hint: peerHint },
  want_too_many: { kind: 'refused', hint: peerHint },
  /** It sends entries although we have not said that it may, or answers what nobody asked. */
  entries_not_asked: { kind: 'refused', hint: peerHint },
  /** The same entries again and again, or such that fit nowhere. */
  entries_useless: { kind: 'refused', hint: peerHint },
  /** Entries that no honest log holds. */
  entries_refused: { kind: 'refused', hint: peerHint },
  /** Says that it has entries and does not send them. */
  peer_withholds: { kind: 'refused', hint: peerHint },
  /** A keeper that can't prove, or does not send, what it says it holds. */
  keeper_withholds: { kind: 'refused', hint: 'Name another keeper as well, and remove this one if it stays so.' },
  challenges_too_many: { kind: 'refused', hint: peerHint },
  sync_handshake_timeout: { kind: 'refused', hint: peerHint },
  sync_peer_silent: { kind: 'refused', hint: peerHint },
  sync_peer_not_reading: { kind: 'refused', hint: peerHint },
})

/** No fault: how a session or a dial ends. */
export const syncEnds = defineErrors({
  sync_session_ended: { kind: 'interrupted', hint: 'Nothing to do: it is opened again when needed.' },
  sync_unreachable: { kind: 'not-found', hint: 'Nothing to do: it is tried again.' },
})

/** Blame for these is only counted: they happen to honest peers on bad lines, or with old data, too. */
export const mildCodes: ReadonlySet<string> = new Set([
  'sync_handshake_timeout',
  'sync_peer_silent',
  'sync_peer_not_reading',
  'entries_useless',
  'peer_withholds',
  'keeper_withholds',
])
