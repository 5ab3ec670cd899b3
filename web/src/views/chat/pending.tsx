// What was written here and is not in the log yet: for a blink of an eye, or until its person decides.

import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Said } from '../../ui/said.tsx'
import { Avatar } from '../community/avatar.tsx'
import { AttachmentName } from './attachment.tsx'
import { useRoom } from './context.tsx'
import { Markdown } from './markdown.tsx'
import type { Pending } from './timeline-core.ts'

export function PendingMessage({ pending }: { pending: Pending }) {
  const { self = '', nameOf, actions } = useRoom()
  const { failure } = pending
  return (
    <div className="message-item message-pending">
      <Avatar id={self} name={nameOf(self)} />
      <div className="message-body">
        <div className="message-head">
          <bdi className="message-name">{nameOf(self)}</bdi>
          <span className="message-time">{failure === undefined ? 'sending…' : <Badge />}</span>
        </div>
        <div className="message-text">
          <Markdown text={pending.text} />
        </div>
        {pending.attachments.map((attachment) => (
          <AttachmentName key={attachment.link} attachment={attachment} />
        ))}
        {failure !== undefined && (
          <div className="message-failed">
            <p>
              <Said text={failure.sentence} /> <Said text={failure.hint} />
            </p>
            <div className="actions">
              <Button icon="refresh" onClick={() => actions.retry(pending.id)}>
                Send again
              </Button>
              <Button look="quiet" icon="trash" onClick={() => actions.discard(pending.id)}>
                Throw away
              </Button>
            </div>
          </div>
        )}
      </div>
    </div>
  )
}

function Badge() {
  return (
    <span className="badge badge-bad">
      <Icon name="warning" size={14} /> Not sent
    </span>
  )
}
