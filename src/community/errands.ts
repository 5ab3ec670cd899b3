// Something to tell a peer: tried at once, again after a while where it was not reached, and anew when there is more to tell.

import type { Cancel, Clock } from '../base/ports.ts'
import type { PeerId } from '../network/types.ts'

export interface ErrandsOptions {
  readonly clock: Clock
  /** Tells a peer all that there is to tell; rejects when it was not reached. */
  readonly run: (peer: PeerId, signal: AbortSignal) => Promise<void>
  /** Whether a peer is to be told anything at all. */
  readonly isWanted: (peer: PeerId) => boolean
  /** First pause after a failure; doubled up to `retryMsMax`. */
  readonly retryMsMin: number
  readonly retryMsMax: number
}

export interface Errands {
  /** There is something to tell; what is under way goes on, and another attempt follows. */
  mark(peer: PeerId): void
  /** Ends all of it and waits. */
  stop(reason: Error): Promise<void>
}

interface Work {
  due: boolean
  busy: Promise<void> | undefined
  /** Failures in a row. */
  rounds: number
  timer: Cancel | undefined
}

export function createErrands({ clock, run, isWanted, ...options }: ErrandsOptions): Errands {
  const works = new Map<PeerId, Work>()
  const stopping = new AbortController()

  function begin(peer: PeerId, work: Work): void {
    if (work.busy !== undefined || stopping.signal.aborted) return
    work.busy = attempt(peer, work).finally(() => {
      work.busy = undefined
      if (work.due && work.timer === undefined) begin(peer, work)
    })
  }

  async function attempt(peer: PeerId, work: Work): Promise<void> {
    work.due = false
    if (!isWanted(peer)) return
    try {
      await run(peer, stopping.signal)
      work.rounds = 0
    } catch {
      if (stopping.signal.aborted) return
      work.rounds += 1
      work.due = true
      const waitMs = Math.min(options.retryMsMax, options.retryMsMin * 2 ** Math.min(work.rounds - 1, 16))
      work.timer = clock.after(waitMs, () => {
        work.timer = undefined
        begin(peer, work)
      })
    }
  }

  return {
    mark(peer) {
      const work = works.get(peer) ?? { due: false, busy: undefined, rounds: 0, timer: undefined }
      works.set(peer, work)
      work.due = true
      // What is under way ends first: a peer that fails at once does not get us into a tight loop.
      if (work.busy !== undefined) return
      work.timer?.()
      work.timer = undefined
      begin(peer, work)
    },
    async stop(reason) {
      stopping.abort(reason)
      for (const { timer } of works.values()) timer?.()
      await Promise.all([...works.values()].map(({ busy }) => busy))
      works.clear()
    },
  }
}
