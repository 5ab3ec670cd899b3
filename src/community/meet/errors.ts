// Codes of community/meet/. The first group is what a person meets; the second is what a peer did wrong: those codes are
// also the log line's and the blame's. No message, detail or cause holds a code's words that are on the list, a key or
// what was handed over; the words that are NOT on the list are quoted, as in identity/.

import { defineErrors } from '../../base/errors.ts'

export const meetErrors = defineErrors({
  code_malformed: {
    kind: 'usage',
    hint: 'Type it as it was said: a number and two words, like 7-ocean-lamp.',
  },
  code_word_unknown: {
    kind: 'usage',
    hint: 'Ask to hear the word again, or type its first four letters.',
  },
  code_wrong: {
    kind: 'refused',
    hint: 'Compare number and words with what the other computer shows. After three wrong tries that code is void, and a new one is needed.',
  },
  code_expired: {
    kind: 'refused',
    hint: 'Make a new code on the other computer: one is good for one guest, 10 minutes and three tries.',
  },
  code_void: {
    kind: 'refused',
    hint: 'Make a new code, and say it only to the one it is meant for: somebody near you may be guessing.',
  },
  code_for_other_purpose: {
    kind: 'usage',
    hint: 'Use it where it belongs: one code lets a person into a community, another makes a computer one of your own devices.',
  },
  code_cancelled: { kind: 'interrupted', hint: 'Make a new code when you want to go on.' },
  code_not_found: {
    kind: 'not-found',
    hint: 'Are both computers on the same network, and does the other one still show the code? If they can’t be, use an invite link; `peerhood doctor` says who is reachable.',
  },
  code_busy: { kind: 'conflict', hint: 'Wait until the other guest is done, or ask for a code of your own.' },
  code_wait: { kind: 'refused', hint: 'Wait as long as it says, then type the code again with care.' },
  codes_too_many: { kind: 'conflict', hint: 'Cancel a code that nobody needs any more, then make a new one.' },
  nameplate_unusable: { kind: 'usage', hint: 'Leave the number out, or choose another one from 1 to 999.' },
  meet_declined: { kind: 'refused', hint: 'Talk to whoever shows the code, then ask for a new one.' },
  meet_undecided: {
    kind: 'refused',
    hint: 'Ask for a new code, and have somebody at the other computer to say yes.',
  },
  meet_broken: {
    kind: 'not-found',
    hint: 'Check that both computers are still connected, then type the code again.',
  },
  meet_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
  meet_name_unusable: { kind: 'usage', hint: 'Choose a name of 1 to 64 visible characters.' },
  meet_note_unusable: { kind: 'usage', hint: 'Write at most 280 characters, without invisible ones.' },
  request_busy: { kind: 'conflict', hint: 'Ask again in a few minutes, or ask another member.' },
  request_unanswered: { kind: 'not-found', hint: 'Ask again, or ask another member.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/meet/1`; each costs it the stream, most cost it the connection. */
export const meetPeerErrors = defineErrors({
  meet_frame_empty: { kind: 'refused', hint: peerHint },
  meet_frame_too_long: { kind: 'refused', hint: peerHint },
  meet_frame_kind_unknown: { kind: 'refused', hint: peerHint },
  meet_frame_malformed: { kind: 'refused', hint: peerHint },
  meet_frame_cut: { kind: 'refused', hint: peerHint },
  meet_frame_out_of_order: { kind: 'refused', hint: peerHint },
  /** No element of the group, or its neutral one. */
  meet_share_invalid: { kind: 'refused', hint: peerHint },
  /** It took our proof for right and has none itself: it only claimed to know the code. */
  meet_proof_wrong: { kind: 'refused', hint: peerHint },
  meet_seal_wrong: { kind: 'refused', hint: peerHint },
  meet_message_malformed: { kind: 'refused', hint: peerHint },
  /** Not signed by whom it names, or for another device than the one that sends it. */
  meet_certificate_wrong: { kind: 'refused', hint: peerHint },
  meet_silent: { kind: 'refused', hint: peerHint },
})

export type PeerFault = keyof typeof meetPeerErrors

/** Blame for these is only counted: they happen to honest peers on bad lines, too. */
export const mildFaults: ReadonlySet<string> = new Set<PeerFault>(['meet_silent', 'meet_frame_cut'])

export const faultSentences: Readonly<Record<PeerFault, string>> = {
  meet_frame_empty: 'A peer sent a frame without a kind.',
  meet_frame_too_long: 'A peer sent a frame that is too long.',
  meet_frame_kind_unknown: 'A peer sent a frame of an unknown kind.',
  meet_frame_malformed: 'A peer sent a malformed frame.',
  meet_frame_cut: 'A peer ended in the middle of a frame.',
  meet_frame_out_of_order: 'A peer sent a frame that may not come now.',
  meet_share_invalid: 'A peer sent a share that is no element of the group.',
  meet_proof_wrong: 'A peer that claimed to have made the code could not prove it.',
  meet_seal_wrong: 'A peer sealed its message with another key.',
  meet_message_malformed: 'A peer sent a malformed message.',
  meet_certificate_wrong: 'A peer sent a certificate that is not its own.',
  meet_silent: 'A peer said nothing for too long.',
}
