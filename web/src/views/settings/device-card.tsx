// What others call this device, and where fetched files go.

import { useState } from 'react'
import type { Settings } from '../../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { useSave } from './hooks.ts'

export function DeviceCard({ settings }: { settings: Settings }) {
  const [deviceName, setDeviceName] = useState(settings.deviceName)
  const [downloads, setDownloads] = useState(settings.downloads)
  const { busy, failure, save } = useSave()
  const changed = deviceName !== settings.deviceName || downloads !== settings.downloads
  const complete = deviceName.trim() !== '' && downloads.trim() !== ''
  return (
    <Card title="This device">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (changed && complete && !busy) save({ deviceName: deviceName.trim(), downloads: downloads.trim() })
        }}
      >
        <TextField label="Name" value={deviceName} onChange={setDeviceName} charsMax={64} hint="Shown on this page." />
        <TextField
          label="Downloads folder"
          value={downloads}
          onChange={setDownloads}
          charsMax={4096}
          mono
          hint="Where files go that you get. Each get may name another."
        />
        {failure !== undefined && <ProblemNote problem={failure} />}
        <div className="actions">
          <Button type="submit" look={changed ? 'primary' : 'plain'} busy={busy} disabled={!changed || !complete}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  )
}
