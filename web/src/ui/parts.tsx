// Small parts without state of their own: cards, badges, progress, notes, empty places.

import { type ReactNode, useId } from 'react'
import { percent } from '../format/core.ts'
import { Icon, type IconName } from './icon.tsx'
import { Said } from './said.tsx'

export type Tone = 'calm' | 'good' | 'warn' | 'bad'

interface CardProps {
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
  readonly className?: string
}

export function Card({ title, children, actions, className = '' }: CardProps) {
  const id = useId()
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  )
}

export function Badge({ tone = 'calm', icon, children }: { tone?: Tone; icon?: IconName; children: ReactNode }) {
  return (
    <span className={`badge badge-${tone}`}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </span>
  )
}

/** `all` 0: how much there is to do is not known yet. */
export function Progress({ label, done, all, tone }: { label: string; done: number; all: number; tone?: Tone }) {
  const part = percent(done, all)
  return (
    <progress
      className={`progress progress-${tone ?? 'good'}`}
      aria-label={label}
      max={100}
      {...(all > 0 ? { value: part, 'aria-valuetext': `${part} percent` } : {})}
    />
  )
}

const noteIcons: Readonly<Record<Tone, IconName>> = { calm: 'info', good: 'check', warn: 'warning', bad: 'warning' }

interface NoteProps {
  readonly tone?: Tone
  readonly title?: string | undefined
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

export function Note({ tone = 'calm', title, children, actions }: NoteProps) {
  return (
    <div className={`note note-${tone}`}>
      <Icon name={noteIcons[tone]} />
      <div className="note-body">
        {title !== undefined && (
          <strong>
            <Said text={title} />
          </strong>
        )}
        {children}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}

interface ProblemNoteProps {
  readonly problem: { readonly sentence: string; readonly hint: string }
  readonly tone?: Tone
}

/** What failed, and what to do about it. */
export function ProblemNote({ problem, tone = 'bad' }: ProblemNoteProps) {
  return (
    <Note tone={tone} title={problem.sentence}>
      <p>
        <Said text={problem.hint} />
      </p>
    </Note>
  )
}

interface EmptyProps {
  readonly icon: IconName
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}

export function Empty({ icon, title, children, actions }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <h2>{title}</h2>
      <p>{children}</p>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}

export function PageHead({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="page-head">
      <div>
        <h1 tabIndex={-1} dir="auto">
          {title}
        </h1>
        {children !== undefined && <p>{children}</p>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}

/** A line of small facts, apart from each other; absent ones leave no gap. */
export function Facts({ children }: { children: readonly ReactNode[] }) {
  const facts = children.filter((fact) => fact !== null && fact !== undefined && fact !== '' && fact !== false)
  return (
    <ul className="facts figures">
      {facts.map((fact, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: facts have no identity; their place is their meaning
        <li key={at}>{fact}</li>
      ))}
    </ul>
  )
}
