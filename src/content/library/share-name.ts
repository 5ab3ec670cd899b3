// The name that a share carries: the last part of its path.

import { basename } from 'node:path'

/** A share of a whole drive has no last part. */
export function shareName(path: string): string {
  const name = basename(path)
  return name === '' ? 'share' : name
}
