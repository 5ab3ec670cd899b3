// Where a message is written: text, names after @, files, an answer to another one. Enter sends, Shift+Enter makes a line.

import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react'
import type { Message } from '../../../../src/sdk/types.ts'
import { bytesText } from '../../format/core.ts'
import { pick, readDrop, readList } from '../../intake/service.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Progress } from '../../ui/parts.tsx'
import { useRoom } from './context.tsx'
import { excerptOf } from './core.ts'
import { EmojiPicker } from './emoji-picker.tsx'
import { drafts, placeKey, useTypingSignal } from './hooks.ts'
import { MentionList, useMentions } from './mentions.tsx'
import type { Draft, Place } from './timeline-service.ts'
import { type Upload, type Uploads, useUploads } from './uploads.ts'

interface ComposerProps {
  readonly place: Place
  /** `Message to #general`. */
  readonly label: string
  readonly replyTo: Message | undefined
  readonly onReplied: () => void
  readonly onSend: (draft: Draft) => void
  /** Up in an empty field. */
  readonly onEditLast: () => void
  readonly field: RefObject<HTMLTextAreaElement | null>
}

export function Composer(props: ComposerProps) {
  const { label, replyTo, onReplied, field } = props
  const composer = useComposer(props)
  const { text, uploads, mentions } = composer
  return (
    <form
      ref={composer.form}
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        composer.send()
      }}
    >
      {replyTo !== undefined && <ReplyBar message={replyTo} onCancel={onReplied} />}
      {uploads.uploads.length > 0 && <UploadList uploads={uploads} isWaiting={composer.isWaiting} />}
      <div className="composer-line">
        <Button look="quiet" icon="attach" iconOnly onClick={() => void uploads.add(pick('files'))}>
          Attach files
        </Button>
        <textarea
          ref={field}
          className="composer-text"
          aria-label={label}
          placeholder={label}
          dir="auto"
          rows={1}
          maxLength={10_000}
          value={text}
          {...mentions.aria}
          onChange={(event) => {
            composer.change(event.target.value)
            mentions.look(event.target)
          }}
          onSelect={(event) => mentions.look(event.currentTarget)}
          onBlur={mentions.close}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return
            event.preventDefault()
            void uploads.add(Promise.resolve(readList(event.clipboardData.files)))
          }}
          onKeyDown={composer.onKeyDown}
        />
        <EmojiButton onPick={composer.insert} />
        <Button
          type="submit"
          look={composer.isEmpty ? 'quiet' : 'primary'}
          icon="send"
          iconOnly
          disabled={composer.isEmpty}
        >
          Send
        </Button>
      </div>
      <MentionList mentions={mentions} />
    </form>
  )
}

function useComposer({ place, replyTo, onReplied, onSend, onEditLast, field }: ComposerProps) {
  const key = placeKey(place)
  const [text, setText] = useState(() => drafts.get(key) ?? '')
  const [isWaiting, setWaiting] = useState(false)
  const uploads = useUploads()
  const typing = useTypingSignal(place)
  const form = useRef<HTMLFormElement>(null)
  useDropTarget(uploads, form)
  const change = (value: string) => {
    if (value === '') drafts.delete(key)
    else {
      drafts.set(key, value)
      typing()
    }
    setText(value)
  }
  const mentions = useMentions(text, (next, caret) => {
    change(next)
    requestAnimationFrame(() => field.current?.setSelectionRange(caret, caret))
  })
  const isUploading = uploads.uploads.some(
    ({ attachment, failure }) => attachment === undefined && failure === undefined,
  )
  const isEmpty = text.trim() === '' && uploads.uploads.every(({ failure }) => failure !== undefined)
  const send = () => {
    if (isEmpty) return
    // It goes out when the last file is ready.
    if (isUploading) return setWaiting(true)
    setWaiting(false)
    onSend({ text: text.trim() === '' ? '' : text, replyTo: replyTo?.id, attachments: uploads.take() })
    change('')
    onReplied()
  }
  useEffect(() => {
    if (isWaiting && !isUploading) send()
  })
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      send()
    } else if (event.key === 'Escape' && replyTo !== undefined) {
      event.preventDefault()
      onReplied()
    } else if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault()
      onEditLast()
    }
  }
  const insert = (emoji: string) => {
    const at = field.current?.selectionStart ?? text.length
    change(text.slice(0, at) + emoji + text.slice(field.current?.selectionEnd ?? at))
    field.current?.focus()
  }
  return { form, text, uploads, mentions, isWaiting, isEmpty, change, send, insert, onKeyDown }
}

/** What is dropped beside the field goes into the message; the page's own way with drops (app/drop-zone.tsx) leaves it. */
function useDropTarget({ add }: Uploads, form: RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    const drop = (event: DragEvent) => {
      const area = event.target instanceof Element ? event.target.closest('[data-drop]') : null
      const isOurs = area !== null && area === form.current?.closest('[data-drop]')
      if (!isOurs || event.dataTransfer === null || !event.dataTransfer.types.includes('Files')) return
      event.preventDefault()
      void add(readDrop(event.dataTransfer))
    }
    document.addEventListener('drop', drop)
    return () => document.removeEventListener('drop', drop)
  }, [add, form])
}

function ReplyBar({ message, onCancel }: { message: Message; onCancel: () => void }) {
  const { nameOf } = useRoom()
  return (
    <div className="composer-reply">
      <Icon name="reply" size={16} />
      <span className="cut">
        <bdi className="quote-name">{nameOf(message.person)}</bdi> <bdi className="soft">{excerptOf(message)}</bdi>
      </span>
      <Button look="quiet" icon="close" iconOnly onClick={onCancel}>
        Do not answer it
      </Button>
    </div>
  )
}

function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const [anchor, setAnchor] = useState<HTMLElement>()
  return (
    <>
      <Button look="quiet" icon="smile" iconOnly onClick={(event) => setAnchor(event.currentTarget)}>
        Emoji
      </Button>
      {anchor !== undefined && (
        <EmojiPicker
          anchor={anchor}
          onClose={() => setAnchor(undefined)}
          onPick={(emoji) => {
            setAnchor(undefined)
            // After the picker has given the focus back.
            requestAnimationFrame(() => onPick(emoji))
          }}
        />
      )}
    </>
  )
}

function UploadList({ uploads: { uploads, drop }, isWaiting }: { uploads: Uploads; isWaiting: boolean }) {
  return (
    <ul className="composer-files" aria-label="Files of this message">
      {uploads.map((upload) => (
        <UploadItem key={upload.id} upload={upload} onDrop={() => drop(upload.id)} />
      ))}
      {isWaiting && <li className="soft small">It is sent as soon as the files are ready.</li>}
    </ul>
  )
}

function UploadItem({ upload, onDrop }: { upload: Upload; onDrop: () => void }) {
  const { name, bytes, bytesSent, attachment, failure } = upload
  return (
    <li className="composer-file">
      <Icon name={failure === undefined ? 'file' : 'warning'} size={18} />
      <span className="composer-file-name">
        <bdi className="cut" title={name}>
          {name}
        </bdi>
        {failure !== undefined ? (
          <span className="field-error small">{failure.sentence}</span>
        ) : attachment === undefined ? (
          <Progress label={`Adding ${name}`} done={bytesSent} all={bytes} />
        ) : (
          <span className="soft small figures">{bytesText(bytes)}</span>
        )}
      </span>
      <Button look="quiet" icon="close" iconOnly about={name} onClick={onDrop}>
        Take out
      </Button>
    </li>
  )
}
