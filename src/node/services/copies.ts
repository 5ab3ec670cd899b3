// Copies, for the API.

import type * as Api from '../../api/copies-schemas.ts'
import type { CopiesServices } from '../../api/copies-services.ts'
import type { Event } from '../../api/schemas.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import { wordsOf } from '../../community/direct/contact-link.ts'
import type { ShareId } from '../../content/types.ts'
import type { Agreement, Copies, CopyView, KeeperView, ShareCopies } from '../../copies/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { createLatest } from '../latest.ts'
import { shareEventEveryMs } from '../limits.ts'

export interface CopiesParts {
  readonly clock: Clock
  readonly copies: Copies
  readonly emit: (event: Event) => void
}

export function createCopiesServices({ clock, copies, emit }: CopiesParts): {
  readonly calls: CopiesServices
  follow(): Cancel
} {
  const calls: CopiesServices = {
    all: () => ({
      shares: copies.shares().map(shareToApi),
      keepers: copies.keepers().map(keeperToApi),
      agreements: copies.agreements().map(agreementToApi),
    }),
    set: (share, wanted) => shareToApi(copies.set(share as ShareId, wanted)),
    agree: ({ for: to, bytesMax }) => agreementToApi(copies.agree(to, bytesMax)),
    end: (person) => copies.end(person as PersonDid),
  }
  return {
    calls,
    follow() {
      // Blocks arrive by the hundred; pages read anew a few times a second.
      const latest = createLatest<'copies', 'copies'>({
        clock,
        everyMs: shareEventEveryMs,
        emit: (type) => emit({ type }),
        isUrgent: () => false,
      })
      const cancels = [copies.on(() => latest.saw('copies', 'copies')), latest.stop]
      return () => {
        for (const cancel of cancels) cancel()
      }
    },
  }
}

function shareToApi({ share, copies, alive, where, sentence }: ShareCopies): Api.ShareCopies {
  return { shareId: share, copies, alive, sentence, where: where.map(copyToApi) }
}

function copyToApi({ peer, provenMs, ...rest }: CopyView): Api.Copy {
  return { ...rest, peerId: peer, sentence: sentences[rest.standing], provenMs: provenMs ?? null }
}

const sentences: Readonly<Record<CopyView['standing'], string>> = {
  alive: 'It has the newest version, and has shown blocks of it.',
  behind: 'It has an older version; the newest is on the way.',
  arriving: 'It is on the way.',
  checking: 'It is being looked at.',
  stalled: 'It is on the way, and nothing has come for a while.',
  refused: 'The computer does not take it: it has no room, or whoever runs it has removed it.',
  unproven: 'The computer says that it has it, and could not show it.',
  lost: 'The computer is not reached.',
}

function keeperToApi({ peer, label, state, free, copies, seenMs }: KeeperView): Api.CopyKeeper {
  return { peerId: peer, label, state, bytesFree: free ?? null, copies, seenMs: seenMs ?? null }
}

function agreementToApi(agreement: Agreement): Api.Agreement {
  const { person, askedMs } = agreement
  return { ...agreement, words: wordsOf(person), askedMs: askedMs ?? null }
}
