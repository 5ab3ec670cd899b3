// One message: who, when, what; what it answers, what hangs from it, and what can be done with it.

import { memo } from 'react'
import type { Message } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { Icon } from '../../ui/icon.tsx'
import { Avatar } from '../community/avatar.tsx'
import { AttachmentView } from './attachment.tsx'
import { useRoom } from './context.tsx'
import { excerptOf, isOnlyEmoji, momentText, timeText } from './core.ts'
import { useMessage } from './hooks.ts'
import { Markdown } from './markdown.tsx'
import { MessageEditor } from './message-editor.tsx'
import { MessageToolbar } from './message-toolbar.tsx'
import { Reactions } from './reactions.tsx'

interface MessageProps {
  readonly message: Message
  /** Follows another of the same person: the name stands above that. */
  readonly isGrouped: boolean
  /** Pointed at, or has the focus: only then its buttons stand in the document. */
  readonly isActive: boolean
  readonly isEditing: boolean
  readonly isHighlighted: boolean
  readonly onActive: (id: string | undefined) => void
}

export const MessageItem = memo(function MessageItem(props: MessageProps) {
  const { message, isGrouped, isActive, isEditing, isHighlighted, onActive } = props
  const { nameOf, self } = useRoom()
  const name = nameOf(message.person)
  const isMeant = self !== undefined && message.mentions.includes(self) && message.person !== self
  return (
    <article
      data-message={message.id}
      aria-label={`${name}, ${timeText(message.sentMs)}`}
      tabIndex={-1}
      className={classOf({ isGrouped, isMeant, isHighlighted })}
      onPointerEnter={(event) => event.pointerType === 'mouse' && onActive(message.id)}
      // A finger does not hover.
      onPointerUp={(event) => event.pointerType !== 'mouse' && onActive(message.id)}
      onFocus={() => onActive(message.id)}
    >
      {isGrouped ? (
        <time className="message-side-time figures" aria-hidden="true">
          {timeText(message.sentMs)}
        </time>
      ) : (
        <Avatar id={message.person} name={name} />
      )}
      <div className="message-body">
        {message.replyTo !== null && <Quote id={message.replyTo} />}
        {!isGrouped && <MessageHead message={message} name={name} />}
        {isEditing ? <MessageEditor message={message} /> : <MessageContent message={message} />}
        <Reactions message={message} />
        <ThreadLink message={message} />
      </div>
      {isActive && !isEditing && <MessageToolbar message={message} />}
    </article>
  )
})

function classOf(is: { isGrouped: boolean; isMeant: boolean; isHighlighted: boolean }): string {
  const more = [is.isGrouped && 'message-grouped', is.isMeant && 'message-meant', is.isHighlighted && 'message-sought']
  return ['message-item', ...more.filter((name) => name !== false)].join(' ')
}

function MessageHead({ message, name }: { message: Message; name: string }) {
  return (
    <div className="message-head">
      <bdi className="message-name">{name}</bdi>
      <time
        className="message-time figures"
        dateTime={new Date(message.sentMs).toISOString()}
        title={momentText(message.sentMs)}
      >
        {timeText(message.sentMs)}
      </time>
    </div>
  )
}

function MessageContent({ message }: { message: Message }) {
  const { nameOf, mayModerate } = useRoom()
  if (message.deleted) return <p className="message-gone">Deleted by who wrote it; everybody was asked to forget it.</p>
  if (message.hidden !== null) {
    const { by, reason } = message.hidden
    return (
      <div className="message-gone">
        <p>
          <Icon name="hidden" size={16} /> Hidden by <bdi>{nameOf(by)}</bdi>
          {reason !== '' && (
            <>
              : <bdi>{reason}</bdi>
            </>
          )}
        </p>
        {mayModerate && (message.text !== '' || message.attachments.length > 0) && (
          <details>
            <summary>Show it to me</summary>
            <Words message={message} />
          </details>
        )}
      </div>
    )
  }
  return <Words message={message} />
}

function Words({ message }: { message: Message }) {
  return (
    <>
      {message.text !== '' && (
        <div className={isOnlyEmoji(message.text) ? 'message-text message-emoji' : 'message-text'}>
          <Markdown text={message.text} mentions={message.mentions} />
          {message.editedMs !== null && (
            <span className="message-edited" title={momentText(message.editedMs)}>
              {' '}
              (edited)
            </span>
          )}
        </div>
      )}
      {message.attachments.map((attachment, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be offered twice; its place tells them apart
        <AttachmentView key={at} attachment={attachment} />
      ))}
    </>
  )
}

/** What a message answers, in a line that leads there. */
function Quote({ id }: { id: string }) {
  const { community, find, nameOf, actions } = useRoom()
  const answered = useMessage(community, id, find(id))
  return (
    <button type="button" className="quote" onClick={() => actions.goTo(id)}>
      <Icon name="reply" size={14} />
      <span className="visually-hidden">Answers </span>
      {answered === undefined ? (
        <span>a message</span>
      ) : (
        <>
          <bdi className="quote-name">{nameOf(answered.person)}</bdi>
          <bdi className="quote-text">{excerptOf(answered)}</bdi>
        </>
      )}
    </button>
  )
}

function ThreadLink({ message }: { message: Message }) {
  const { actions, isThread } = useRoom()
  if (message.replies === 0 || isThread) return null
  return (
    <button type="button" className="thread-link" onClick={() => actions.openThread(message)}>
      <Icon name="thread" size={16} />
      {countText(message.replies, 'reply', 'replies')}
    </button>
  )
}
