// Every failure that a peer, a page or a person can cause is a PeerhoodError: a stable code for programs, a sentence
// for people, data for tools and the next step. A folder lists its codes once, in `errors.ts`, with `defineErrors`;
// the CLI's exit code and the API's HTTP status follow from the code's kind alone.

/** What sort of failure it is; decides exit code and HTTP status. */
export type ErrorKind =
  | 'usage' // the caller asked for something malformed
  | 'conflict' // something else holds what is needed
  | 'not-found' // nobody has it
  | 'refused' // not allowed, not trusted, or a peer broke the protocol
  | 'local' // this computer's disk, permissions or configuration
  | 'no-daemon' // nothing listens
  | 'interrupted' // the person or a signal ended it
  | 'internal' // a defect of ours

/** Exit codes of the CLI (README, "Exit codes"). 3 is one code's alone: `home_in_use`, see cli/report.ts. */
export const exitCodeOfKind: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  conflict: 5,
  'not-found': 4,
  refused: 5,
  local: 6,
  'no-daemon': 7,
  interrupted: 130,
  internal: 1,
}

export interface ErrorDefinition {
  readonly kind: ErrorKind
  /** What to do next, in a sentence. */
  readonly hint: string
}

export interface ErrorExtras {
  /** Data that helps a program; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** Replaces the definition's hint where the place knows better. */
  readonly hint?: string
}

export class PeerhoodError<Code extends string = string> extends Error {
  override readonly name = 'PeerhoodError'
  readonly code: Code
  readonly kind: ErrorKind
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: Code, definition: ErrorDefinition, message: string, options: ErrorExtras = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.kind = definition.kind
    this.hint = options.hint ?? definition.hint
    this.details = options.details ?? {}
  }
}

export type ErrorFactory<Code extends string> = (message: string, options?: ErrorExtras) => PeerhoodError<Code>

/**
 * Turns a folder's table of codes into one constructor a code:
 * `const errors = defineErrors({ link_damaged: { kind: 'usage', hint: '…' } }); throw errors.link_damaged('…')`.
 */
export function defineErrors<const Table extends Readonly<Record<string, ErrorDefinition>>>(
  table: Table,
): { readonly [Code in keyof Table & string]: ErrorFactory<Code> } {
  const factories: Record<string, ErrorFactory<string>> = {}
  for (const [code, definition] of Object.entries(table)) {
    factories[code] = (message, options) => new PeerhoodError(code, definition, message, options)
  }
  return factories as { readonly [Code in keyof Table & string]: ErrorFactory<Code> }
}

export function isPeerhoodError(value: unknown): value is PeerhoodError {
  return value instanceof PeerhoodError
}

const baseErrors = defineErrors({
  internal: { kind: 'internal', hint: 'This is a defect in Peerhood: please report it with the log.' },
  interrupted: { kind: 'interrupted', hint: 'Start it again to go on.' },
})

/** Wraps whatever was thrown, so that every boundary can rely on code, kind and hint. */
export function toPeerhoodError(value: unknown): PeerhoodError {
  if (isPeerhoodError(value)) return value
  if (value instanceof Error && value.name === 'AbortError') {
    return baseErrors.interrupted('It was interrupted.', { cause: value })
  }
  return baseErrors.internal(value instanceof Error ? value.message : String(value), { cause: value })
}

/** For what only a programming error can break. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
