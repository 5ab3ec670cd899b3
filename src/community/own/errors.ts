// Codes of community/own/. The first group is for log lines of ours; the second is what a peer did wrong: those codes are
// also the blame's.

import { defineErrors } from '../../base/errors.ts'

export const ownErrors = defineErrors({
  own_unanswered: { kind: 'not-found', hint: 'Nothing: it is tried again by itself.' },
  own_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
})

const peerHint = 'Nothing to do: it is tried again by itself.'

/** What a peer can do wrong on `/peerhood/own/1`; each costs it the stream, most cost it the connection. */
export const ownPeerErrors = defineErrors({
  own_frame_empty: { kind: 'refused', hint: peerHint },
  own_frame_kind_unknown: { kind: 'refused', hint: peerHint },
  own_frame_too_long: { kind: 'refused', hint: peerHint },
  own_frame_cut: { kind: 'refused', hint: peerHint },
  own_frame_out_of_order: { kind: 'refused', hint: peerHint },
  own_silent: { kind: 'refused', hint: peerHint },
  own_hello_malformed: { kind: 'refused', hint: peerHint },
  /** Not signed by whom it names, or of another device than the one at the other end. */
  own_certificate_wrong: { kind: 'refused', hint: peerHint },
  /** A good certificate, of another person: that computer has become somebody else's. */
  own_other_person: { kind: 'refused', hint: peerHint },
  own_state_malformed: { kind: 'refused', hint: peerHint },
})

export type PeerFault = keyof typeof ownPeerErrors

/** Blame for these is only counted: they happen between honest computers, too. */
export const mildFaults: ReadonlySet<string> = new Set<PeerFault>(['own_silent', 'own_frame_cut', 'own_other_person'])

const faultSentences: Readonly<Record<PeerFault, string>> = {
  own_frame_empty: 'A device sent a frame without a kind.',
  own_frame_kind_unknown: 'A device sent a frame of an unknown kind.',
  own_frame_too_long: 'A device sent a frame that is too long.',
  own_frame_cut: 'A device ended before its frame did.',
  own_frame_out_of_order: 'A device sent a frame that may not come now.',
  own_silent: 'A device said nothing for too long.',
  own_hello_malformed: 'A device sent a malformed hello.',
  own_certificate_wrong: 'A device sent a certificate that is not its own.',
  own_other_person: 'A device is another person’s.',
  own_state_malformed: 'A device sent a malformed state.',
}

export function fault(code: PeerFault) {
  return ownPeerErrors[code](faultSentences[code])
}
