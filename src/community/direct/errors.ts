// Codes of community/direct/. The first group is what a person meets; the second is what a peer did wrong: those codes are
// also the log line's and the blame's. No message holds a token, the secret of an invitation, or what somebody wrote.

import { defineErrors } from '../../base/errors.ts'

export const directErrors = defineErrors({
  direct_self: { kind: 'usage', hint: 'Give your link to somebody else, and ask with theirs.' },
  direct_known: { kind: 'conflict', hint: 'Write there: `peerhood direct list` names it.' },
  direct_asked: { kind: 'conflict', hint: 'Wait for their answer, or cancel with `peerhood direct cancel`.' },
  direct_asks_you: { kind: 'conflict', hint: 'Accept their request: `peerhood direct accept`.' },
  direct_asks_too_many: { kind: 'conflict', hint: 'Cancel a request that nobody answers, then ask again.' },
  direct_blocked_here: { kind: 'refused', hint: 'Unblock them first: `peerhood direct unblock`.' },
  direct_peer_unknown: {
    kind: 'not-found',
    hint: 'Ask them for their contact link: `peerhood direct link` on their computer.',
  },
  direct_text_unusable: { kind: 'usage', hint: 'Write 1 to 1000 visible characters.' },
  direct_request_unknown: { kind: 'not-found', hint: 'List the requests with `peerhood direct requests`.' },
  direct_request_over: { kind: 'conflict', hint: 'Ask them yourself, by their contact link.' },
  direct_ask_unknown: { kind: 'not-found', hint: 'List what you asked for with `peerhood direct requests`.' },
  direct_not_blocked: { kind: 'not-found', hint: 'List who is blocked with `peerhood direct blocked`.' },
  direct_person_unusable: { kind: 'usage', hint: 'Name a person by did:key:… as the lists show it.' },
  direct_blocks_too_many: { kind: 'conflict', hint: 'Unblock somebody who no longer matters, then try again.' },
  direct_unanswered: { kind: 'not-found', hint: 'Nothing: it is tried again by itself.' },
  direct_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/direct/1`; each costs it the stream, most cost it the connection. */
export const directPeerErrors = defineErrors({
  direct_frame_empty: { kind: 'refused', hint: peerHint },
  direct_frame_too_long: { kind: 'refused', hint: peerHint },
  direct_frame_kind_unknown: { kind: 'refused', hint: peerHint },
  direct_frame_malformed: { kind: 'refused', hint: peerHint },
  direct_frame_cut: { kind: 'refused', hint: peerHint },
  direct_frame_out_of_order: { kind: 'refused', hint: peerHint },
  direct_request_malformed: { kind: 'refused', hint: peerHint },
  /** Not signed by whom it names, or of another device than the one that sends it. */
  direct_certificate_wrong: { kind: 'refused', hint: peerHint },
  /** Not signed by the device of the certificate. */
  direct_signature_wrong: { kind: 'refused', hint: peerHint },
  direct_silent: { kind: 'refused', hint: peerHint },
})

export type PeerFault = keyof typeof directPeerErrors

/** Blame for these is only counted: they happen to honest peers on bad lines, too. */
export const mildFaults: ReadonlySet<string> = new Set<PeerFault>(['direct_silent', 'direct_frame_cut'])

const faultSentences: Readonly<Record<PeerFault, string>> = {
  direct_frame_empty: 'A peer sent a frame without a kind.',
  direct_frame_too_long: 'A peer sent a frame that is too long.',
  direct_frame_kind_unknown: 'A peer sent a frame of an unknown kind.',
  direct_frame_malformed: 'A peer sent a malformed frame.',
  direct_frame_cut: 'A peer ended before its frame did.',
  direct_frame_out_of_order: 'A peer sent a frame that may not come now.',
  direct_request_malformed: 'A peer sent a malformed request.',
  direct_certificate_wrong: 'A peer sent a certificate that is not its own.',
  direct_signature_wrong: 'A peer sent a request with a wrong signature.',
  direct_silent: 'A peer said nothing for too long.',
}

export function fault(code: PeerFault) {
  return directPeerErrors[code](faultSentences[code])
}
