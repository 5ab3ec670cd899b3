// Something that a view reads from the daemon for itself, and reads again when it has changed.

import { useCallback, useEffect, useRef, useState } from 'react'
import type { CallOptions } from '../../../src/sdk/types.ts'
import { type Failure, toFailure } from './failure.ts'

export interface Reading<Value> {
  /** The last that was read of what `key` names; it stays while it is read again. */
  readonly value: Value | undefined
  readonly failure: Failure | undefined
  reread(): void
}

/** News may come faster than anybody reads. */
const everyMs = 400

/** Reads when `key` names something else, and again whenever `version` has changed, one reading at a time. */
export function useReading<Value>(
  key: string,
  version: unknown,
  read: (options: CallOptions) => Promise<Value>,
): Reading<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; failure?: Failure }>({ key })
  const newest = useRef(read)
  newest.current = read
  const wake = useRef(() => {})
  const seen = useRef(version)

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let [isReading, isStale] = [false, false]
    const run = async () => {
      isStale = true
      if (isReading) return
      isReading = true
      while (isStale && !signal.aborted) {
        isStale = false
        try {
          const value = await newest.current({ signal })
          if (!signal.aborted) setState({ key, value })
        } catch (error) {
          if (!signal.aborted) setState((before) => ({ ...before, key, failure: toFailure(error) }))
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
      isReading = false
    }
    wake.current = () => void run()
    void run()
    return () => controller.abort()
  }, [key])

  useEffect(() => {
    if (seen.current === version) return
    seen.current = version
    wake.current()
  }, [version])

  const reread = useCallback(() => wake.current(), [])
  const isSame = state.key === key
  return { value: isSame ? state.value : undefined, failure: isSame ? state.failure : undefined, reread }
}
