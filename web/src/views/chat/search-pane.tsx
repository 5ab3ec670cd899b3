// Finds messages by their words, in this channel or in all, and leads to them.

import { memo, startTransition, useEffect, useState } from 'react'
import type { Channel, FoundMessage } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { navigate } from '../../router/hooks.ts'
import { type Failure, toFailure, useDaemon } from '../../store/hooks.tsx'
import { announce } from '../../ui/announce.ts'
import { Switch, TextField } from '../../ui/field.tsx'
import { useCommunity } from '../community/context.tsx'
import { channelName } from '../community/core.ts'
import { momentText } from './core.ts'
import { Pane } from './pane.tsx'

/** Waits for the end of typing. */
const quietMs = 200
const foundMax = 100

interface Result {
  readonly found?: readonly FoundMessage[]
  readonly failure?: Failure
}

export function SearchPane({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const [words, setWords] = useState('')
  const [isEverywhere, setEverywhere] = useState(true)
  const { found, failure } = useSearch(channel.community, words, isEverywhere ? undefined : channel.id)
  return (
    <Pane title="Search" onClose={onClose} begin="field">
      <div className="pane-form">
        <TextField
          label="Words"
          value={words}
          onChange={setWords}
          charsMax={200}
          error={failure && `${failure.sentence} ${failure.hint}`}
        />
        <Switch label="In all channels" checked={isEverywhere} onChange={setEverywhere} />
      </div>
      <div className="pane-body">
        {found !== undefined && (
          <p className="soft small">
            {found.length === 0
              ? 'No message has all of these words.'
              : found.length >= foundMax
                ? `The first ${foundMax}; another word finds fewer.`
                : countText(found.length, 'message')}
          </p>
        )}
        <ul className="found" aria-label="Found messages">
          {found?.map((one) => (
            <li key={one.message.id}>
              <FoundItem found={one} />
            </li>
          ))}
        </ul>
      </div>
    </Pane>
  )
}

const FoundItem = memo(function FoundItem({ found: { message, snippet } }: { found: FoundMessage }) {
  const { chat, members, self, nameOf } = useCommunity()
  const channel = chat?.channels.get(message.channel)
  const focus =
    message.thread === null
      ? ({ kind: 'message', message: message.id } as const)
      : ({ kind: 'thread', message: message.thread } as const)
  const open = () =>
    navigate({ place: 'community', id: message.community, tab: 'chat', channel: message.channel, focus })
  return (
    <button type="button" className="found-item" onClick={open}>
      <span className="found-head small">
        <bdi className="quote-name">{nameOf(message.person)}</bdi>
        <span className="soft">
          {channel !== undefined && (
            <>
              in <bdi>{channelName(channel, members, self)}</bdi>,{' '}
            </>
          )}
          {momentText(message.sentMs)}
        </span>
      </span>
      <span dir="auto" className="found-text">
        {snippet.map(({ text, match }, at) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity; their place is their meaning
          match ? <mark key={at}>{text}</mark> : <span key={at}>{text}</span>,
        )}
      </span>
    </button>
  )
})

function useSearch(community: string, words: string, channel: string | undefined): Result {
  const { peerhood } = useDaemon()
  const [result, setResult] = useState<Result>({})
  useEffect(() => {
    if (words.trim() === '') return setResult({})
    const controller = new AbortController()
    const { signal } = controller
    const search = async () => {
      try {
        const where = channel === undefined ? {} : { channel }
        const found = await peerhood.chat.search(community, words.trim(), { ...where, limit: foundMax, signal })
        // A hundred of them are drawn bit by bit, so that keys are answered meanwhile.
        startTransition(() => setResult({ found }))
        announce(found.length === 0 ? 'Nothing found' : `${countText(found.length, 'message')} found`)
      } catch (error) {
        if (!signal.aborted) setResult({ failure: toFailure(error) })
      }
    }
    const timer = setTimeout(() => void search(), quietMs)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [peerhood, community, words, channel])
  return result
}
