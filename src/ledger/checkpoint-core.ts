// Which checkpoint of the community's log is believed (docs/protocol/ledger-sync.md argues why that is enough). Pure.

import type { PersonDid } from '../identity/types.ts'
import type { SaidCheckpoint } from './announced.ts'
import type { Checkpoint } from './validator/types.ts'

export interface Standing {
  readonly checkpoint: Checkpoint
  /** Persons who say the same. */
  readonly said: number
  /** Of those whose computers would validate, so many have to. */
  readonly needed: number
  readonly isBelieved: boolean
}

/**
 * Of each checkpoint that was said, how many say it, newest first. Believed is what more than two thirds of the persons say whose
 * computers would validate, with computers among them that are a quorum of the set that it names.
 */
export function standingsOf(said: readonly SaidCheckpoint[], willing: ReadonlySet<PersonDid>): readonly Standing[] {
  const needed = Math.floor((2 * willing.size) / 3) + 1
  const groups = new Map<string, SaidCheckpoint[]>()
  for (const one of said) {
    if (!willing.has(one.person)) continue
    const key = JSON.stringify(one.checkpoint)
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const standings = [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { checkpoint } = first
    const persons = new Set(group.map(({ person }) => person))
    const isBelieved = persons.size >= needed && isQuorum(checkpoint, group)
    return [{ checkpoint, said: persons.size, needed, isBelieved }]
  })
  return standings.sort((a, b) => b.checkpoint.height - a.checkpoint.height || b.said - a.said)
}

/** The newest that is believed. */
export function believedOf(standings: readonly Standing[]): Checkpoint | undefined {
  return standings.find(({ isBelieved }) => isBelieved)?.checkpoint
}

/** consensus/certificate-core.ts has the same quorum; that is loaded with a chain only. */
function isQuorum({ set }: Checkpoint, group: readonly SaidCheckpoint[]): boolean {
  const keys = new Set(group.map(({ address }) => address))
  const n = set.validators.length
  const quorum = Math.floor((n + Math.floor((n - 1) / 3)) / 2) + 1
  return set.validators.filter((address) => keys.has(address)).length >= quorum
}
