// What can be done with the message that one points at or has come to by keys.

import { useState } from 'react'
import type { Message } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { type Room, useRoom } from './context.tsx'
import { EmojiPicker } from './emoji-picker.tsx'

export function MessageToolbar({ message }: { message: Message }) {
  const room = useRoom()
  const { say } = useShell()
  const [picker, setPicker] = useState<HTMLElement>()
  const { actions, mayWrite, isThread } = room
  const isShown = !message.deleted && message.hidden === null
  const copy = () => {
    navigator.clipboard.writeText(message.text).then(
      () => say('Copied'),
      () => undefined,
    )
  }
  return (
    <div className="message-toolbar">
      {mayWrite && isShown && (
        <>
          <Button look="quiet" icon="smile" iconOnly onClick={(event) => setPicker(event.currentTarget)}>
            React
          </Button>
          <Button look="quiet" icon="reply" iconOnly onClick={() => actions.reply(message)}>
            Reply
          </Button>
        </>
      )}
      {!isThread && message.thread === null && (mayWrite || message.replies > 0) && (
        <Button look="quiet" icon="thread" iconOnly onClick={() => actions.openThread(message)}>
          Thread
        </Button>
      )}
      <Menu label="More" items={itemsOf(message, room, isShown, copy)} />
      {picker !== undefined && (
        <EmojiPicker
          anchor={picker}
          onClose={() => setPicker(undefined)}
          onPick={(emoji) => {
            setPicker(undefined)
            actions.react(message, emoji, true)
          }}
        />
      )}
    </div>
  )
}

function itemsOf(message: Message, room: Room, isShown: boolean, copy: () => void): MenuItem[] {
  const { actions, self, mayWrite, mayModerate } = room
  const isOwn = message.person === self
  const ask = (kind: 'delete' | 'report' | 'hide' | 'mute') => () => actions.ask({ kind, message })
  const items: (MenuItem | false)[] = [
    isOwn && mayWrite && isShown && { label: 'Edit', icon: 'edit', onChoose: () => actions.edit(message) },
    isShown && message.text !== '' && { label: 'Copy text', icon: 'copy', onChoose: copy },
    isOwn && !message.deleted && { label: 'Delete', icon: 'trash', danger: true, onChoose: ask('delete') },
    !isOwn && isShown && { label: 'Report', icon: 'flag', onChoose: ask('report') },
    mayModerate && isShown && { label: 'Hide from all', icon: 'hidden', danger: true, onChoose: ask('hide') },
    mayModerate && !isOwn && { label: 'Mute this person', icon: 'mute', danger: true, onChoose: ask('mute') },
  ]
  return items.filter((item) => item !== false)
}
