// What leaves this computer: per share, who fetches from us now and how much went out since it is here. Totals are counted
// in memory and written together, rarely (base/saver.ts).

import { BoundedMap } from '../base/bounded.ts'
import type { Clock, Log } from '../base/ports.ts'
import { createSaver } from '../base/saver.ts'
import type { ShareId } from '../content/types.ts'
import { uploadTotalsMax, uploadTotalsSaveMs } from './limits.ts'
import type { Swarm } from './swarm.ts'
import type { UploadView } from './types.ts'
import type { UploadTotals } from './upload-totals.ts'

export interface Uploads {
  count(shareId: ShareId, bytes: number): void
  changed(shareId: ShareId): void
  view(shareId: ShareId): UploadView | undefined
  /** Shares that sent something or have someone connected. */
  views(): readonly UploadView[]
  stop(): void
}

export interface UploadsParts {
  readonly clock: Clock
  readonly log: Log
  readonly totals: UploadTotals
  swarms(): Iterable<Swarm>
  changed(shareId: ShareId): void
}

interface Total {
  readonly shareId: ShareId
  bytes: number
}

export function createUploads(parts: UploadsParts): Uploads {
  const { clock, log, swarms } = parts
  const totals = new BoundedMap<ShareId, Total>(uploadTotalsMax)
  for (const { shareId, bytes } of parts.totals.load()) totals.set(shareId, { shareId, bytes })
  const unsaved = new Map<ShareId, Total>()
  const forgotten = new Set<ShareId>()
  let stopped = false
  const saver = createSaver({
    clock,
    log,
    everyMs: uploadTotalsSaveMs,
    failureCode: 'upload_totals_not_saved',
    save() {
      if (unsaved.size === 0) return
      parts.totals.save(unsaved.values(), forgotten)
      unsaved.clear()
      forgotten.clear()
    },
  })

  function take(shareId: ShareId): Total {
    const known = totals.get(shareId)
    if (known !== undefined) return known
    const total = { shareId, bytes: 0 }
    const oldest = totals.set(shareId, total)
    forgotten.delete(shareId)
    if (oldest !== undefined) {
      forgotten.add(oldest[0])
      unsaved.delete(oldest[0])
    }
    return total
  }

  function viewOf(total: Total, swarm: Swarm | undefined, nowMs: number): UploadView {
    const peers = [...(swarm?.sessions.values() ?? [])]
      .filter(({ traffic }) => traffic.theirInterest)
      .map(({ peerId, traffic }) => ({
        peerId,
        blocks: traffic.blocksOut,
        bytes: traffic.blockBytesOut,
        bytesPerSecond: Math.round(traffic.rateOut.perSecond(nowMs)),
      }))
    return { shareId: total.shareId, peers, bytesTotal: total.bytes }
  }

  function tell(shareId: ShareId): void {
    if (!stopped) parts.changed(shareId)
  }

  return {
    count(shareId, bytes) {
      const total = take(shareId)
      total.bytes += bytes
      // Written in the order of last use, which is how the next start reads them.
      unsaved.delete(shareId)
      unsaved.set(shareId, total)
      saver.grew()
      tell(shareId)
    },
    changed(shareId) {
      take(shareId)
      tell(shareId)
    },
    view(shareId) {
      const total = totals.get(shareId)
      const swarm = [...swarms()].find(({ names }) => names.shareId === shareId)
      return total === undefined ? undefined : viewOf(total, swarm, clock.monotonicMs())
    },
    views() {
      const nowMs = clock.monotonicMs()
      const byShare = new Map([...swarms()].map((swarm) => [swarm.names.shareId, swarm]))
      return [...totals.values()].map((total) => viewOf(total, byShare.get(total.shareId), nowMs))
    },
    stop() {
      stopped = true
      saver.stop()
    },
  }
}
