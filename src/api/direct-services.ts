// What the API needs of direct conversations, in the API's own words; `node/` implements it, as in services.ts.

import type { Community } from './community-schemas.ts'
import type {
  AcceptRequest,
  Blocked,
  Contact,
  ContactPatch,
  Conversation,
  DirectAsk,
  DirectAskRequest,
  DirectRequest,
} from './direct-schemas.ts'

export interface DirectServices {
  conversations(): readonly Conversation[]

  contact(): Contact
  changeContact(patch: ContactPatch): Promise<Contact>
  renewContact(): Promise<Contact>

  requests(): readonly DirectRequest[]
  accept(id: string, request: AcceptRequest): Promise<Community>
  refuse(id: string): Promise<void>

  asks(): readonly DirectAsk[]
  ask(request: DirectAskRequest): Promise<DirectAsk>
  cancel(id: string): Promise<void>

  blocked(): readonly Blocked[]
  block(person: string): Promise<Blocked>
  unblock(person: string): Promise<void>
}
