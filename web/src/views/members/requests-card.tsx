// Who asks to be let in, for those who may decide, and the link with which others ask.

import { useState } from 'react'
import type { Applicant } from '../../../../src/sdk/types.ts'
import { agoText, countText, shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Menu } from '../../ui/menu.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, Facts, ProblemNote } from '../../ui/parts.tsx'
import { pendingOf } from '../admission/core.ts'
import { useFocusAfter } from '../admission/hooks.ts'
import { LinkShown } from '../admission/link-shown.tsx'
import { Avatar } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { communityName } from '../community/core.ts'
import { useRoleOptions } from './hooks.ts'

/** It changes its place on the page; so the dialog that `onLink` opens stands elsewhere. */
export function RequestsCard({ onLink }: { onLink: () => void }) {
  const { requests } = useCommunity()
  const { value = [], failure } = requests
  const pending = pendingOf(value)
  const blocked = value.filter(({ state }) => state === 'blocked')
  return (
    <Card
      title="Requests"
      actions={
        <Button icon="link" onClick={onLink}>
          Request link
        </Button>
      }
    >
      {failure !== undefined && <ProblemNote problem={failure} />}
      <p className="soft">
        {pending.length > 0
          ? `${countText(pending.length, 'person asks', 'people ask')} to be let in. Names are by their own word: make sure who it is before you say yes.`
          : 'Nobody asks to be let in. With the request link people ask, and one of those who may approve decides.'}
      </p>
      <ul className="rows" aria-label="Requests">
        {pending.map((applicant) => (
          <RequestItem key={applicant.device} applicant={applicant} />
        ))}
      </ul>
      {blocked.length > 0 && (
        <details className="get-options">
          <summary>Blocked ({blocked.length})</summary>
          <ul className="rows" aria-label="Blocked">
            {blocked.map((applicant) => (
              <BlockedItem key={applicant.device} applicant={applicant} />
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}

export function RequestLinkDialog({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const name = communityName(community)
  const { value: link, failure } = useReading(`request link ${community.id}`, undefined, (options) =>
    peerhood.communities.requestLink(community.id, options),
  )
  return (
    <Dialog title={`Ask to be let into ${name}`} onClose={onClose}>
      <p className="soft">
        It holds no secret: print it, put it on a page, send it round. Whoever pastes it into Peerhood asks, and is in
        when somebody here says yes.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {link !== undefined && <LinkShown link={link} what="request link" of={name} />}
      <div className="actions actions-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  )
}

function RequestItem({ applicant }: { applicant: Applicant }) {
  const nowMs = useNow()
  const { refuse } = useDecisions(applicant)
  useFocusAfter()
  const [asking, setAsking] = useState<'accept' | 'block'>()
  const { memberName: name, deviceName, note, askedMs } = applicant
  return (
    <li className="request">
      <Avatar id={applicant.person} name={name} />
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            `asked ${agoText(askedMs, nowMs)}`,
            <span key="device">
              from <bdi>{deviceName}</bdi>
            </span>,
            <span key="person" className="mono" title={applicant.person}>
              {shortText(applicant.person.replace(/^did:key:/, ''), 6, 6)}
            </span>,
          ]}
        </Facts>
        {note !== '' && (
          <p className="excerpt note-words" dir="auto">
            {note}
          </p>
        )}
      </div>
      <div className="actions">
        <Button look="primary" about={name} onClick={() => setAsking('accept')}>
          Let in
        </Button>
        <Button about={name} onClick={refuse}>
          Refuse
        </Button>
        <Menu
          label="More"
          about={`about ${name}`}
          items={[{ label: 'Block', icon: 'close', danger: true, onChoose: () => setAsking('block') }]}
        />
      </div>
      {asking === 'accept' && <AcceptDialog applicant={applicant} onClose={() => setAsking(undefined)} />}
      {asking === 'block' && <BlockConfirm applicant={applicant} onClose={() => setAsking(undefined)} />}
    </li>
  )
}

function AcceptDialog({ applicant, onClose }: { applicant: Applicant; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community, requests } = useCommunity()
  const { say } = useShell()
  const [role, setRole] = useState('member')
  const options = useRoleOptions(community.id, community.self?.role)
  const action = useAction()
  const { memberName: name, note } = applicant
  const accept = () =>
    action.run(async () => {
      await peerhood.communities.decide(community.id, applicant.device, { accept: true, role })
      requests.reread()
      onClose()
      say(`${name} is let in`)
    })
  return (
    <Dialog title={`Let ${name} in?`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!action.busy) void accept()
        }}
      >
        {note !== '' && (
          <p className="excerpt note-words" dir="auto">
            {note}
          </p>
        )}
        <dl className="pairs">
          <Pair name="Computer">
            <bdi>{applicant.deviceName}</bdi>
          </Pair>
          <CopyPair name="Person" text={applicant.person} what="person id" shown={shortText(applicant.person, 20, 8)} />
        </dl>
        <p className="soft small">
          Anybody can take any name. When in doubt, ask them by another way for their person id, which their Peerhood
          shows under Settings, and compare.
        </p>
        <SelectField label="Role" value={role} options={options} onChange={setRole} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={action.busy}>
            Let in
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function BlockConfirm({ applicant, onClose }: { applicant: Applicant; onClose: () => void }) {
  const { block } = useDecisions(applicant)
  const name = applicant.memberName
  return (
    <Confirm title={`Block ${name}?`} verb="Block" onConfirm={block} onClose={onClose}>
      <p>
        This computer refuses {name} from now on, on all their devices, without asking you again. Others who may approve
        are still asked. You can end it here.
      </p>
    </Confirm>
  )
}

function BlockedItem({ applicant }: { applicant: Applicant }) {
  const nowMs = useNow()
  const { unblock } = useDecisions(applicant)
  useFocusAfter()
  const { memberName: name, lastMs } = applicant
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone="bad">
              Blocked
            </Badge>,
            <bdi key="device">{applicant.deviceName}</bdi>,
            `asked last ${agoText(lastMs, nowMs)}`,
          ]}
        </Facts>
      </div>
      <Button about={name} onClick={unblock}>
        Unblock
      </Button>
    </li>
  )
}

function useDecisions({ device, memberName }: Applicant) {
  const { peerhood } = useDaemon()
  const { community, requests } = useCommunity()
  const { say, warn } = useShell()
  const decide = (block: boolean, said: string) => () => {
    peerhood.communities.decide(community.id, device, { accept: false, block }).then(
      () => {
        requests.reread()
        say(said)
      },
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return {
    refuse: decide(false, `${memberName} is refused`),
    block: decide(true, `${memberName} is blocked`),
    unblock: decide(false, `${memberName} may ask again`),
  }
}
