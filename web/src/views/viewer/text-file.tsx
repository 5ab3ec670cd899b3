// The beginning of a text, as plain text.

import { useEffect, useState } from 'react'
import type { ContentOf } from '../../../../src/sdk/types.ts'
import { bytesText } from '../../format/core.ts'
import { type Failure, toFailure, useDaemon } from '../../store/hooks.tsx'
import { Note } from '../../ui/parts.tsx'
import { textBytesShown } from './core.ts'

export function TextFile({ of, path, bytes }: { of: ContentOf; path: string; bytes: number }) {
  const { text, failure } = useText(of, path, Math.min(bytes, textBytesShown))
  if (failure !== undefined) return <Note tone="bad" title={failure.sentence} />
  if (text === undefined) return <p className="soft">Reading…</p>
  return (
    <>
      {bytes > textBytesShown && (
        <Note title={`The first ${bytesText(textBytesShown)} of ${bytesText(bytes)}; save a copy to read on.`} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling text needs the keyboard (WCAG 2.1.1) */}
      <section className="viewer-text" tabIndex={0} aria-label="Text of the file">
        <pre>{text}</pre>
      </section>
    </>
  )
}

function useText(of: ContentOf, path: string, end: number): { text?: string; failure?: Failure } {
  const { peerhood } = useDaemon()
  const [state, setState] = useState<{ text?: string; failure?: Failure }>({})
  const key = 'share' in of ? of.share : of.transfer
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is the value of `of`
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const read = async () => {
      if (end === 0) return setState({ text: '' })
      const { body } = await peerhood.openContent(of, path, { start: 0, end, signal })
      setState({ text: await new Response(body).text() })
    }
    read().catch((error: unknown) => {
      if (!signal.aborted) setState({ failure: toFailure(error) })
    })
    return () => controller.abort()
  }, [peerhood, key, path, end])
  return state
}
