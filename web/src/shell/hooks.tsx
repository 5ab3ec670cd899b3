// What lies above every view: the one open dialog, and the short messages at the bottom of the page.

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import type { Failure } from '../store/hooks.tsx'
import { announce } from '../ui/announce.ts'
import { saidAloud } from '../ui/core.ts'

export type ShellDialog =
  | { readonly kind: 'get'; readonly link: string }
  | { readonly kind: 'share' }
  /** The link of a share, or of what is about to become one. */
  | { readonly kind: 'link'; readonly share?: string; readonly intake?: string }
  | { readonly kind: 'found' }
  /** An invite into a community, or nothing yet. */
  | { readonly kind: 'join'; readonly link: string }
  /** A community that is kept for others. */
  | { readonly kind: 'keep'; readonly link: string }
  /** A code that lets into a community, told by somebody near. */
  | { readonly kind: 'enter' }
  /** A link with which one asks to be let into a community, or nothing yet. */
  | { readonly kind: 'ask'; readonly link: string }
  /** Asks somebody into a community. */
  | { readonly kind: 'invite'; readonly community: string }
  /** A contact link with which one asks somebody to talk, or nothing yet. */
  | { readonly kind: 'direct'; readonly link: string }
  /** One's own contact link. */
  | { readonly kind: 'contact' }

export interface Message {
  readonly id: number
  readonly text: string
  readonly tone: 'good' | 'bad'
  /** What to do about it, when something went wrong. */
  readonly hint?: string
}

interface Shell {
  readonly dialog: ShellDialog | undefined
  readonly messages: readonly Message[]
  show(dialog: ShellDialog): void
  /** Closes the dialog that is open when `which` says so, or puts `next` in its place. */
  close(which?: (dialog: ShellDialog) => boolean, next?: ShellDialog): void
  /** Says something in passing. */
  say(text: string): void
  /** The same for what went wrong where no form can show it; it stays until the person puts it away. */
  warn(failure: Pick<Failure, 'sentence' | 'hint'>): void
  dismiss(id: number): void
}

const ShellContext = createContext<Shell | undefined>(undefined)

const messageShownMs = 5000
/** Older ones go: what matters stands on top of the page's content, and must not hide all of it. */
const messagesShown = 3
let messagesMade = 0

export function ShellProvider({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<ShellDialog>()

  const close = useCallback((which?: (dialog: ShellDialog) => boolean, next?: ShellDialog) => {
    setDialog((open) => (open === undefined || (which !== undefined && !which(open)) ? open : next))
  }, [])
  const notices = useMessages()
  const shell = useMemo(() => ({ dialog, show: setDialog, close, ...notices }), [dialog, close, notices])
  return <ShellContext value={shell}>{children}</ShellContext>
}

function useMessages(): Pick<Shell, 'messages' | 'say' | 'warn' | 'dismiss'> {
  const [messages, setMessages] = useState<readonly Message[]>([])
  const dismiss = useCallback((gone: number) => setMessages((shown) => shown.filter(({ id }) => id !== gone)), [])
  const tell = useCallback((message: Omit<Message, 'id'>) => {
    messagesMade += 1
    const id = messagesMade
    announce(saidAloud(`${message.text} ${message.hint ?? ''}`))
    setMessages((shown) => [...shown.slice(1 - messagesShown), { ...message, id }])
    return id
  }, [])
  const say = useCallback(
    (text: string) => {
      const id = tell({ text, tone: 'good' })
      setTimeout(() => dismiss(id), messageShownMs)
    },
    [tell, dismiss],
  )
  const warn = useCallback(
    ({ sentence, hint }: Pick<Failure, 'sentence' | 'hint'>) => {
      tell({ text: sentence, hint, tone: 'bad' })
    },
    [tell],
  )
  return useMemo(() => ({ messages, say, warn, dismiss }), [messages, say, warn, dismiss])
}

export function useShell(): Shell {
  const shell = useContext(ShellContext)
  if (shell === undefined) throw new Error('ShellProvider is missing')
  return shell
}
