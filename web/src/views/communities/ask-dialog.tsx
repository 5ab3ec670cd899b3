// Asks to be let into a community: who one is, and why; the daemon goes on asking until a member has decided.

import { useState } from 'react'
import type { Ask } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { askedName } from '../admission/core.ts'
import { Avatar } from '../community/avatar.tsx'
import { type Inspection, useInspection } from '../transfers/hooks.ts'
import { type RequestLink, startSentence } from './core.ts'
import { useMemberName } from './hooks.ts'

const noteCharsMax = 280

export function AskDialog({ link, onClose }: { link: string; onClose: () => void }) {
  const [asked, setAsked] = useState<Ask>()
  return (
    <Dialog title="Ask to be let in" onClose={onClose}>
      {asked === undefined ? <AskForm link={link} onAsked={setAsked} /> : <Asked ask={asked} onClose={onClose} />}
    </Dialog>
  )
}

function AskForm({ link, onAsked }: { link: string; onAsked: (ask: Ask) => void }) {
  const { peerhood } = useDaemon()
  const guess = useMemberName()
  const [texts, setTexts] = useState({ link, memberName: guess, note: '' })
  const inspection = useInspection(texts.link)
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const request = inspection.link?.kind === 'community-request' ? inspection.link : undefined
  const isComplete = request !== undefined && texts.memberName.trim() !== ''
  const ask = () =>
    action.run(async () => {
      const request = {
        link: findLink(texts.link) ?? texts.link.trim(),
        memberName: texts.memberName.trim(),
        note: texts.note.trim(),
      }
      onAsked(await peerhood.communities.ask(request))
    })
  return (
    <>
      {request !== undefined && <Wanted link={request} />}
      <p className="soft">
        The link leads to the members of a community who may let others in. They see your name and what you write below,
        and one of them decides.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) void ask()
        }}
      >
        {(link === '' ||
          inspection.failure !== undefined ||
          (inspection.link !== undefined && request === undefined)) && (
          <RequestField text={texts.link} inspection={inspection} onChange={(value) => set({ link: value })} />
        )}
        <TextField
          label="Your name in it"
          charsMax={64}
          autoComplete="name"
          value={texts.memberName}
          onChange={(memberName) => set({ memberName })}
        />
        <TextField
          label="Who you are, and why you ask"
          rows={3}
          charsMax={noteCharsMax}
          value={texts.note}
          onChange={(note) => set({ note })}
          hint={`They may not know you by your name alone. ${noteCharsMax - texts.note.length} characters left.`}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="people" busy={action.busy} disabled={!isComplete}>
            Ask
          </Button>
        </div>
      </form>
    </>
  )
}

/** What the community is called by the word of the link. */
function Wanted({ link }: { link: RequestLink }) {
  const name = link.name ?? 'A community'
  return (
    <div className="invited">
      <Avatar id={link.communityId} name={name} shape="square" size="large" />
      <div>
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span className="soft small">A member decides whether you come in. {startSentence(link.peers.length)}</span>
      </div>
    </div>
  )
}

interface RequestFieldProps {
  readonly text: string
  readonly inspection: Inspection
  readonly onChange: (text: string) => void
}

function RequestField({ text, inspection: { link, failure }, onChange }: RequestFieldProps) {
  const { show } = useShell()
  return (
    <>
      <TextField
        label="Request link"
        placeholder="peerhood:…"
        rows={2}
        mono
        link
        value={text}
        onChange={onChange}
        error={failure && `${failure.sentence} ${failure.hint}`}
        hint="A member gets it under Members, Requests."
      />
      {link !== undefined && link.kind !== 'community-request' && (
        <Note
          title="With this link you need not ask"
          actions={<Button onClick={() => show({ kind: 'get', link: text })}>Open it</Button>}
        >
          <p>{link.kind === 'invite' ? 'It is an invite, which lets you in.' : 'It leads somewhere else.'}</p>
        </Note>
      )}
    </>
  )
}

function Asked({ ask, onClose }: { ask: Ask; onClose: () => void }) {
  const done = () => {
    onClose()
    navigate({ place: 'communities' })
  }
  return (
    <>
      <Note tone="good" title={`You ask to be let into ${askedName(ask)}`}>
        <p>
          <Said text={ask.sentence} />
        </p>
        <p>You may close this page meanwhile. How it stands you see under Communities.</p>
      </Note>
      <div className="actions actions-end">
        <Button look="primary" onClick={done}>
          Done
        </Button>
      </div>
    </>
  )
}
