// Finds the one thing that a person means by a whole id, the beginning of one, or a name. Names come from others: a name
// that looks like the beginning of another thing's id makes both of them candidates, never a silent choice.

import { cliErrors } from './errors.ts'
import { shortId } from './text.ts'

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

interface Named {
  readonly id: string
  readonly name: string
}

const candidatesShownMax = 5

/** By whole id, else by name (capitals or not) or the beginning of an id. Throws `unknown_name` or `ambiguous_name`. */
export function selectNamed<Item extends Named>(items: readonly Item[], text: string, noun: string): Item {
  const exact = items.find((item) => item.id === text)
  if (exact !== undefined) return exact
  const name = text.toLowerCase()
  const matches =
    name === '' ? [] : items.filter((item) => item.name.toLowerCase() === name || item.id.startsWith(name))
  const [only] = matches
  if (only === undefined) {
    throw cliErrors.unknown_name(`There is no ${noun} “${text}” here.`, { details: { name: text } })
  }
  if (matches.length === 1) return only
  const shown = matches.slice(0, candidatesShownMax).map((item) => `${item.name || noun} (${shortId(item.id)})`)
  const more = matches.length > shown.length ? ` and ${matches.length - shown.length} more` : ''
  throw cliErrors.ambiguous_name(`“${text}” may mean ${shown.join(', ')}${more}.`, {
    details: { name: text, ids: matches.slice(0, candidatesShownMax).map(({ id }) => id) },
  })
}
