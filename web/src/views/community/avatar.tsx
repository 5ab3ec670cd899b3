// A person or community as two letters on a colour of their own, with a dot while they are there. For eyes only: the name
// stands beside it.

import { hueOf, initialsOf } from './core.ts'

interface AvatarProps {
  readonly id: string
  readonly name: string
  readonly size?: 'small' | 'medium' | 'large'
  readonly shape?: 'round' | 'square'
  readonly online?: boolean
}

export function Avatar({ id, name, size = 'medium', shape = 'round', online = false }: AvatarProps) {
  return (
    <span className={`avatar avatar-${size} avatar-${shape} avatar-${hueOf(id)}`} aria-hidden="true">
      {initialsOf(name)}
      {online && <span className="avatar-dot" />}
    </span>
  )
}

/** Beside a name, for ears: the dot says nothing to them. */
export function Presence({ online }: { online: boolean }) {
  return online ? <span className="visually-hidden"> (online)</span> : null
}
