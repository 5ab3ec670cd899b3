// What the API needs of a community's ledger to carry Ethereum JSON-RPC: text in, text out. `node/` implements it.

export interface LedgerRpcServices {
  /** Whether the person allowed pages of this origin to ask this ledger; false for a community that is not here. */
  originAllowed(community: string, origin: string): boolean
  /** Answers one body that came over HTTP; undefined: nothing is to be answered. Rejects with a PeerhoodError. */
  ask(community: string, body: string, options: LedgerRpcAsk): Promise<string | undefined>
  /** Begins for one WebSocket. Throws a PeerhoodError. */
  open(community: string, socket: LedgerRpcSocket): LedgerRpcSession
}

export interface LedgerRpcAsk {
  readonly signal: AbortSignal
  /** Callers take turns, so that one who floods waits for itself. */
  readonly caller: string
}

export interface LedgerRpcSocket {
  /** Sends a notification; false: the other side does not take them. */
  note(text: string): boolean
  /** The ledger has ended it. */
  over(): void
}

export interface LedgerRpcSession {
  handle(body: string): Promise<string | undefined>
  close(): void
}
