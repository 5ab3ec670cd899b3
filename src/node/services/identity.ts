// Who this peer is, for the API. A lock or restore that could not do all of it says so in a notice.

import type { Identity as ApiIdentity } from '../../api/schemas.ts'
import type { DaemonServices } from '../../api/services.ts'
import type { Identity, IdentityView } from '../../identity/types.ts'
import { type Notices, personReplaced } from '../notices.ts'

type IdentityServices = Pick<DaemonServices, 'identity' | 'phrase' | 'restore' | 'lock'>

export function createIdentityServices(parts: {
  identity: Identity
  notices: Notices
  changed: () => void
}): IdentityServices {
  const { identity, notices, changed } = parts
  return {
    identity: async () => toApi(identity.show()),
    phrase: (passphrase) => identity.phrase(passphrase),
    async restore(phrase, passphrase) {
      const { identity: view, replaced } = await identity.restore(phrase, passphrase)
      if (replaced !== undefined) {
        notices.add(personReplaced(replaced))
      }
      changed()
      return toApi(view)
    },
    async lock(passphrase, current) {
      const { identity: view, left } = await identity.lock(passphrase, current)
      if (left.length > 0) {
        notices.add({
          code: 'identities_left_unlocked',
          sentence: `These files of earlier identities could not be opened or written, and were left as they are: ${left.join(', ')}.`,
          advice:
            'The log says why. One that has another passphrase still opens with that one; delete those of which nothing is needed.',
        })
      }
      changed()
      return toApi(view)
    },
  }
}

function toApi(view: IdentityView): ApiIdentity {
  return {
    ...view,
    certificate: { ...view.certificate, issuedAtMs: Math.max(0, Math.round(view.certificate.issuedAtMs)) },
  }
}
