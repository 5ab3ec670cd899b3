// How this peer finds others and lets itself be found. Takes effect when Peerhood starts the next time.

import { useState } from 'react'
import type { Settings } from '../../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { Switch, TextField } from '../../ui/field.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { addressLines, addressProblem } from './core.ts'
import { useSave } from './hooks.ts'

export function NetworkCard({ settings }: { settings: Settings }) {
  const { failure, save } = useSave()
  return (
    <Card title="Network">
      <p className="soft">Changes here take effect when Peerhood starts the next time.</p>
      <div className="form">
        <Switch
          label="Find peers on this network"
          hint="Others on the same Wi-Fi or cable see this peer, and the other way round (mDNS)."
          checked={settings.mdns}
          onChange={(mdns) => save({ mdns })}
        />
        <Switch
          label="Ask the router to open a port"
          hint="Lets people elsewhere connect straight to this computer (UPnP)."
          checked={settings.upnp}
          onChange={(upnp) => save({ upnp })}
        />
        <Switch
          label="Relay for others"
          hint="When this computer can be reached from outside, help two peers meet who can’t. Limited in time and amount."
          checked={settings.relay}
          onChange={(relay) => save({ relay })}
        />
        {failure !== undefined && <ProblemNote problem={failure} />}
        <BootstrapForm settings={settings} />
      </div>
    </Card>
  )
}

function BootstrapForm({ settings }: { settings: Settings }) {
  const saved = settings.bootstrap.join('\n')
  const [text, setText] = useState(saved)
  const { busy, failure, save } = useSave()
  const problem = addressProblem(text)
  const changed = addressLines(text).join('\n') !== saved
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (changed && problem === undefined && !busy) save({ bootstrap: addressLines(text) })
      }}
    >
      <TextField
        label="Peers to start from"
        hint="One address a line. Any Peerhood that is always on will do."
        placeholder="/ip4/…/tcp/…/p2p/…"
        rows={3}
        mono
        value={text}
        onChange={setText}
        error={problem ?? (failure && `${failure.sentence} ${failure.hint}`)}
      />
      <div className="actions">
        <Button
          type="submit"
          look={changed ? 'primary' : 'plain'}
          busy={busy}
          disabled={!changed || problem !== undefined}
        >
          Save
        </Button>
      </div>
    </form>
  )
}
