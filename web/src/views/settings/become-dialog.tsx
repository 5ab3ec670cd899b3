// Adds this computer, the new one: it becomes one of the person who shows a code elsewhere. Says what becomes of who one
// is here before it does so.

import { useState } from 'react'
import type { DeviceJoined } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { CodeField, Looking, useStoppable } from '../admission/code-entry.tsx'

export function BecomeDialog({ locked, onClose }: { locked: boolean; onClose: () => void }) {
  const [joined, setJoined] = useState<DeviceJoined>()
  return (
    <Dialog title="Add this computer" onClose={onClose}>
      {joined === undefined ? (
        <BecomeForm locked={locked} onJoined={setJoined} />
      ) : (
        <Joined joined={joined} onClose={onClose} />
      )}
    </Dialog>
  )
}

function BecomeForm({ locked, onJoined }: { locked: boolean; onJoined: (joined: DeviceJoined) => void }) {
  const { peerhood, store } = useDaemon()
  const learn = useLearn()
  const [code, setCode] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const { action, run, stop } = useStoppable()
  const isComplete = code.trim() !== '' && (!locked || passphrase !== '')
  const join = () =>
    run(async (signal) => {
      const request = { code: code.trim(), ...(locked ? { passphrase } : {}) }
      const joined = await peerhood.devices.join(request, { signal })
      for (const community of [...joined.communities, ...joined.others]) learn({ type: 'community', community })
      // Who this is now: it is done whether or not that can be read.
      const identity = await peerhood.identity.get().catch(() => undefined)
      if (identity !== undefined) store.apply({ type: 'identity', identity })
      announce(joined.sentence)
      onJoined(joined)
    })
  return (
    <>
      <p className="soft">
        You use Peerhood on another computer already? There, under Settings, Your devices, <strong>Add a device</strong>{' '}
        shows a code.
      </p>
      <Consequences />
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) join()
        }}
      >
        <CodeField
          value={code}
          onChange={(value) => {
            setCode(value)
            action.clear()
          }}
        />
        {locked && (
          <TextField
            label="Passphrase of this computer"
            type="password"
            autoComplete="current-password"
            value={passphrase}
            onChange={setPassphrase}
            hint="It locks the keys on this computer, and will lock those that come."
          />
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        {action.busy && <Looking />}
        <div className="actions actions-end">
          {action.busy && <Button onClick={stop}>Stop</Button>}
          <Button type="submit" look="danger" icon="computer" busy={action.busy} disabled={!isComplete}>
            {action.busy ? 'Becoming that person' : 'Become that person'}
          </Button>
        </div>
      </form>
    </>
  )
}

/** What becomes of the present person. */
function Consequences() {
  const open = useWorld(({ communities }) => [...communities.values()].filter(({ phase }) => phase === 'open').length)
  return (
    <Note tone="warn" title="This computer leaves the person it belongs to now">
      <ul className="bullets">
        <li>It becomes the person who shows the code, with their wallet and their communities.</li>
        <li>
          The keys of the person until now are put aside in a file, not deleted. Their 24 words, under Recovery phrase,
          bring them back: write those down first.
        </li>
        {open > 0 && (
          <li>
            {open === 1 ? 'The community' : `The ${countText(open, 'community', 'communities')}`} you are in here can
            still be read, but not written in until that person is restored.
          </li>
        )}
      </ul>
    </Note>
  )
}

function Joined({ joined, onClose }: { joined: DeviceJoined; onClose: () => void }) {
  const done = () => {
    onClose()
    if (joined.communities.length > 0) navigate({ place: 'communities' })
  }
  return (
    <>
      <Note tone={joined.missed > 0 ? 'warn' : 'good'} title="This computer is one of yours now">
        <p>
          <Said text={joined.sentence} />
        </p>
      </Note>
      <div className="actions actions-end">
        <Button look="primary" onClick={done}>
          {joined.communities.length > 0 ? 'To the communities' : 'Done'}
        </Button>
      </div>
    </>
  )
}
