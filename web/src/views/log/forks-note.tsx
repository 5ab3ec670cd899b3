// Devices that wrote two entries under one number: proof of misbehaviour, shown to everybody.

import { countText } from '../../format/core.ts'
import { Note } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { deviceName } from './core.ts'

/** More are a crowd; the log has them all. */
const shownMax = 5

export function ForksNote() {
  const { community, members, nameOf } = useCommunity()
  const { forks } = community
  if (forks.length === 0) return null
  return (
    <Note
      tone="bad"
      title={countText(forks.length, 'device has contradicted itself', 'devices have contradicted themselves')}
    >
      {forks.slice(0, shownMax).map(({ device, person, seq }) => (
        <p key={device}>
          <bdi>{person === null ? 'Somebody' : nameOf(person)}</bdi>
          {deviceName(device, members) !== undefined && (
            <>
              , on <bdi>{deviceName(device, members)}</bdi>
            </>
          )}
          : two different entries under number {seq.toLocaleString('en')}.
        </p>
      ))}
      <p>Both are kept as the proof. Nothing that such a device wrote from there on counts, for anybody.</p>
    </Note>
  )
}
