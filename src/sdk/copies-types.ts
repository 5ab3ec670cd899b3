// The SDK's words for copies; see docs/sdk.md.

import type { Agreement, AgreementRequest, Copies, ShareCopies } from '../api/copies-schemas.ts'
import type { CallOptions } from './types.ts'

export type {
  Agreement,
  AgreementRequest,
  Copies,
  Copy,
  CopyKeeper,
  ShareCopies,
} from '../api/copies-schemas.ts'

/** Copies of shares on other computers; an event `copies` says that something of it changed. */
export interface CopiesCalls {
  /** Own shares with copies, who keeps some for this person, and for whom this computer does. */
  get(options?: CallOptions): Promise<Copies>
  /** How many copies of an own share are to be on other computers, beside the one here. */
  set(share: string, copies: number, options?: CallOptions): Promise<ShareCopies>
  /** Keeps copies for a person, by their contact link or did; again: changes how much. */
  agree(request: AgreementRequest, options?: CallOptions): Promise<Agreement>
  /** Ends it, and deletes what is here for that person alone. */
  end(person: string, options?: CallOptions): Promise<void>
}
