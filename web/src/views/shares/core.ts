// Shares as people read them. Pure.

import type { Share } from '../../../../src/sdk/types.ts'
import { bytesText, countText, percent } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

export function shareName(share: Share): string {
  return share.name ?? 'A share that is kept for others'
}

export interface Badge {
  readonly text: string
  readonly tone: Tone
}

/** Its state, unless it is simply ready. */
export function stateBadge(share: Share): Badge | undefined {
  switch (share.state) {
    case 'ready':
      return undefined
    case 'scanning':
      return { text: share.sequence > 0 ? 'Looking at changes' : 'Being read', tone: 'calm' }
    case 'partial':
      return { text: `${percent(share.blocksHere, share.blocks)} % here`, tone: 'calm' }
    case 'failed':
      return { text: 'Needs attention', tone: 'bad' }
  }
}

export function sizeText(share: Share): string {
  if (share.sequence === 0) return share.scan === null ? '' : scanText(share)
  const files = share.kind === 'folder' ? `, ${countText(share.files, 'file')}` : ''
  return `${bytesText(share.bytes)}${files}`
}

export function scanText({ scan }: Share): string {
  if (scan === null) return ''
  if (scan.bytesTotal === 0) return `${countText(scan.files, 'file')} found`
  return `${percent(scan.bytes, scan.bytesTotal)} % of ${bytesText(scan.bytesTotal)} read`
}

/** Newest first; what failed stays where it is, its colour says enough. */
export function sortShares(shares: Iterable<Share>): Share[] {
  return [...shares].sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1))
}

const origins: Readonly<Record<Share['origin'], string>> = {
  own: '',
  fetched: 'fetched, served on',
  kept: 'kept for others',
}

export function originText(share: Share): string {
  return origins[share.origin]
}

export function versionText(share: Share): string {
  return share.sequence > 1 ? `version ${share.sequence}` : ''
}
