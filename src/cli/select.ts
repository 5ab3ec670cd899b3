// Finds the one thing that a person means by a whole id or the beginning of one.

import { cliErrors } from './errors.ts'

/** Throws `unknown_id` or `ambiguous_id`. */
export function selectById<Item extends { readonly id: string }>(items: readonly Item[], id: string): Item {
  const exact = items.find((item) => item.id === id)
  if (exact !== undefined) return exact
  const matches = id === '' ? [] : items.filter((item) => item.id.startsWith(id))
  const [only] = matches
  if (only === undefined) throw cliErrors.unknown_id(`Nothing here has the id ${id}.`, { details: { id } })
  if (matches.length > 1) {
    throw cliErrors.ambiguous_id(`${matches.length} ids begin with ${id}.`, { details: { id } })
  }
  return only
}
