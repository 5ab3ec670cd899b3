// What takes more than the API token: whoever reads the phrase, or makes another computer this person's, has their money.

import { apiErrors } from './errors.ts'
import type { DaemonServices } from './services.ts'

/**
 * Without a passphrase on the keystore, only callers that have shown the confirm key (the page, the CLI) get at the phrase; with
 * one, that passphrase is asked for anyway. Throws `person_needed`.
 */
export async function requirePerson(isPerson: boolean, identity: DaemonServices['identity']): Promise<void> {
  if (isPerson || (await identity()).passphrase) return
  throw apiErrors.person_needed(
    'The API token alone does not open this: it would be enough to take the person’s money.',
  )
}
