// Notices that the computer's clock jumped (a suspend, a manual change, a time server): durations are monotonic
// everywhere, so nothing breaks, but times shown to people are off and the person should know.

import type { Cancel, Clock } from '../base/ports.ts'
import { clockJumpMsMin, clockLookEveryMs } from './limits.ts'

export interface ClockWatch {
  /** Size of the last jump in ms, positive when the clock went forward; 0 when there was none. Looks at the clocks now. */
  lastJumpMs(): number
  stop(): void
}

/** How far the wall clock went beyond the monotonic one between two looks, when that is more than drift. */
export function clockJumpMs(before: ClockLook, now: ClockLook): number {
  const differenceMs = now.wallMs - before.wallMs - (now.monotonicMs - before.monotonicMs)
  return Math.abs(differenceMs) >= clockJumpMsMin ? Math.round(differenceMs) : 0
}

export interface ClockLook {
  readonly wallMs: number
  readonly monotonicMs: number
}

export function watchClock(parts: { clock: Clock; onJump: (jumpMs: number) => void }): ClockWatch {
  const { clock, onJump } = parts
  const look = (): ClockLook => ({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() })
  let before = look()
  let last = 0
  let cancel: Cancel
  const compare = () => {
    const now = look()
    const jumpMs = clockJumpMs(before, now)
    before = now
    if (jumpMs === 0) return
    last = jumpMs
    onJump(jumpMs)
  }
  const tick = () => {
    compare()
    cancel = clock.after(clockLookEveryMs, tick)
  }
  cancel = clock.after(clockLookEveryMs, tick)
  return {
    lastJumpMs() {
      compare()
      return last
    },
    stop: () => cancel(),
  }
}
