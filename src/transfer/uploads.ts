// What leaves this computer: per share, who fetches from us now and how much went out since the start.

import { BoundedMap } from '../base/bounded.ts'
import type { Clock } from '../base/ports.ts'
import type { ShareId } from '../content/types.ts'
import { uploadTotalsMax } from './limits.ts'
import type { Swarm } from './swarm.ts'
import type { UploadView } from './types.ts'

export interface Uploads {
  count(shareId: ShareId, bytes: number): void
  changed(shareId: ShareId): void
  view(shareId: string): UploadView | undefined
  /** Shares that sent something or have someone connected. */
  views(): readonly UploadView[]
  stop(): void
}

export interface UploadsParts {
  readonly clock: Clock
  swarms(): Iterable<Swarm>
  changed(shareId: ShareId): void
}

export function createUploads({ clock, swarms, changed }: UploadsParts): Uploads {
  const totals = new BoundedMap<string, { readonly shareId: ShareId; bytes: number }>(uploadTotalsMax)
  let stopped = false

  function view(shareId: string): UploadView | undefined {
    const total = totals.get(shareId)
    if (total === undefined) return undefined
    const nowMs = clock.monotonicMs()
    const swarm = [...swarms()].find(({ names }) => names.shareId === shareId)
    const peers = [...(swarm?.sessions.values() ?? [])]
      .filter(({ traffic }) => traffic.theirInterest || traffic.blocksOut > 0)
      .map(({ peerId, traffic }) => ({
        peerId,
        blocks: traffic.blocksOut,
        bytes: traffic.blockBytesOut,
        bytesPerSecond: Math.round(traffic.rateOut.perSecond(nowMs)),
      }))
    return { shareId: total.shareId, peers, bytesTotal: total.bytes }
  }

  function note(shareId: ShareId, bytes: number): void {
    const total = totals.get(shareId)
    if (total === undefined) totals.set(shareId, { shareId, bytes })
    else total.bytes += bytes
    if (!stopped) changed(shareId)
  }

  return {
    count: note,
    changed: (shareId) => note(shareId, 0),
    view,
    views: () => [...totals.keys()].flatMap((shareId) => view(shareId) ?? []),
    stop() {
      stopped = true
    },
  }
}
