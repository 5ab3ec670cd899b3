// HTTP ranges (RFC 9110 §14). Pure. One range of bytes is served; several at once, units other than bytes and anything
// malformed are answered with the whole file, as §14.2 allows ("A server … MAY ignore the Range header field").

/** Bytes [start, end), or why not. */
export type RangeVerdict =
  | { readonly type: 'whole' }
  | { readonly type: 'part'; readonly start: number; readonly end: number }
  | { readonly type: 'unsatisfiable' }

const whole: RangeVerdict = { type: 'whole' }
const unsatisfiable: RangeVerdict = { type: 'unsatisfiable' }

/** Reads a `Range` header for a file of `bytes`. */
export function parseRange(header: string | undefined, bytes: number): RangeVerdict {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return whole
  if (first === '') return suffix(Number(last), bytes)
  const start = Number(first)
  const end = last === '' ? bytes : Math.min(bytes, Number(last) + 1)
  // §14.1.1: a last position below the first makes the range invalid, not unsatisfiable.
  if (last !== '' && Number(last) < start) return whole
  return start >= bytes ? unsatisfiable : { type: 'part', start, end }
}

/** The last `length` bytes; the whole file when it is shorter (§14.1.2). */
function suffix(length: number, bytes: number): RangeVerdict {
  if (length === 0 || bytes === 0) return unsatisfiable
  return { type: 'part', start: Math.max(0, bytes - length), end: bytes }
}
