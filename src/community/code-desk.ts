// The spoken codes that are open on this computer, whatever they are for: what each lets in, and how each ended. meet/
// owns the codes themselves; their words are told to whoever made or lists them, and stand in no event and no log line.

import { assert, toPeerhoodError } from '../base/errors.ts'
import type { Cancel } from '../base/ports.ts'
import type { CommunityId } from '../log/types.ts'
import { communityErrors } from './errors.ts'
import { parseCode } from './meet/code.ts'
import type { GuestHandler, Hosting, Meet, MeetPurpose, PurposeKind } from './meet/types.ts'

/** A code that waits for its guest. */
export interface OpenCode {
  /** The number that it begins with: names it among the open ones, and is no secret. */
  readonly nameplate: number
  /** To be said aloud; a secret. */
  readonly code: string
  readonly purpose: MeetPurpose
  readonly expiresMs: number
  readonly triesLeft: number
}

/** How a code ended. `void`: guessed at too often. `failed`: its guest was there and was not let in. */
export type CodeOutcome = 'used' | 'void' | 'expired' | 'cancelled' | 'failed'

export interface CodeEnded {
  readonly type: 'code-ended'
  readonly nameplate: number
  readonly kind: PurposeKind
  /** Undefined for a code that adds a device. */
  readonly community: CommunityId | undefined
  readonly outcome: CodeOutcome
  /** How the guest is called; undefined when none was let in. */
  readonly guest: string | undefined
  /** Why it came to nothing. */
  readonly problem: { readonly code: string; readonly message: string } | undefined
}

export interface CodeDesk {
  /** Throws `codes_too_many`. */
  open(purpose: MeetPurpose, handler: GuestHandler, ended?: Cancel): OpenCode
  /** Those that `wanted` picks. */
  list(wanted: (purpose: MeetPurpose) => boolean): readonly OpenCode[]
  /** Throws `code_unknown`. */
  cancel(nameplate: number, wanted: (purpose: MeetPurpose) => boolean): void
}

export function createCodeDesk(parts: { readonly meet: Meet; readonly tell: (event: CodeEnded) => void }): CodeDesk {
  const { meet, tell } = parts

  /** The words are told to nobody else, so only this list leads from a number to its code. */
  function hosted(wanted: (purpose: MeetPurpose) => boolean): readonly (readonly [number, Hosting])[] {
    return meet
      .hosted()
      .filter(({ purpose }) => wanted(purpose))
      .map((hosting) => [parseCode(hosting.code).nameplate, hosting] as const)
  }

  function endOf(nameplate: number, purpose: MeetPurpose): Omit<CodeEnded, 'outcome' | 'guest' | 'problem'> {
    const community = purpose.kind === 'member' ? purpose.offer.community : undefined
    return { type: 'code-ended', nameplate, kind: purpose.kind, community }
  }

  return {
    open(purpose, handler, ended = () => {}) {
      const hosting = meet.host(purpose, handler)
      const { nameplate } = parseCode(hosting.code)
      const end = endOf(nameplate, purpose)
      hosting.done
        .then(
          ({ guest }) => {
            const called = purpose.kind === 'member' ? guest.memberName : guest.deviceName
            tell({ ...end, outcome: 'used', guest: called, problem: undefined })
          },
          (error: unknown) => {
            const { code, message } = toPeerhoodError(error)
            tell({ ...end, outcome: outcomeOf(code), guest: undefined, problem: { code, message } })
          },
        )
        .finally(ended)
      return viewOf(nameplate, hosting)
    },
    list: (wanted) => hosted(wanted).map(([nameplate, hosting]) => viewOf(nameplate, hosting)),
    cancel(nameplate, wanted) {
      const found = hosted(wanted).find(([one]) => one === nameplate)
      if (found === undefined) throw communityErrors.code_unknown('There is no open code of this number.')
      found[1].cancel()
    },
  }
}

function viewOf(nameplate: number, { code, purpose, expiresAtMs, triesLeft }: Hosting): OpenCode {
  assert(code.startsWith(`${nameplate}-`), 'a code begins with its number')
  return { nameplate, code, purpose, expiresMs: expiresAtMs, triesLeft }
}

function outcomeOf(code: string): CodeOutcome {
  switch (code) {
    case 'code_void':
      return 'void'
    case 'code_expired':
      return 'expired'
    case 'code_cancelled':
    case 'meet_stopped':
      return 'cancelled'
    default:
      return 'failed'
  }
}
