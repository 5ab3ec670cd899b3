// The computers of this person, and the two ends of adding one: the one that is there, and the new one.

import { useState } from 'react'
import type { OwnDevice } from '../../../../src/sdk/types.ts'
import { agoText, countText, shortText } from '../../format/core.ts'
import { useDaemon, useNow, useWorld } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Badge, Card, Facts, ProblemNote } from '../../ui/parts.tsx'
import { sortDevices } from '../admission/core.ts'
import { useNews } from '../admission/hooks.ts'
import { AddDeviceDialog } from './add-device-dialog.tsx'
import { BecomeDialog } from './become-dialog.tsx'

export function DevicesCard({ locked }: { locked: boolean }) {
  const { peerhood } = useDaemon()
  const [open, setOpen] = useState<'add' | 'become'>()
  const did = useWorld(({ identity }) => identity?.did)
  const news = useNews(({ type }) => type === 'device-added' || type === 'community' || type === 'settings')
  const { value, failure } = useReading(`devices ${did}`, news, (options) => peerhood.devices.list(options))
  return (
    <Card
      title="Your devices"
      actions={
        <Button icon="plus" onClick={() => setOpen('add')}>
          Add a device
        </Button>
      }
    >
      <p className="soft">
        One person on several computers: each has your communities with everything you may read, and goes on alone when
        the others are off.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      <ul className="rows own-devices" aria-label="Your devices">
        {sortDevices(value ?? []).map((device) => (
          <DeviceItem key={device.device} device={device} />
        ))}
      </ul>
      <p className="soft small">
        One is lost or given away? Remove it in each community, under Members, in your own details.
      </p>
      <div className="actions">
        <Button icon="computer" onClick={() => setOpen('become')}>
          Add this computer
        </Button>
      </div>
      {open === 'add' && <AddDeviceDialog locked={locked} onClose={() => setOpen(undefined)} />}
      {open === 'become' && <BecomeDialog locked={locked} onClose={() => setOpen(undefined)} />}
    </Card>
  )
}

function DeviceItem({ device }: { device: OwnDevice }) {
  const nowMs = useNow()
  const { name, here, communities, addedMs } = device
  return (
    <li>
      <Icon name="computer" />
      <div className="row-title">
        <strong className="device-name">
          <bdi className="cut" title={name}>
            {name}
          </bdi>
          {here && <Badge tone="good">this computer</Badge>}
        </strong>
        <Facts>
          {[
            communities.length === 0
              ? 'in no community yet'
              : `in ${countText(communities.length, 'community', 'communities')}`,
            addedMs !== null && `added ${agoText(addedMs, nowMs)}`,
            <span key="peer" className="mono" title={device.peerId}>
              {shortText(device.peerId, 6, 6)}
            </span>,
          ]}
        </Facts>
      </div>
    </li>
  )
}
