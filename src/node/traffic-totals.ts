// Bytes of payload in and out since the data folder was made. The network counts for each peer that it knows, and
// forgets peers; here what each has grown by is added up, so a total never goes down. One row in the database, written
// rarely (base/saver.ts).

import { type Database, migrate } from '../base/database.ts'
import type { Clock, Log } from '../base/ports.ts'
import { createSaver } from '../base/saver.ts'
import type { Network, PeerId, PeerView } from '../network/types.ts'
import { totalsSaveEveryMs } from './limits.ts'

export interface Traffic {
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface TrafficTotals {
  /** As of now. */
  read(): Traffic
  stop(): void
}

export interface TrafficParts {
  readonly network: Pick<Network, 'peers' | 'on'>
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

const schema: readonly string[] = [
  `CREATE TABLE traffic_totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL
  ) STRICT;
  INSERT INTO traffic_totals VALUES (1, 0, 0)`,
]

const nothing: Traffic = { bytesIn: 0, bytesOut: 0 }

/** Create it before the network starts, so that no peer comes and goes unseen. */
export function createTrafficTotals({ network, database, clock, log }: TrafficParts): TrafficTotals {
  migrate(database, 'traffic', schema)
  const row = database.prepare('SELECT bytes_in, bytes_out FROM traffic_totals').get()
  const update = database.prepare('UPDATE traffic_totals SET bytes_in = ?, bytes_out = ?')
  let total: Traffic = { bytesIn: Number(row?.bytes_in ?? 0), bytesOut: Number(row?.bytes_out ?? 0) }
  let saved = total
  /** The figures that each peer had when we last looked. */
  const seen = new Map<PeerId, Traffic>()

  function saw({ peerId, bytesIn, bytesOut }: PeerView): void {
    const before = seen.get(peerId) ?? nothing
    seen.set(peerId, { bytesIn, bytesOut })
    if (before.bytesIn === bytesIn && before.bytesOut === bytesOut) return
    total = {
      bytesIn: total.bytesIn + growth(before.bytesIn, bytesIn),
      bytesOut: total.bytesOut + growth(before.bytesOut, bytesOut),
    }
    saver.grew()
  }

  function look(): void {
    const peers = network.peers()
    for (const peer of peers) saw(peer)
    if (seen.size === peers.length) return
    const known = new Set(peers.map(({ peerId }) => peerId))
    for (const peerId of seen.keys()) if (!known.has(peerId)) seen.delete(peerId)
  }

  const saver = createSaver({
    clock,
    log,
    everyMs: totalsSaveEveryMs,
    failureCode: 'traffic_totals_not_saved',
    save() {
      look()
      if (saved.bytesIn === total.bytesIn && saved.bytesOut === total.bytesOut) return
      update.run(Math.round(total.bytesIn), Math.round(total.bytesOut))
      saved = total
    },
  })
  const off = network.on((event) => {
    if (event.type === 'peer') saw(event.peer)
  })
  return {
    read() {
      look()
      return total
    },
    stop() {
      off()
      saver.stop()
    },
  }
}

/** A figure that is smaller than before began anew: the network had forgotten the peer. */
function growth(before: number, now: number): number {
  return now >= before ? now - before : now
}
