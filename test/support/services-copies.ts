// Copies of the in-memory services: numbers and agreements are kept, and nobody keeps anything.

import type { Agreement, ShareCopies } from '../../src/api/copies-schemas.ts'
import type { CopiesServices } from '../../src/api/copies-services.ts'
import type { Event, Link, Share } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'
import type { Clock } from '../../src/base/ports.ts'

const errors = defineErrors({
  copies_not_own: { kind: 'usage', hint: 'Set copies on the computer that shares it.' },
  copies_person_unusable: { kind: 'usage', hint: 'Name a person by their contact link or did.' },
  copies_agreement_unknown: { kind: 'not-found', hint: 'See the list of agreements.' },
})

export function createMemoryCopies(parts: {
  readonly clock: Clock
  readonly shares: () => readonly Share[]
  readonly inspect: (link: string) => Link | undefined
  readonly emit: (event: Event) => void
}): CopiesServices {
  const { clock, emit } = parts
  const wanted = new Map<string, ShareCopies>()
  const agreements = new Map<string, Agreement>()

  function personOf(to: string): Pick<Agreement, 'person' | 'words' | 'name'> {
    if (to.startsWith('did:key:')) return { person: to, words: [], name: '' }
    const link = parts.inspect(to)
    if (link?.kind !== 'contact') throw errors.copies_person_unusable('This names no person.')
    return { person: link.person, words: link.words, name: link.name ?? '' }
  }

  return {
    all: () => ({
      shares: [...wanted.values()].filter(({ copies }) => copies > 0),
      keepers: [],
      agreements: [...agreements.values()],
    }),
    set(shareId, copies) {
      if (!parts.shares().some(({ id, origin }) => id === shareId && origin === 'own')) {
        throw errors.copies_not_own('Only who shares something sets its copies.')
      }
      const sentence = copies === 0 ? 'No copies are wanted.' : `0 of ${copies} copies are alive.`
      const made: ShareCopies = { shareId, copies, alive: 0, sentence, where: [] }
      wanted.set(shareId, made)
      emit({ type: 'copies' })
      return made
    },
    agree({ for: to, bytesMax }) {
      const named = personOf(to)
      const before = agreements.get(named.person)
      const sinceMs = before?.sinceMs ?? clock.nowMs()
      const made: Agreement = { ...named, bytesMax, bytes: 0, copies: 0, sinceMs, askedMs: null }
      agreements.set(named.person, made)
      emit({ type: 'copies' })
      return made
    },
    async end(person) {
      if (!agreements.delete(person)) throw errors.copies_agreement_unknown('You keep no copies for this person.')
      emit({ type: 'copies' })
    },
  }
}
