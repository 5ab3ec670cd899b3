// The system's clock for programs that use the SDK. They have no adapters of the daemon (node/adapters.ts), and
// browsers have no node:*, so here is the SDK's one place that touches the platform's timers.

import type { Clock } from '../base/ports.ts'

/** Unlike AbortSignal.timeout, its timers keep a Node process alive while something waits for them. */
export const systemClock: Clock = {
  // biome-ignore lint/style/noRestrictedGlobals: this is the adapter.
  nowMs: () => Date.now(),
  // biome-ignore lint/style/noRestrictedGlobals: this is the adapter.
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    // biome-ignore lint/style/noRestrictedGlobals: this is the adapter.
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
