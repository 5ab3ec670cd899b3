// What parts compute before they draw. Pure.

/** The rows [from, to) of a page; a page past the end is the last one. */
export function pageRows(total: number, perPage: number, page: number): { from: number; to: number } {
  const last = Math.max(0, Math.ceil(total / perPage) - 1)
  const from = Math.min(page, last) * perPage
  return { from, to: Math.min(total, from + perPage) }
}
