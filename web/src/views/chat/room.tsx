// What a channel and a thread share: a timeline, a composer, and what can be done with messages.

import { type ReactNode, useMemo, useRef, useState } from 'react'
import type { Channel, Message } from '../../../../src/sdk/types.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon } from '../../store/hooks.tsx'
import { useCommunity } from '../community/context.tsx'
import { may, mayWrite } from '../community/core.ts'
import { type MessageActions, type Question, type Room, RoomProvider } from './context.tsx'
import { QuestionDialog } from './dialogs.tsx'
import { findMessage, type Timeline } from './timeline-core.ts'
import type { Place, TimelineService } from './timeline-service.ts'

export interface RoomState {
  readonly editing: string | undefined
  readonly replyTo: Message | undefined
  endReply(): void
  /** Begins to change the last own message. */
  editLast(): void
}

interface RoomOptions {
  readonly channel: Channel
  readonly place: Place
  readonly service: TimelineService
  readonly goTo: (message: string) => void
  /** The field of the composer: it gets the focus when one answers. */
  readonly focusField: () => void
}

/** Actions keep their identity, so that messages do not draw anew for them. */
export function useRoomState(options: RoomOptions): { room: Room; state: RoomState; dialog: ReactNode } {
  const { channel, place, service } = options
  const { community, members, self, nameOf } = useCommunity()
  const [editing, setEditing] = useState<string>()
  const [replyTo, setReplyTo] = useState<Message>()
  const [question, setQuestion] = useState<Question>()
  const actions = useActions(options, { setEditing, setReplyTo, setQuestion })
  const mayWriteHere = mayWrite(community, channel)
  const mayModerate = may(community, 'moderate')
  const isThread = place.thread !== undefined
  const room = useMemo(
    () => ({
      community: community.id,
      members,
      self,
      nameOf,
      actions,
      isThread,
      mayWrite: mayWriteHere,
      mayModerate,
      find: (id: string) => findMessage(service.view().timeline, id),
    }),
    [community.id, members, self, nameOf, actions, isThread, mayWriteHere, mayModerate, service],
  )
  const state: RoomState = {
    editing,
    replyTo,
    endReply: () => setReplyTo(undefined),
    editLast() {
      const last = lastOwn(service.view().timeline, self)
      if (last !== undefined) setEditing(last.id)
    },
  }
  const dialog = question && (
    <RoomProvider value={room}>
      <QuestionDialog question={question} onClose={() => setQuestion(undefined)} />
    </RoomProvider>
  )
  return { room, state, dialog }
}

function lastOwn({ pages = [], after }: Timeline, self: string | undefined): Message | undefined {
  // The last one is not held.
  if (after !== null) return undefined
  return pages
    .flatMap(({ messages }) => messages)
    .findLast(({ person, deleted, hidden }) => person === self && !deleted && hidden === null)
}

interface Setters {
  readonly setEditing: (id: string | undefined) => void
  readonly setReplyTo: (message: Message | undefined) => void
  readonly setQuestion: (question: Question) => void
}

function useActions(options: RoomOptions, { setEditing, setReplyTo, setQuestion }: Setters): MessageActions {
  const { peerhood } = useDaemon()
  const { warn } = useShell()
  const newest = useRef(options)
  newest.current = options
  const { channel, service } = options
  const { community, id: channelId } = channel
  return useMemo(() => {
    const learn = (call: Promise<Message>) => call.then(service.learn, (error: unknown) => warn(toFailure(error)))
    return {
      reply(message) {
        setReplyTo(message)
        newest.current.focusField()
      },
      openThread({ id }) {
        navigate({
          place: 'community',
          id: community,
          tab: 'chat',
          channel: channelId,
          focus: { kind: 'thread', message: id },
        })
      },
      react(message, emoji, on) {
        void learn(
          on ? peerhood.chat.react(community, message.id, emoji) : peerhood.chat.unreact(community, message.id, emoji),
        )
      },
      edit(message) {
        setEditing(message?.id)
        if (message === undefined) newest.current.focusField()
      },
      async saveEdit(message, text) {
        try {
          service.learn(await peerhood.chat.edit(community, message.id, text))
          setEditing(undefined)
          newest.current.focusField()
          return true
        } catch (error) {
          warn(toFailure(error))
          return false
        }
      },
      ask: setQuestion,
      goTo: (message) => newest.current.goTo(message),
      retry: (pending) => void service.retry(pending),
      discard: (pending) => service.discard(pending),
    }
  }, [peerhood, warn, service, community, channelId, setEditing, setReplyTo, setQuestion])
}
