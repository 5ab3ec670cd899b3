// How fast a share could spread at best: the fluid limit of Kumar and Ross ("Peer-Assisted File Distribution: The Minimum
// Distribution Time", HotWeb 2006). When one seed with uplink u_s serves N peers with uplinks u_i and downlinks d_i, bits
// that flow like water bring F bytes to all of them in
//
//   T = max( F / u_s,  F / min d_i,  N·F / (u_s + Σ u_i) )
//
// and no protocol can be faster. Where peers leave, the same holds at each moment for those who are there: all of them
// receive at the rate min(u_s, min d_i, (u_s + Σ u_i) / n), and T is when that has brought F. Who will leave can't be known
// before, so what those received is not taken out of the account. Peers that lie are not in it, neither their uplinks, which
// bring nothing, nor what they fetch.

export interface FluidPeer {
  /** Bytes per second. */
  readonly up: number
  readonly down: number
  /** Undefined: it stays. */
  readonly leavesMs: number | undefined
}

/** Milliseconds until all who stay have `bytes`, at best. */
export function fluidLimitMs(bytes: number, seedUp: number, peers: readonly FluidPeer[]): number {
  const leaving = [...new Set(peers.flatMap(({ leavesMs }) => leavesMs ?? []))].sort((a, b) => a - b)
  let nowMs = 0
  let left = bytes
  for (const untilMs of [...leaving, Number.POSITIVE_INFINITY]) {
    const rate = rateOf(
      seedUp,
      peers.filter(({ leavesMs }) => leavesMs === undefined || leavesMs > nowMs),
    )
    const doneMs = nowMs + (left * 1000) / rate
    if (doneMs <= untilMs) return doneMs
    left -= (rate * (untilMs - nowMs)) / 1000
    nowMs = untilMs
  }
  return Number.POSITIVE_INFINITY
}

/** Bytes per second that each of these peers can receive when all receive the same. */
function rateOf(seedUp: number, peers: readonly FluidPeer[]): number {
  const all = seedUp + peers.reduce((sum, { up }) => sum + up, 0)
  return Math.min(seedUp, all / peers.length, ...peers.map(({ down }) => down))
}
