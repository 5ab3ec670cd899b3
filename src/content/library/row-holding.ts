// What every holding on disk says of itself, taken from its row in the database. How its blocks lie is each one's own.

import { Emitter } from '../../base/events.ts'
import type { Cancel } from '../../base/ports.ts'
import { openRecord } from '../format/record.ts'
import type { HoldingEvent, VersionRecord } from '../types.ts'
import type { HoldingFacts } from './holding-rows.ts'

/** Extended by the holdings; `recordBytes` are those of `facts`. */
export abstract class RowHolding {
  readonly share: HoldingFacts['share']
  readonly shareId: HoldingFacts['shareId']
  readonly access: HoldingFacts['access']
  readonly discovery: HoldingFacts['discovery']
  readonly record: VersionRecord
  readonly recordBytes: Uint8Array
  protected readonly events = new Emitter<HoldingEvent>()

  constructor(facts: HoldingFacts, recordBytes: Uint8Array) {
    this.share = facts.share
    this.shareId = facts.shareId
    this.access = facts.access
    this.discovery = facts.discovery
    this.recordBytes = recordBytes
    this.record = openRecord(recordBytes, facts.share)
  }

  on(listener: (event: HoldingEvent) => void): Cancel {
    return this.events.on(listener)
  }
}
