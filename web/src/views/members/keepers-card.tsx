// Who keeps the community for its members while they are offline: always-on computers that can't read it.

import { useState } from 'react'
import type { Keeper } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Badge, Card, Facts, Note, ProblemNote } from '../../ui/parts.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { Said } from '../../ui/said.tsx'
import { useSync } from '../chat/offline-line.tsx'
import { roomChoices } from '../communities/core.ts'
import { useCommunity } from '../community/context.tsx'
import { may } from '../community/core.ts'
import { keeperRoomText, parseKeeper, proofText } from './core.ts'

export function KeepersCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [isAdding, setAdding] = useState(false)
  const sync = useSync(community.id)
  const { value = [], failure } = useReading(`keepers ${community.id}`, community, (options) =>
    peerhood.communities.keepers(community.id, options),
  )
  const problems = new Map(sync?.keepers.map((keeper) => [keeper.peerId, keeper.problem]))
  return (
    <Card
      title="Keepers"
      actions={
        may(community, 'keepers') && (
          <Button icon="plus" onClick={() => setAdding(true)}>
            Add a keeper
          </Button>
        )
      }
    >
      <p className="soft">
        A computer that is always on can hold the sealed log, so that members who are never online together still reach
        each other. It can’t read, change or reorder anything.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      <ul className="rows" aria-label="Keepers">
        {value.map((keeper) => (
          <KeeperItem key={keeper.peerId} keeper={keeper} problem={problems.get(keeper.peerId) ?? null} />
        ))}
      </ul>
      {isAdding && <AddKeeperDialog onClose={() => setAdding(false)} />}
    </Card>
  )
}

function KeeperItem({ keeper, problem }: { keeper: Keeper; problem: { readonly sentence: string } | null }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say, warn } = useShell()
  const nowMs = useNow()
  const [asking, setAsking] = useState(false)
  const proof = proofText(keeper, nowMs)
  const remove = () => {
    peerhood.communities.removeKeeper(community.id, keeper.peerId).then(
      () => say(`${keeper.name} is no keeper any more`),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto">
          {keeper.name}
        </strong>
        <Facts>
          {[
            <Badge key="proof" tone={proof.tone}>
              {proof.text}
            </Badge>,
            keeperRoomText(keeper),
            <span key="peer" className="mono" title={keeper.peerId}>
              {shortText(keeper.peerId, 6, 6)}
            </span>,
          ]}
        </Facts>
        {problem !== null && (
          <Note tone="warn">
            <p>
              <Said text={problem.sentence} />
            </p>
          </Note>
        )}
      </div>
      {may(community, 'keepers') && (
        <Button look="quiet" icon="trash" iconOnly about={keeper.name} onClick={() => setAsking(true)}>
          Stop using the keeper
        </Button>
      )}
      {asking && (
        <Confirm
          title={`Stop using ${keeper.name}?`}
          verb="Stop using it"
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          <p>Members no longer sync with it. What it holds it can’t read; whether it deletes that is up to it.</p>
        </Confirm>
      )}
    </li>
  )
}

function AddKeeperDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Add a keeper" onClose={onClose}>
      <KeepLink />
      <NameKeeperForm onClose={onClose} />
    </Dialog>
  )
}

function KeepLink() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { value: link, failure } = useReading(`keep link ${community.id}`, undefined, (options) =>
    peerhood.communities.keepLink(community.id, options),
  )
  return (
    <section className="dialog-body">
      <h3>1. Send the keep link</h3>
      <p className="soft">On the other computer it is pasted anywhere in Peerhood’s page.</p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {link !== undefined && (
        <>
          <div className="link-text">
            <textarea className="input input-link mono" aria-label="Keep link" readOnly rows={2} value={link} />
            <CopyButton text={link} what="keep link" />
          </div>
          <details className="get-options">
            <summary>As a QR code</summary>
            <QrCode text={link} label="QR code of the keep link" />
          </details>
        </>
      )}
    </section>
  )
}

function NameKeeperForm({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say } = useShell()
  const [texts, setTexts] = useState({ address: '', name: '', room: roomChoices[1]?.value ?? '' })
  const action = useAction()
  const keeper = parseKeeper(texts.address)
  const isComplete = keeper !== undefined && texts.name.trim() !== ''
  const add = () =>
    action.run(async () => {
      if (keeper === undefined) return
      await peerhood.communities.addKeeper(community.id, {
        ...keeper,
        name: texts.name.trim(),
        bytesMax: Number(texts.room),
      })
      onClose()
      say(`${texts.name.trim()} is a keeper now`)
    })
  return (
    <form
      className="dialog-part"
      onSubmit={(event) => {
        event.preventDefault()
        if (isComplete && !action.busy) void add()
      }}
    >
      <h3>2. Say where it is</h3>
      <p className="soft">All members then sync with it. It shows its address when it begins to keep.</p>
      <TextField
        label="Its address"
        placeholder="/ip4/…/tcp/…/p2p/…"
        mono
        charsMax={1024}
        value={texts.address}
        onChange={(address) => setTexts({ ...texts, address })}
        error={
          texts.address.trim() !== '' && keeper === undefined
            ? 'An address ends in /p2p/ and the id of the computer.'
            : undefined
        }
      />
      <div className="field-pair">
        <TextField label="Called" charsMax={64} value={texts.name} onChange={(name) => setTexts({ ...texts, name })} />
        <SelectField
          label="Room it promised"
          value={texts.room}
          options={roomChoices}
          onChange={(room) => setTexts({ ...texts, room })}
        />
      </div>
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
          Name it a keeper
        </Button>
      </div>
    </form>
  )
}
