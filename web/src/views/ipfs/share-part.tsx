// How a public share is reached by IPFS tools: by the gateway of this computer, by bitswap, and as a CAR file.

import { useState } from 'react'
import type { Share } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useWorld } from '../../store/hooks.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { CopyPair } from '../../ui/pairs.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { shareName } from '../shares/core.ts'
import { carHref, gatewayHref } from './core.ts'
import { useIpfsStatus } from './hooks.ts'
import './style.css'

export function SharePart({ share, cid }: { share: Share; cid: string }) {
  const addresses = useWorld((world) => world.status?.addresses)
  const { value: status } = useIpfsStatus()
  const [open, setOpen] = useState(false)
  const name = shareName(share)
  const address = addresses?.find((one) => one.includes('/tcp/') && !one.includes('/p2p-circuit')) ?? addresses?.[0]
  const gateway = status?.gateway ?? undefined
  return (
    <section>
      <h3>In IPFS</h3>
      <dl className="pairs">
        {gateway !== undefined && (
          <CopyPair
            name="On this computer’s gateway"
            text={gatewayHref(gateway, cid)}
            what="gateway address"
            shown={gatewayHref(gateway, shortText(cid, 10, 6))}
          />
        )}
        <CopyPair
          name="For IPFS tools"
          text={`ipfs get ${cid}`}
          what="command"
          shown={`ipfs get ${shortText(cid, 10, 6)}`}
        />
        {address !== undefined && (
          <CopyPair
            name="After a connection to"
            text={address}
            what="address for IPFS tools"
            shown={address.replace(/\/p2p\/[^/]+$/, '')}
          />
        )}
      </dl>
      {status !== undefined && gateway === undefined && (
        <p className="soft">
          <Said text="The gateway for programs of this computer is off: `peerhood start --gateway` turns it on." />
        </p>
      )}
      <div className="actions ipfs-ways">
        {gateway !== undefined && (
          <>
            <ButtonLink icon="open" newTab about={`${name} at the gateway`} href={gatewayHref(gateway, cid)}>
              Open
            </ButtonLink>
            <ButtonLink icon="download" newTab about={`of ${name}`} href={carHref(gateway, cid, name)}>
              Download a CAR file
            </ButtonLink>
          </>
        )}
        <Button icon="file" about={`with ${name}`} onClick={() => setOpen(true)}>
          Write a CAR file
        </Button>
      </div>
      {open && <ExportDialog share={share} onClose={() => setOpen(false)} />}
    </section>
  )
}

function ExportDialog({ share, onClose }: { share: Share; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const downloads = useWorld((world) => world.settings?.downloads ?? '')
  const { say } = useShell()
  const name = shareName(share)
  const [path, setPath] = useState(downloads === '' ? '' : `${downloads}/${name}.car`)
  const action = useAction()
  const begin = () =>
    void action.run(async () => {
      await peerhood.ipfs.add({ kind: 'export', what: share.id, to: path.trim() })
      onClose()
      say('It is being written; Transfers shows how far it is')
    })
  return (
    <Dialog title={`Write ${name} into a CAR file`} onClose={onClose}>
      <p className="soft">
        One file with all blocks of this share, which IPFS tools and other Peerhoods can read wherever it is brought.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== '' && !action.busy) begin()
        }}
      >
        <TextField
          label="CAR file to write"
          hint="The whole path on this computer. There must be nothing yet."
          mono
          charsMax={4096}
          value={path}
          onChange={(value) => {
            setPath(value)
            action.clear()
          }}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="file" busy={action.busy} disabled={path.trim() === ''}>
            Write it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
