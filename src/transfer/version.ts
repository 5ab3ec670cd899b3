// Which version of a share a side speaks of: its number and the digest of its signed record. Pure.

import { hash } from 'node:crypto'
import { equalBytes } from '../base/bytes.ts'
import type { VersionRecord } from '../content/types.ts'

export interface Version {
  readonly sequence: number
  /** sha2-256 of the signed record. */
  readonly digest: Uint8Array
}

/** A version with its record. */
export interface KnownVersion extends Version {
  readonly record: VersionRecord
  readonly recordBytes: Uint8Array
}

/** Said by a side that has no record yet. */
export const noVersion: Version = { sequence: 0, digest: new Uint8Array(32) }

export function knownVersion(record: VersionRecord, recordBytes: Uint8Array): KnownVersion {
  return { sequence: record.sequence, digest: recordDigest(recordBytes), record, recordBytes }
}

export function recordDigest(recordBytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', recordBytes, 'buffer'))
}

/** How `ours` stands to `theirs`. `forked`: the author signed two records with one number. */
export function compareVersions(ours: Version, theirs: Version): 'same' | 'newer' | 'older' | 'forked' {
  if (ours.sequence !== theirs.sequence) return ours.sequence > theirs.sequence ? 'newer' : 'older'
  return equalBytes(ours.digest, theirs.digest) ? 'same' : 'forked'
}
