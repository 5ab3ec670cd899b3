// Copies a text, and says that it did: on the button for eyes, in the live region for ears.

import { useEffect, useState } from 'react'
import { announce } from './announce.ts'
import { Button, type ButtonLook } from './button.tsx'

const shownMs = 2000

interface CopyProps {
  readonly text: string
  /** What it is: `link`, `address`. */
  readonly what: string
  readonly look?: ButtonLook
  readonly iconOnly?: boolean
}

export function CopyButton({ text, what, look = 'plain', iconOnly = false }: CopyProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), shownMs)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    const done = await copyText(text)
    setCopied(done)
    announce(done ? `Copied: ${what}` : 'This browser does not allow copying; select the text instead.')
  }
  return (
    <Button look={look} iconOnly={iconOnly} icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
      {copied && !iconOnly ? 'Copied' : `Copy ${what}`}
    </Button>
  )
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
