// Codes of consensus/: what is wrong with bytes that a peer or a disk gave. What is wrong with a message that decodes comes out as
// a `blame` effect (types.ts, ConsensusFault).

import { defineErrors } from '../../base/errors.ts'

export const consensusErrors = defineErrors({
  consensus_message_malformed: { kind: 'refused', hint: 'Nothing to do: the peer was left, others go on.' },
  consensus_record_malformed: {
    kind: 'local',
    hint: 'Restore the ledger folder from a backup; the validator asks others what it last said before it votes again.',
  },
})
