// Who is around: a picture, a list that says the same, and a way to connect to somebody.

import { useState } from 'react'
import { countText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card } from '../../ui/parts.tsx'
import { NetworkGraph } from './network-graph.tsx'
import { PeerTable } from './peer-table.tsx'

export function NetworkCard() {
  const [view, setView] = useState<'picture' | 'list'>('picture')
  const peers = useWorld((world) => world.peers)
  const status = useWorld((world) => world.status)
  const connected = [...peers.values()].filter(({ peer }) => peer.state === 'connected').length
  return (
    <Card
      title="Peers"
      className="network"
      actions={
        <Button
          look="quiet"
          icon={view === 'picture' ? 'list' : 'graph'}
          onClick={() => setView(view === 'picture' ? 'list' : 'picture')}
        >
          {view === 'picture' ? 'Show as list' : 'Show as picture'}
        </Button>
      }
    >
      <p className="soft">
        {connected === 0
          ? 'Nobody is connected yet. Opening a link connects you; so does the address of a peer you know.'
          : `${countText(connected, 'peer')} connected, ${Math.max(connected, status?.peersKnown ?? 0).toLocaleString('en')} known.`}
      </p>
      {view === 'picture' ? (
        <NetworkGraph entries={peers} self={status?.deviceName ?? ''} />
      ) : (
        <PeerTable entries={peers} />
      )}
      <ConnectForm />
    </Card>
  )
}

function ConnectForm() {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say } = useShell()
  const [address, setAddress] = useState('')
  const action = useAction()
  const connect = async () => {
    await action.run(async () => {
      const peer = await peerhood.peers.connect({ address: address.trim() })
      learn({ type: 'peer', peer })
      setAddress('')
      say('Connected')
    })
  }
  const { failure } = action
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (address.trim() !== '' && !action.busy) void connect()
      }}
    >
      <TextField
        label="Connect to a peer"
        placeholder="/ip4/…/tcp/…/p2p/…"
        value={address}
        onChange={(value) => {
          setAddress(value)
          action.clear()
        }}
        error={failure && `${failure.sentence} ${failure.hint}`}
        mono
        charsMax={1024}
      />
      <Button type="submit" busy={action.busy} disabled={address.trim() === ''}>
        Connect
      </Button>
    </form>
  )
}
