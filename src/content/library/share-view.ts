// What people and programs see of a share, whatever its origin. Pure over rows and records.

import type { PeerhoodError } from '../../base/errors.ts'
import type { PeerAddress } from '../../network/types.ts'
import { rootCid } from '../format/cid.ts'
import { formatLink, toKeepLink } from '../format/link.ts'
import type { Digest, ShareId, ShareLink, VersionMeta, Visibility } from '../types.ts'
import type { SkipCode } from './errors.ts'
import type { HoldingFacts, Origin } from './holding-rows.ts'
import type { Skipped } from './scan-files.ts'
import type { Watching } from './watch.ts'

export interface SkippedView {
  readonly path: string
  readonly code: SkipCode
  readonly sentence: string
}

/** One share on this computer. Absent values are undefined; counts are 0 until known. */
export interface ShareFacts {
  readonly id: ShareId
  readonly origin: Origin
  readonly visibility: Visibility
  /** `partial`: not all of it is here. */
  readonly state: 'scanning' | 'ready' | 'partial' | 'failed'
  readonly name: string | undefined
  readonly kind: VersionMeta['kind'] | undefined
  readonly path: string | undefined
  /** Whether the share can be read here (a kept private one can't). */
  readonly readable: boolean
  readonly cid: string | undefined
  readonly sequence: number
  readonly files: number
  readonly bytes: number
  readonly blocks: number
  readonly blocksHere: number
  readonly createdMs: number
  readonly updatedMs: number
}

export interface OwnShare extends ShareFacts {
  readonly origin: 'own'
  readonly state: 'scanning' | 'ready' | 'failed'
  readonly path: string
  readonly scan:
    | { readonly files: number; readonly bytes: number; readonly filesTotal: number; readonly bytesTotal: number }
    | undefined
  /** The first hundred; `skippedCount` counts all. */
  readonly skipped: readonly SkippedView[]
  readonly skippedCount: number
  readonly problem: PeerhoodError | undefined
  /** How changes are noticed. */
  readonly watching: Watching
}

/** A version's root: what its record does not say but its inventory does. */
export function cidOfRoot(facts: HoldingFacts, root: Digest | undefined): string | undefined {
  const { meta, visibility } = facts
  if (root === undefined) return undefined
  // A kept private share's root codec is unknown, and does not show in its CID (format/cid.ts).
  return rootCid({ visibility, rootCodec: meta?.rootCodec ?? 0x70, digest: root })
}

/** The link to hand on: `read` where we can read the share, else `keep`. */
export function linkOf(facts: HoldingFacts, peers: readonly PeerAddress[]): ShareLink {
  const { visibility, share, secret, access, discovery } = facts
  const kind = visibility === 'private' && secret === undefined ? 'keep' : 'read'
  return { kind, visibility, share, secret, access, discovery, peers }
}

export interface LinkTexts {
  readonly link: string
  /** Lets others hold a private share without reading it; undefined for public ones, where it is the same. */
  readonly keepLink: string | undefined
}

export function linkTexts(facts: HoldingFacts, peers: readonly PeerAddress[]): LinkTexts {
  const link = linkOf(facts, peers)
  return {
    link: formatLink(link),
    keepLink: link.visibility === 'public' ? undefined : formatLink(toKeepLink(link)),
  }
}

const skipSentences: Readonly<Record<SkipCode, string>> = {
  symlink: 'A symbolic link is not followed.',
  special_file: 'It is neither a file nor a folder (a socket, a device or a pipe).',
  unreadable: 'It may not be read: check its permissions.',
  name_not_text: 'Its name is not valid UTF-8.',
  changing: 'It changes while it is read; it joins once it is left alone.',
  too_deep: 'It lies in too many folders.',
  vanished: 'It was deleted meanwhile.',
  own_data: 'It is the folder in which Peerhood keeps its keys.',
  working_folder: 'It holds a get that is not finished.',
}

export function skippedView({ path, code }: Skipped): SkippedView {
  return { path, code, sentence: skipSentences[code] }
}
