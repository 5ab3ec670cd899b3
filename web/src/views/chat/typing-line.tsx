// Who is typing here. It keeps its height, so that messages do not jump when it comes and goes.

import { useEffect, useRef, useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { useEvents } from '../../store/hooks.tsx'
import { useCommunity } from '../community/context.tsx'
import { stepTyping, type Typing, typingMsMax, typingPersons, typingText } from './core.ts'

export function TypingLine({ channel }: { channel: Channel }) {
  const { nameOf } = useCommunity()
  const text = typingText(useTyping(channel).map(nameOf))
  return (
    <p className="typing-line small soft">
      {text !== '' && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <bdi className="cut">{text}…</bdi>
        </>
      )}
    </p>
  )
}

function useTyping({ community, id }: Channel): string[] {
  const { chat, self } = useCommunity()
  const typing = useRef<Typing>(new Map())
  /** When each wrote a message here: what they typed before is that. */
  const written = useRef(new Map<string, number>())
  const [, draw] = useState(0)
  useEvents((event) => {
    if (event.type !== 'chat-message' || !event.isNew) return
    const { message } = event
    if (message.community === community && message.channel === id)
      written.current.set(message.person, performance.now())
  })
  const nowMs = performance.now()
  typing.current = stepTyping(typing.current, chat?.presence.values() ?? [], id, self, nowMs)
  const persons = typingPersons(typing.current, written.current, nowMs)
  const isSome = persons.length > 0
  useEffect(() => {
    if (!isSome) return
    const timer = setInterval(() => draw((times) => times + 1), typingMsMax / 16)
    return () => clearInterval(timer)
  }, [isSome])
  return persons
}
