// Joins a community: paste the invite, see what it is, say what one is called, one button.

import { useEffect, useRef, useState } from 'react'
import type { Link } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { Avatar } from '../community/avatar.tsx'
import { type Inspection, useInspection } from '../transfers/hooks.ts'
import { type InviteLink, startSentence } from './core.ts'
import { useMemberName } from './hooks.ts'

export function JoinDialog({ link, onClose }: { link: string; onClose: () => void }) {
  const [text, setText] = useState(link)
  const inspection = useInspection(text)
  const invite = inspection.link?.kind === 'invite' ? inspection.link : undefined
  useAskInstead(inspection, text)
  return (
    <Dialog title="Join a community" onClose={onClose}>
      {(link === '' || invite === undefined) && <InviteField text={text} inspection={inspection} onChange={setText} />}
      {invite !== undefined && <JoinForm key={invite.inviteId} text={text} invite={invite} onClose={onClose} />}
    </Dialog>
  )
}

/** With some links one asks to be let in, which is another form. */
function useAskInstead({ link }: Inspection, text: string): void {
  const { show } = useShell()
  const asks = link?.kind === 'community-request'
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each link that turns out to be one
  useEffect(() => {
    if (asks) show({ kind: 'ask', link: findLink(text) ?? text })
  }, [asks])
}

const otherTexts: Readonly<Record<Exclude<Link['kind'], 'invite'>, string>> = {
  'community-keep': 'It lets you keep a community for others.',
  'community-request': 'With it you ask to be let in.',
  contact: 'With it you ask somebody to talk with you.',
  read: 'It is one of a share.',
  keep: 'It is one of a share.',
}

interface InviteFieldProps {
  readonly text: string
  readonly inspection: Inspection
  readonly onChange: (text: string) => void
}

function InviteField({ text, inspection, onChange }: InviteFieldProps) {
  const { show } = useShell()
  const { link, failure } = inspection
  return (
    <>
      <TextField
        label="Invite"
        placeholder="peerhood:…"
        rows={2}
        mono
        link
        value={text}
        onChange={onChange}
        error={failure && `${failure.sentence} ${failure.hint}`}
        hint="Paste the invite that somebody sent you, or a link with which you ask to be let in."
      />
      {link !== undefined && link.kind !== 'invite' && (
        <Note
          title="This link is not an invite"
          actions={
            <Button
              onClick={() =>
                show(link.kind === 'community-keep' ? { kind: 'keep', link: text } : { kind: 'get', link: text })
              }
            >
              Open it
            </Button>
          }
        >
          <p>{otherTexts[link.kind]}</p>
        </Note>
      )}
      {text === '' && (
        <div className="actions">
          <Button look="quiet" icon="voice" onClick={() => show({ kind: 'enter' })}>
            I was told a code instead
          </Button>
        </div>
      )}
    </>
  )
}

function JoinForm({ text, invite, onClose }: { text: string; invite: InviteLink; onClose: () => void }) {
  const known = useWorld((world) => world.communities.get(invite.communityId))
  const { memberName, setMemberName, action, join, stop } = useJoin(text, onClose)
  const isIn = known?.phase === 'open'
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (memberName.trim() !== '' && !action.busy) join()
      }}
    >
      <Invited invite={invite} />
      {isIn ? (
        <AlreadyIn id={invite.communityId} onClose={onClose} />
      ) : (
        <>
          <TextField
            label="Your name in it"
            charsMax={64}
            autoComplete="name"
            value={memberName}
            onChange={setMemberName}
            hint="The members see it. You can change it later."
          />
          {action.failure !== undefined && <ProblemNote problem={action.failure} />}
          {action.busy && (
            <p className="soft small" role="status">
              Looking for somebody who is in it. That takes seconds when one of them is online, and up to three minutes.
            </p>
          )}
          <div className="actions actions-end">
            {action.busy && <Button onClick={stop}>Stop</Button>}
            <Button type="submit" look="primary" icon="people" busy={action.busy} disabled={memberName.trim() === ''}>
              {action.busy ? 'Joining' : 'Join'}
            </Button>
          </div>
        </>
      )}
    </form>
  )
}

function Invited({ invite }: { invite: InviteLink }) {
  const name = invite.name ?? 'A community'
  return (
    <div className="invited">
      <Avatar id={invite.communityId} name={name} shape="square" size="large" />
      <div>
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span className="soft small">You are invited. {startSentence(invite.peers.length)}</span>
      </div>
    </div>
  )
}

function AlreadyIn({ id, onClose }: { id: string; onClose: () => void }) {
  const open = () => {
    onClose()
    navigate({ place: 'community', id, tab: 'chat' })
  }
  return (
    <>
      <p>You are in this community already.</p>
      <div className="actions actions-end">
        <Button look="primary" icon="chat" onClick={open}>
          Open it
        </Button>
      </div>
    </>
  )
}

function useJoin(text: string, onClose: () => void) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const guess = useMemberName()
  const [memberName, setMemberName] = useState(guess)
  const action = useAction()
  const controller = useRef<AbortController>(undefined)
  const join = () => {
    controller.current = new AbortController()
    const { signal } = controller.current
    void action.run(async () => {
      try {
        const link = findLink(text) ?? text.trim()
        const community = await peerhood.communities.join({ link, memberName: memberName.trim() }, { signal })
        learn({ type: 'community', community })
        onClose()
        navigate({ place: 'community', id: community.id, tab: 'chat' })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    })
  }
  return { memberName, setMemberName, action, join, stop: () => controller.current?.abort() }
}
