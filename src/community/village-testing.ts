// A small community to tell stories with.

import { Past, resolve } from './core.ts'
import { admit, History, type Odd, type Pen, personOf, type TestEntry } from './testing.ts'

/** A village of `ann`, its owner, and others with a role each; everybody has seen everything. */
export function village(roles: Readonly<Record<string, string>> = {}) {
  const history = new History()
  const ann = history.founder
  const pens: Record<string, Pen> = { ann }
  for (const [name, role] of Object.entries(roles)) {
    const pen = history.pen(name)
    history.act(ann, admit(pen, role))
    pens[name] = pen
  }
  history.showAll()
  const resolution = () => resolve(history.community, history.actsOf(), new Past(history))
  return {
    history,
    resolution,
    pen: (name: string) => history.pen(name),
    state: () => resolution().state,
    voided: (entry: TestEntry) => resolution().state.voided.get(entry.id),
    standing: (name: string) => {
      const member = resolution().state.members.get(personOf(name))
      return member && `${member.state} ${member.role}`
    },
    /** Writes with everybody seeing it at once. */
    openly(name: string, act: Parameters<History['act']>[1], odd?: Odd): TestEntry {
      const entry = history.act(history.pen(name), act, odd)
      history.showAll()
      return entry
    },
  }
}
