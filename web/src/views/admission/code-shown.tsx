// A code that is open, as large as a room needs it, and what came of one.

import { type ReactNode, useEffect, useRef } from 'react'
import type { Code, CodeEnded } from '../../../../src/sdk/types.ts'
import { useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Facts, Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { endedText, leftText, triesText } from './core.ts'
import type { CodeState } from './hooks.ts'
import './style.css'

interface CodeShownProps {
  readonly code: Code
  readonly state: CodeState
  readonly onClose: () => void
  /** What to do with it. */
  readonly children: ReactNode
}

export function CodeShown({ code, state, onClose, children }: CodeShownProps) {
  const nowMs = useNow(1000)
  const shown = useRef<HTMLParagraphElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each code, which is what one wants to hear
  useEffect(() => shown.current?.focus(), [code.code])
  return (
    <>
      <p ref={shown} className="spoken-code" tabIndex={-1}>
        {code.code}
      </p>
      <div className="spoken-facts">
        <Facts>{[leftText(code, nowMs), triesText(code), 'good for one']}</Facts>
      </div>
      <div className="dialog-body">{children}</div>
      <p className="soft small" role="status">
        Waiting for the other computer. The code stays open when you close this; you find it again here.
      </p>
      {state.action.failure !== undefined && <ProblemNote problem={state.action.failure} />}
      <div className="actions actions-end">
        <Button busy={state.action.busy} onClick={state.cancel}>
          Cancel the code
        </Button>
        <Button look="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </>
  )
}

interface CodeEndedProps {
  readonly ended: CodeEnded
  /** In place of what is said of all. */
  readonly text?: string | undefined
  readonly onMore: () => void
  readonly onClose: () => void
}

export function CodeOver({ ended, text, onMore, onClose }: CodeEndedProps) {
  const told = endedText(ended)
  const isUsed = ended.outcome === 'used'
  return (
    <>
      <Note tone={told.tone} title={told.title}>
        <p>
          <Said text={text ?? told.text} />
        </p>
      </Note>
      <div className="actions actions-end">
        <Button look={isUsed ? 'plain' : 'primary'} onClick={onMore}>
          {isUsed ? 'Make another' : 'Make a new one'}
        </Button>
        <Button look={isUsed ? 'primary' : 'plain'} onClick={onClose}>
          {isUsed ? 'Done' : 'Close'}
        </Button>
      </div>
    </>
  )
}
