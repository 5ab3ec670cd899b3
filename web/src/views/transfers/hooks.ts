// Asks the daemon what a link says while it is typed or pasted; nobody else is reached by that.

import { useEffect, useState } from 'react'
import type { Link } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { type Failure, toFailure, useDaemon } from '../../store/hooks.tsx'
import { announce } from '../../ui/announce.ts'
import { saidAloud } from '../../ui/core.ts'
import { linkSentence } from './core.ts'

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

/** The button below comes alive, or does not: that has to be heard too. */
function inspectionText({ link, failure }: Inspection): string {
  return link === undefined ? saidAloud(`${failure?.sentence ?? ''} ${failure?.hint ?? ''}`) : linkSentence(link)
}

export function useInspection(text: string): Inspection {
  const { peerhood } = useDaemon()
  const [inspection, setInspection] = useState(nothing)
  useEffect(() => {
    setInspection(nothing)
    if (text.trim() === '') return
    const controller = new AbortController()
    const { signal } = controller
    const tell = (found: Inspection) => {
      setInspection(found)
      announce(inspectionText(found))
    }
    const inspect = async () => {
      const link = findLink(text)
      if (link === undefined) return tell(noLink)
      try {
        tell({ link: await peerhood.links.inspect({ link }, { signal }) })
      } catch (error) {
        if (!signal.aborted) tell({ failure: toFailure(error) })
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
