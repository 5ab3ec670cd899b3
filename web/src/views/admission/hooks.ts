// Codes that are open, and news of requests, for the views that show them.

import { useEffect, useState } from 'react'
import type { CallOptions, Code, CodeEnded, Event } from '../../../../src/sdk/types.ts'
import { type Action, useAction, useEvents, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { announce } from '../../ui/announce.ts'
import { endedText, newestCode } from './core.ts'

/** Counts the news of one sort, and everything that was read anew: the version of a reading that they make stale. */
export function useNews(isNews: (event: Event) => boolean): number {
  const [count, setCount] = useState(0)
  useEvents((event) => {
    if (event.type === 'reset' || isNews(event)) setCount((before) => before + 1)
  })
  return count
}

/** What was decided about goes from its list; the focus that was in it goes to where the view begins, not nowhere. */
export function useFocusAfter(): void {
  useEffect(
    () => () => {
      if (document.activeElement !== document.body) return
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
    },
    [],
  )
}

export interface CodeCalls {
  /** Names what the codes are for. */
  readonly key: string
  /** Whether a code that ended is one of them. */
  isOne(ended: CodeEnded): boolean
  list(options: CallOptions): Promise<Code[]>
  cancel(nameplate: number): Promise<void>
}

export interface CodeState {
  /** The one that is open. */
  readonly code: Code | undefined
  /** What came of the last one; undefined while one is open, and before. */
  readonly ended: CodeEnded | undefined
  readonly action: Action
  /** False until it is known whether one is open already. */
  readonly isKnown: boolean
  made(code: Code): void
  cancel(): void
  /** Puts away what came of the last one. */
  again(): void
}

/** Wrong guesses are told by no event. */
const lookMs = 2000

export function useCode(calls: CodeCalls): CodeState {
  const lookedMs = useNow(lookMs)
  const reading = useReading(calls.key, lookedMs, calls.list)
  const [made, setMade] = useState<Code>()
  const [ended, setEnded] = useState<CodeEnded>()
  const [over, setOver] = useState<ReadonlySet<number>>(new Set())
  const action = useAction()
  const close = (nameplate: number) => setOver((before) => new Set(before).add(nameplate))
  const open = newestCode([...(made === undefined ? [] : [made]), ...(reading.value ?? [])], over)
  const code = open && (reading.value?.find(({ nameplate }) => nameplate === open.nameplate) ?? open)
  useEvents((event) => {
    if (event.type !== 'code-ended' || !calls.isOne(event.ended) || over.has(event.ended.nameplate)) return
    close(event.ended.nameplate)
    setEnded(event.ended)
    const { title, text } = endedText(event.ended)
    announce(`${title}. ${text}`)
  })
  return {
    code: ended === undefined ? code : undefined,
    ended,
    action,
    isKnown: reading.value !== undefined || reading.failure !== undefined,
    made(next) {
      // Numbers are given anew: an ended code of the same one is not this one.
      setOver((before) => new Set([...before].filter((one) => one !== next.nameplate)))
      setEnded(undefined)
      setMade(next)
    },
    cancel() {
      if (code === undefined) return
      void action.run(async () => {
        close(code.nameplate)
        try {
          await calls.cancel(code.nameplate)
          announce('The code is cancelled')
        } catch (error) {
          setOver((before) => new Set([...before].filter((one) => one !== code.nameplate)))
          throw error
        }
      })
    },
    again: () => setEnded(undefined),
  }
}
