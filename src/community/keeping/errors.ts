// Codes of community/keeping/. The first group is for log lines of ours; the second is what a peer did wrong.

import { defineErrors } from '../../base/errors.ts'

export const keepingErrors = defineErrors({
  keeping_unanswered: { kind: 'not-found', hint: 'Nothing: it is tried again by itself.' },
  keeping_stopped: { kind: 'interrupted', hint: 'Start Peerhood again to go on.' },
})

const peerHint = 'Nothing to do: the peer was left, others go on.'

/** What a peer can do wrong on `/peerhood/keep/1`; it costs the connection. */
export const keepingPeerErrors = defineErrors({
  keeping_too_long: { kind: 'refused', hint: peerHint },
  keeping_malformed: { kind: 'refused', hint: peerHint },
  /** Not signed by whom it names, or of another device than the one at the other end. */
  keeping_certificate_wrong: { kind: 'refused', hint: peerHint },
})

export type PeerFault = keyof typeof keepingPeerErrors

const faultSentences: Readonly<Record<PeerFault, string>> = {
  keeping_too_long: 'A peer sent more than there can be.',
  keeping_malformed: 'A peer sent something else than what it has to.',
  keeping_certificate_wrong: 'A peer sent a certificate that is not its own.',
}

export function fault(code: PeerFault) {
  return keepingPeerErrors[code](faultSentences[code])
}
