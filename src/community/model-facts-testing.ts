// What the slow twin of the rule (model-testing.ts) reads off the acts before it judges any: pasts as sets of ids, and what
// no set of verdicts could change.

import type { OpenedAct } from './core.ts'
import type { History } from './testing.ts'

export interface ModelRole {
  readonly rank: number
  readonly can: readonly string[]
  readonly since: number
}

/** A decision that counts, with the role that it leaves. */
export interface Settlement {
  readonly at: number
  readonly limit: ModelRole | undefined
}

export interface ModelPerson {
  role: string
  since: number
  state: 'active' | 'left' | 'removed'
  removals: number[]
}

export interface ModelDevice {
  readonly person: string
  active: boolean
  endedBy: number
  removals: number[]
  admitted: number
}

export interface ModelInvite {
  readonly at: number
  readonly creator: string
  readonly role: string
  readonly usesMax: number
  readonly expiresMs: number | undefined
  uses: number
}

export const builtIn: Record<string, ModelRole> = {
  owner: { rank: 3, can: ['*'], since: -1 },
  admin: { rank: 2, can: ['*'], since: -1 },
  member: { rank: 1, can: ['invite', 'post'], since: -1 },
  guest: { rank: 0, can: [], since: -1 },
}

export const can = (role: ModelRole, what: string) => role.can.includes('*') || role.can.includes(what)

export class Facts {
  readonly history: History
  readonly acts: readonly OpenedAct[]
  readonly pasts: ReadonlyMap<string, ReadonlySet<string>>
  readonly settled: Settlement[] = []
  readonly #remembered = new Map<string, boolean>()

  constructor(history: History, acts: readonly OpenedAct[]) {
    this.history = history
    this.acts = acts
    const pasts = new Map<string, Set<string>>()
    for (const { entry } of acts) pasts.set(entry.id, this.ancestors(entry.id))
    this.pasts = pasts
  }

  ancestors(id: string): Set<string> {
    const found = new Set<string>()
    const open = [...this.history.parentsOf(id as never)] as string[]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue
      found.add(next)
      open.push(...this.history.parentsOf(next as never))
    }
    return found
  }

  knows(at: number, other: string): boolean {
    const id = this.act(at).entry.id
    return this.pasts.get(id)?.has(other) === true
  }

  act(at: number): OpenedAct {
    const act = this.acts[at]
    if (act === undefined) throw new Error('assertion failed: no such act')
    return act
  }

  isForked(device: string, seq: number): boolean {
    return this.history.forks().some((fork) => fork.device === device && seq >= fork.seq)
  }

  /** What follows from the acts alone does not change from round to round. */
  once(what: string, at: number, find: () => boolean): boolean {
    const name = `${what} ${at}`
    const known = this.#remembered.get(name) ?? find()
    this.#remembered.set(name, known)
    return known
  }

  // What acts say, whether they count or not.

  personsEver(device: string): string[] {
    return this.acts.flatMap(({ act, proven }) =>
      proven && 'certificate' in act && act.certificate.device === device ? [act.certificate.person as string] : [],
    )
  }

  everMay(device: string, what: string): boolean {
    return this.personsEver(device).some((person) => {
      const names = this.acts.flatMap(({ act, proven }) => {
        if (act.kind === 'role') return act.person === person ? [act.role] : []
        if (!proven || !('certificate' in act) || act.certificate.person !== person) return []
        if (act.kind === 'found') return [act.purpose === 'direct' ? 'member' : 'owner']
        if (act.kind === 'admit') return [act.role]
        if (act.kind !== 'join') return []
        return this.acts.flatMap(({ act: made }) =>
          made.kind === 'invite' && made.invite === act.invite ? [made.role] : [],
        )
      })
      const made = this.acts.flatMap(({ act }) =>
        act.kind === 'role-define' && names.includes(act.name) ? [...(act.capabilities as readonly string[])] : [],
      )
      return names.some((name) => builtIn[name] !== undefined && can(builtIn[name], what)) || made.includes(what)
    })
  }

  isHopeless(at: number): boolean {
    return this.once('hopeless', at, () => this.findHopeless(at))
  }

  findHopeless(at: number): boolean {
    const { entry, act, proven } = this.act(at)
    const own = this.personsEver(entry.device)
    if (this.isForked(entry.device, entry.seq)) return true
    if (act.kind === 'found') return entry.id !== this.history.founding.id || !proven
    const creators = (invite: string) =>
      this.acts.flatMap((other) =>
        other.act.kind === 'invite' && other.act.invite === invite ? [other.entry.device] : [],
      )
    if (act.kind === 'join') {
      return !proven || act.certificate.device !== entry.device || creators(act.invite).length === 0
    }
    if (own.length === 0) return true
    if (!proven && (act.kind === 'admit' || act.kind === 'device')) return true
    if (act.kind === 'invite') return !this.everMay(entry.device, 'invite')
    if (act.kind === 'admit') return !this.everMay(entry.device, 'approve')
    if (act.kind === 'role-define') return !this.everMay(entry.device, 'roles')
    if (act.kind === 'role') return !own.includes(act.person) && !this.everMay(entry.device, 'roles')
    if (act.kind === 'remove') return !own.includes(act.person) && !this.everMay(entry.device, 'remove')
    const share = (device: string) => this.personsEver(device).some((person) => own.includes(person))
    if (act.kind === 'device-remove') return !share(act.device) && !this.everMay(entry.device, 'remove')
    if (act.kind === 'revoke') return !creators(act.invite).some(share) && !this.everMay(entry.device, 'remove')
    return false
  }

  isMembership(at: number): boolean {
    const kinds = [
      'found',
      'invite',
      'revoke',
      'join',
      'admit',
      'device',
      'device-remove',
      'remove',
      'role',
      'role-define',
    ]
    return kinds.includes(this.act(at).act.kind) && !this.isHopeless(at)
  }

  mightDecide(at: number): boolean {
    const { act, entry } = this.act(at)
    if (this.isHopeless(at)) return false
    if (act.kind === 'remove') return !this.personsEver(entry.device).every((person) => person === act.person)
    return ['device-remove', 'role', 'role-define', 'revoke'].includes(act.kind)
  }

  isUndisputed(at: number): boolean {
    return this.once('undisputed', at, () => this.findUndisputed(at))
  }

  findUndisputed(at: number): boolean {
    const { id } = this.act(at).entry
    return this.acts.every(({ entry }, other) => {
      if (other < at) return !this.isMembership(other) || this.knows(at, entry.id)
      return other === at || !this.mightDecide(other) || this.knows(other, id)
    })
  }
}
