// Who asks this person to talk: what they say, and yes, no, or never again.

import { useState } from 'react'
import type { DirectRequest } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useLearn, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Menu } from '../../ui/menu.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Facts, ProblemNote } from '../../ui/parts.tsx'
import { useFocusAfter, useNews } from '../admission/hooks.ts'
import { useMemberName } from '../communities/hooks.ts'
import { Avatar } from '../community/avatar.tsx'
import { pendingOf, wordsText } from './core.ts'

/** Nothing at all while nobody asks. */
export function DirectRequests() {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'direct-request')
  const {
    value = [],
    failure,
    reread,
  } = useReading('direct requests', news, (options) => peerhood.direct.requests(options))
  const pending = pendingOf(value)
  if (failure !== undefined) return <ProblemNote problem={failure} />
  if (pending.length === 0) return null
  return (
    <ul className="rows" aria-label="Requests to talk">
      {pending.map((request) => (
        <RequestItem key={request.id} request={request} onDecided={reread} />
      ))}
    </ul>
  )
}

interface ItemProps {
  readonly request: DirectRequest
  readonly onDecided: () => void
}

function RequestItem({ request, onDecided }: ItemProps) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const nowMs = useNow()
  const [asking, setAsking] = useState<'accept' | 'block'>()
  useFocusAfter()
  const { name, text, person, receivedMs } = request
  const done = (work: Promise<unknown>, said: string) => {
    work.then(
      () => {
        onDecided()
        say(said)
      },
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li className="request direct-request">
      <Avatar id={person} name={name} />
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            'asks to talk with you',
            agoText(receivedMs, nowMs),
            <span key="words" className="person-words" title="Words that tell this person from all others">
              {wordsText(request.words)}
            </span>,
          ]}
        </Facts>
        <p className="excerpt note-words" dir="auto">
          {text}
        </p>
      </div>
      <div className="actions">
        <Button look="primary" about={name} onClick={() => setAsking('accept')}>
          Accept
        </Button>
        <Button about={name} onClick={() => done(peerhood.direct.refuse(request.id), `${name} is refused`)}>
          Refuse
        </Button>
        <Menu
          label="More"
          about={`about ${name}`}
          items={[{ label: 'Block', icon: 'close', danger: true, onChoose: () => setAsking('block') }]}
        />
      </div>
      {asking === 'accept' && (
        <AcceptDialog request={request} onDecided={onDecided} onClose={() => setAsking(undefined)} />
      )}
      {asking === 'block' && (
        <BlockConfirm
          name={name}
          onConfirm={() => done(peerhood.direct.block(person), `${name} is blocked`)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </li>
  )
}

export function BlockConfirm(props: { name: string; onConfirm: () => void; onClose: () => void }) {
  const { name, onConfirm, onClose } = props
  return (
    <Confirm title={`Block ${name}?`} verb="Block" onConfirm={onConfirm} onClose={onClose}>
      <p>
        What {name} asks is refused from now on, on all their devices, without asking you. A conversation with them
        rests: nothing goes there, nothing comes from there, and it is hidden. They are not told. You can end it at any
        time.
      </p>
    </Confirm>
  )
}

function AcceptDialog({ request, onDecided, onClose }: ItemProps & { readonly onClose: () => void }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const guess = useMemberName()
  const [memberName, setMemberName] = useState(guess)
  const action = useAction()
  const { name, text } = request
  const isComplete = memberName.trim() !== ''
  const accept = () =>
    action.run(async () => {
      const community = await peerhood.direct.accept(request.id, { memberName: memberName.trim() })
      learn({ type: 'community', community })
      onDecided()
      onClose()
      navigate({ place: 'community', id: community.id, tab: 'chat' })
    })
  return (
    <Dialog title={`Talk with ${name}?`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) void accept()
        }}
      >
        <p className="excerpt note-words" dir="auto">
          {text}
        </p>
        <dl className="pairs">
          <Pair name="Words">{wordsText(request.words)}</Pair>
          <CopyPair name="Person" text={request.person} what="person id" shown={request.person} />
        </dl>
        <p className="soft small">
          Anybody can take any name. When in doubt, ask them by another way for their six words, which their Peerhood
          shows with their link, and compare.
        </p>
        <TextField
          label="Your name in it"
          charsMax={64}
          autoComplete="name"
          value={memberName}
          onChange={setMemberName}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
            Accept
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
