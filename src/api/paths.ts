// The `*` at the end of a route: names joined with "/", each percent-encoded. What comes out is a plain relative path:
// no empty name, no "." or "..", no separator or control character hidden in a name. Services check it again in their
// own way (names that a disk can't hold); this only makes sure that nobody ever sees a path that climbs.

import { apiErrors } from './errors.ts'
import { pathBytesMax } from './limits.ts'

/** Decodes the part of a URL path that `*` stands for. Throws `path_malformed`. */
export function parsePath(encoded: string): string {
  const names = encoded.split('/').map(decodeName)
  const path = names.join('/')
  if (Buffer.byteLength(path) > pathBytesMax) throw apiErrors.path_malformed('The path is too long.')
  return path
}

function decodeName(encoded: string): string {
  const name = decode(encoded)
  if (name === undefined || name === '' || name === '.' || name === '..' || isUnsafe(name)) {
    throw apiErrors.path_malformed('The path is not one of plain names.')
  }
  return name
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** Control characters include NUL, which ends a path for the system; "/" would be a second name. */
function isUnsafe(name: string): boolean {
  for (const character of name) if (character < ' ' || character === '/' || character === '\x7f') return true
  return false
}
