// The daemon itself, for the API: status, doctor, settings, metrics.

import type { Settings, Status } from '../../api/schemas.ts'
import type { DaemonServices } from '../../api/services.ts'
import type { IpfsService } from '../../ipfs/types.ts'
import type { Ledgers } from '../../ledger/service-types.ts'
import type { Network } from '../../network/types.ts'
import type { Desktop } from '../desktop/service.ts'
import { diagnoseComputer, type LocalDoctorParts } from '../doctor-local.ts'
import type { Foundation } from '../foundation.ts'
import type { TrafficTotals } from '../traffic-totals.ts'
import { checksToReport } from '../views.ts'

type ComputerServices = Pick<
  DaemonServices,
  | 'status'
  | 'stop'
  | 'doctor'
  | 'settings'
  | 'changeSettings'
  | 'notifications'
  | 'testNotification'
  | 'pagesOpen'
  | 'metrics'
>

export interface ComputerParts extends Omit<LocalDoctorParts, 'downloads'> {
  readonly foundation: Foundation
  readonly network: Network
  readonly ipfs: Pick<IpfsService, 'diagnose'>
  readonly ledgers: Pick<Ledgers, 'diagnose'>
  readonly desktop: Pick<Desktop, 'state' | 'test' | 'pagesOpen' | 'diagnose'>
  readonly version: string
  /** Base URL of the API; known once it listens. */
  readonly api: () => string
  readonly startedAtMs: number
  readonly traffic: TrafficTotals
  readonly counts: () => Pick<Status, 'shares' | 'transfersActive'>
  readonly stop: () => void
  readonly settingsChanged: (settings: Settings) => void
}

export function createComputerServices(parts: ComputerParts): ComputerServices {
  const { foundation, network } = parts
  const { settings, identity, metrics } = foundation
  // The keystore has the device's name: it is certified to others one day.
  const readSettings = (): Settings => ({ ...settings.get(), deviceName: identity.show().deviceName })
  return {
    status: () => readStatus(parts),
    stop: parts.stop,
    async doctor({ signal }) {
      const downloads = () => settings.get().downloads
      const found = await Promise.all([network.diagnose({ signal }), diagnoseComputer({ ...parts, downloads })])
      const ledgers = await parts.ledgers.diagnose()
      return checksToReport([...found.flat(), ...parts.ipfs.diagnose(), ...ledgers, parts.desktop.diagnose()])
    },
    settings: readSettings,
    async changeSettings(patch) {
      const { deviceName, ...others } = patch
      // What is refused changes nothing, so all is checked before any of it is written.
      settings.check(others)
      if (deviceName !== undefined) await identity.rename(deviceName)
      settings.change(others)
      parts.settingsChanged(readSettings())
      return readSettings()
    },
    notifications: () => parts.desktop.state(),
    testNotification: () => parts.desktop.test(),
    pagesOpen: (count) => parts.desktop.pagesOpen(count),
    metrics: () => metrics.text(),
  }
}

function readStatus(parts: ComputerParts): Status {
  const { foundation, network } = parts
  const { did, deviceName } = foundation.identity.show()
  const peers = network.peers()
  return {
    version: parts.version,
    peerId: network.self,
    did,
    deviceName,
    home: foundation.home.folder,
    api: parts.api(),
    startedAtMs: Math.max(0, Math.round(parts.startedAtMs)),
    addresses: [...network.addresses()],
    reachability: network.reachability(),
    peersConnected: peers.filter((peer) => peer.state === 'connected').length,
    peersKnown: peers.length,
    ...parts.counts(),
    ...parts.traffic.read(),
    notices: foundation.notices.list().map((notice) => ({ ...notice })),
  }
}
