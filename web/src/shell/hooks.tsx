// What lies above every view: the one open dialog, and the short messages at the bottom of the page.

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { announce } from '../ui/announce.ts'
import { saidAloud } from '../ui/core.ts'

export type ShellDialog =
  | { readonly kind: 'get'; readonly link: string }
  | { readonly kind: 'share' }
  /** The link of a share, or of what is about to become one. */
  | { readonly kind: 'link'; readonly share?: string; readonly intake?: string }

export interface Message {
  readonly id: number
  readonly text: string
  readonly tone: 'good' | 'bad'
}

interface Shell {
  readonly dialog: ShellDialog | undefined
  readonly messages: readonly Message[]
  show(dialog: ShellDialog): void
  /** Closes the dialog that is open when `which` says so, or puts `next` in its place. */
  close(which?: (dialog: ShellDialog) => boolean, next?: ShellDialog): void
  /** Says something in passing. */
  say(text: string): void
  /** The same for what went wrong where no form can show it. */
  warn(text: string): void
}

const ShellContext = createContext<Shell | undefined>(undefined)

const messageShownMs = 5000
let messagesMade = 0

export function ShellProvider({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<ShellDialog>()
  const [messages, setMessages] = useState<readonly Message[]>([])

  const close = useCallback((which?: (dialog: ShellDialog) => boolean, next?: ShellDialog) => {
    setDialog((open) => (open === undefined || (which !== undefined && !which(open)) ? open : next))
  }, [])
  const tell = useCallback((text: string, tone: Message['tone']) => {
    messagesMade += 1
    const message = { id: messagesMade, text, tone }
    announce(saidAloud(text))
    setMessages((shown) => [...shown.slice(-2), message])
    setTimeout(() => setMessages((shown) => shown.filter(({ id }) => id !== message.id)), messageShownMs)
  }, [])
  const say = useCallback((text: string) => tell(text, 'good'), [tell])
  const warn = useCallback((text: string) => tell(text, 'bad'), [tell])
  const shell = useMemo(
    () => ({ dialog, messages, show: setDialog, close, say, warn }),
    [dialog, messages, close, say, warn],
  )
  return <ShellContext value={shell}>{children}</ShellContext>
}

export function useShell(): Shell {
  const shell = useContext(ShellContext)
  if (shell === undefined) throw new Error('ShellProvider is missing')
  return shell
}
