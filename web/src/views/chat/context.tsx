// What a message needs of the place where it stands: who may do what, and what can be done with it.

import { createContext, useContext } from 'react'
import type { Member, Message } from '../../../../src/sdk/types.ts'

export interface MessageActions {
  reply(message: Message): void
  openThread(message: Message): void
  react(message: Message, emoji: string, on: boolean): void
  edit(message: Message | undefined): void
  saveEdit(message: Message, text: string): Promise<boolean>
  ask(question: Question): void
  /** Brings a message into view. */
  goTo(message: string): void
  retry(pending: string): void
  discard(pending: string): void
}

/** What is asked before it is done. */
export interface Question {
  readonly kind: 'delete' | 'report' | 'hide' | 'mute'
  readonly message: Message
}

export interface Room {
  readonly community: string
  readonly members: ReadonlyMap<string, Member>
  readonly self: string | undefined
  readonly mayWrite: boolean
  readonly mayModerate: boolean
  readonly isThread: boolean
  readonly actions: MessageActions
  nameOf(person: string): string
  /** A message that is held here. */
  find(id: string): Message | undefined
}

const RoomContext = createContext<Room | undefined>(undefined)
export const RoomProvider = RoomContext

export function useRoom(): Room {
  const room = useContext(RoomContext)
  if (room === undefined) throw new Error('RoomProvider is missing')
  return room
}
