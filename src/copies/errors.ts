// Codes of copies/. The first group is what a person meets, the second what a peer did wrong: those are also the log
// line's and the blame's code.

import { defineErrors } from '../base/errors.ts'

export const copiesErrors = defineErrors({
  copies_number_wrong: { kind: 'usage', hint: 'Give a number from 0 to 16; 0 asks for no copies.' },
  copies_not_own: {
    kind: 'usage',
    hint: 'Set copies on the computer that shares it: `peerhood shares` there lists it.',
  },
  copies_person_unusable: {
    kind: 'usage',
    hint: 'Name a person by their contact link (`peerhood direct link` on their computer) or by did:key:….',
  },
  copies_size_wrong: { kind: 'usage', hint: 'Give a size like 500MB or 50GB.' },
  copies_agreement_unknown: { kind: 'not-found', hint: 'List for whom you keep copies with `peerhood keep --for`.' },
  copies_agreements_too_many: {
    kind: 'conflict',
    hint: 'End one with `peerhood keep --for PERSON --stop`, then try again.',
  },
  copies_unanswered: { kind: 'not-found', hint: 'Nothing: it is tried again by itself.' },
  copies_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/copies/1`; each costs it the stream, most cost it the connection. */
export const copiesPeerErrors = defineErrors({
  copies_frame_empty: { kind: 'refused', hint: peerHint },
  copies_frame_too_long: { kind: 'refused', hint: peerHint },
  copies_frame_kind_unknown: { kind: 'refused', hint: peerHint },
  copies_frame_malformed: { kind: 'refused', hint: peerHint },
  copies_frame_cut: { kind: 'refused', hint: peerHint },
  copies_frame_out_of_order: { kind: 'refused', hint: peerHint },
  /** Not signed by whom it names, or of another device than the one that sends it. */
  copies_certificate_wrong: { kind: 'refused', hint: peerHint },
  /** Link and record of a request to keep do not belong together. */
  copies_share_wrong: { kind: 'refused', hint: peerHint },
  /** It says that it has a copy, and can't show it. */
  copies_proof_wrong: { kind: 'refused', hint: peerHint },
  copies_silent: { kind: 'refused', hint: peerHint },
})

export type PeerFault = keyof typeof copiesPeerErrors

/** Blame for these is only counted: they happen to honest peers on bad lines or disks, too. */
export const mildFaults: ReadonlySet<string> = new Set<PeerFault>([
  'copies_silent',
  'copies_frame_cut',
  'copies_proof_wrong',
])

const faultSentences: Readonly<Record<PeerFault, string>> = {
  copies_frame_empty: 'A peer sent a frame without a kind.',
  copies_frame_too_long: 'A peer sent a frame that is too long.',
  copies_frame_kind_unknown: 'A peer sent a frame of an unknown kind.',
  copies_frame_malformed: 'A peer sent a malformed frame.',
  copies_frame_cut: 'A peer ended before its frame did.',
  copies_frame_out_of_order: 'A peer sent a frame that may not come now.',
  copies_certificate_wrong: 'A peer sent a certificate that is not its own.',
  copies_share_wrong: 'A peer asked to keep what its link does not lead to.',
  copies_proof_wrong: 'A peer could not show the copy that it says it has.',
  copies_silent: 'A peer said nothing for too long.',
}

export function fault(code: PeerFault) {
  return copiesPeerErrors[code](faultSentences[code])
}
