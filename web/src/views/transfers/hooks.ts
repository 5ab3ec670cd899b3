// Asks the daemon what a link says while it is typed or pasted; nobody else is reached by that.

import { useEffect, useState } from 'react'
import type { Link } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { type Failure, toFailure, useDaemon } from '../../store/hooks.tsx'

export interface Inspection {
  readonly link?: Link
  readonly failure?: Failure
}

/** Waits for the end of typing; a paste is over at once for a person all the same. */
const quietMs = 150
const nothing: Inspection = {}
const noLink: Inspection = {
  failure: {
    code: 'link_missing',
    sentence: 'This is no Peerhood link.',
    hint: 'A link starts with peerhood: – paste all of it.',
  },
}

export function useInspection(text: string): Inspection {
  const { peerhood } = useDaemon()
  const [inspection, setInspection] = useState(nothing)
  useEffect(() => {
    setInspection(nothing)
    if (text.trim() === '') return
    const controller = new AbortController()
    const { signal } = controller
    const inspect = async () => {
      const link = findLink(text)
      if (link === undefined) return setInspection(noLink)
      try {
        setInspection({ link: await peerhood.links.inspect({ link }, { signal }) })
      } catch (error) {
        if (!signal.aborted) setInspection({ failure: toFailure(error) })
      }
    }
    const timer = setTimeout(() => void inspect(), quietMs)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [peerhood, text])
  return inspection
}
