// A name and what goes by it, inside a <dl className="pairs">; what people hand on has a button that copies it.

import type { ReactNode } from 'react'
import { CopyButton } from './copy.tsx'

export function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="copy-line">{children}</dd>
    </div>
  )
}

interface CopyPairProps {
  readonly name: string
  readonly text: string
  /** What it is, for the button: `peer id`. */
  readonly what: string
  /** What stands there when all of `text` is too long to read. */
  readonly shown?: string
}

export function CopyPair({ name, text, what, shown = text }: CopyPairProps) {
  return (
    <Pair name={name}>
      <span className="mono cut" title={text}>
        {shown}
      </span>
      <CopyButton text={text} what={what} look="quiet" iconOnly />
    </Pair>
  )
}
