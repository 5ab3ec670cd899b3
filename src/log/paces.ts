// What the devices of one log may write, as community/ says (by role), and which of them write more than that. In memory: what
// each owes is stored with the device.

import { BoundedMap } from '../base/bounded.ts'
import type { DeviceFacts } from './core.ts'
import { deferredDevicesMax, ownBurstShare } from './limits.ts'
import { type Debt, debtAfter, noDebt, waitOf } from './pace-core.ts'
import type { Allowance, Allowances, DeviceId, Entry, Lane } from './types.ts'

export class Paces {
  readonly #devices: ReadonlyMap<DeviceId, DeviceFacts>
  readonly #deferred = new BoundedMap<DeviceId, true>(deferredDevicesMax)
  readonly #groups = new Map<string, number>()
  #allowances: Allowances | undefined

  /** `devices` as they are at any time. */
  constructor(devices: ReadonlyMap<DeviceId, DeviceFacts>) {
    this.#devices = devices
  }

  allowance(device: DeviceId): Allowance | undefined {
    return this.#allowances?.devices.get(device) ?? this.#allowances?.others
  }

  /** What all devices of a group have taken up. */
  groupBytes(group: string): number {
    return this.#groups.get(group) ?? 0
  }

  allow(allowances: Allowances): void {
    this.#allowances = allowances
    this.#groups.clear()
    for (const [device, { bytes }] of this.#devices) this.grow(device, bytes)
  }

  /** A device has taken up more. */
  grow(device: DeviceId, bytes: number): void {
    const group = this.allowance(device)?.group
    if (group !== undefined) this.#groups.set(group, this.groupBytes(group) + bytes)
  }

  /** Notes that an entry of it was left for later; whether that is news. */
  defer(device: DeviceId): boolean {
    const isNew = !this.#deferred.has(device)
    this.#deferred.set(device, true)
    return isNew
  }

  /** Those of which an entry was left for later and the next one would be. */
  deferred(nowMs: number): readonly DeviceId[] {
    for (const device of [...this.#deferred.keys()]) {
      const [allowance, facts] = [this.allowance(device), this.#devices.get(device)]
      const waits = allowance !== undefined && facts !== undefined && waitOf(facts, allowance, nowMs) > 0
      if (!waits) this.#deferred.delete(device)
    }
    return [...this.#deferred.keys()]
  }

  /** How long this device has to wait before it writes its next entry, after those that are about to be stored. */
  ownWait(device: DeviceId, before: readonly Entry[], lane: Lane, nowMs: number): number {
    const allowance = this.allowance(device)
    if (allowance === undefined) return 0
    const burst = allowance.burst * (lane === 0 ? 1 : ownBurstShare)
    const stored: Debt = this.#devices.get(device) ?? noDebt
    const debt = before.reduce((owed: Debt, entry) => debtAfter(owed, allowance, entry), stored)
    return waitOf(debt, { ...allowance, burst }, nowMs)
  }
}
