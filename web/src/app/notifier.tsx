// Tells of messages that one does not see: by the system's notifications, when their person wants that.
//
// What is told: what mentions this person or was written to them alone, in communities that are open here, while the page
// lies behind something else or shows another place.

import { useEffect } from 'react'
import type { Message } from '../../../src/sdk/types.ts'
import type { Route } from '../router/core.ts'
import { navigate } from '../router/hooks.ts'
import type { World } from '../store/core.ts'
import { useDaemon, useEvents } from '../store/hooks.tsx'
import { wantsNotifications } from '../views/chat/preferences.ts'
import { type Notice, noticeOf } from './notice-core.ts'

export function Notifier({ route }: { route: Route }) {
  const { peerhood, store } = useDaemon()
  useEvents((event) => {
    if (event.type !== 'chat-message' || !event.isNew || !wantsNotifications()) return
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    const { message } = event
    const world = store.world()
    if (isSeen(message, route) || !isMeant(message, world)) return
    const tell = async () => {
      const members = await peerhood.communities.members(message.community)
      const author = members.find(({ person }) => person === message.person)?.name
      show(noticeOf(message, world.communities.get(message.community), author))
    }
    // A notice that can't be made is no loss: the badge counts it all the same.
    tell().catch(() => undefined)
  })
  // Those of before are of no use any more once one looks.
  useEffect(() => {
    const onLook = () => {
      for (const notification of shown.splice(0)) notification.close()
    }
    addEventListener('focus', onLook)
    return () => removeEventListener('focus', onLook)
  }, [])
  return null
}

const shown: Notification[] = []
const shownMax = 20

function show({ title, body, message }: Notice): void {
  const notification = new Notification(title, { body, tag: message.id, icon: './favicon.svg' })
  shown.push(notification)
  if (shown.length > shownMax) shown.shift()?.close()
  notification.addEventListener('click', () => {
    window.focus()
    notification.close()
    const { community: id, channel, thread } = message
    const focus =
      thread === null
        ? ({ kind: 'message', message: message.id } as const)
        : ({ kind: 'thread', message: thread } as const)
    navigate({ place: 'community', id, tab: 'chat', channel, focus })
  })
}

function isSeen(message: Message, route: Route): boolean {
  return document.hasFocus() && route.place === 'community' && route.tab === 'chat' && route.channel === message.channel
}

function isMeant(message: Message, world: World): boolean {
  const self = world.communities.get(message.community)?.self?.person
  if (self === undefined || message.person === self) return false
  const isOfTwo = world.communities.get(message.community)?.purpose === 'direct'
  const channel = world.chats.get(message.community)?.channels.get(message.channel)
  return message.mentions.includes(self) || channel?.kind === 'direct' || isOfTwo
}
