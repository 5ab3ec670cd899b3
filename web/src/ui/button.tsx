// The one button of the page, and the link that looks like it.

import type { MouseEventHandler, ReactNode, Ref } from 'react'
import { Icon, type IconName } from './icon.tsx'

export type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger'

interface ButtonProps {
  readonly children: ReactNode
  readonly look?: ButtonLook
  readonly icon?: IconName
  /** Shows the icon alone; the children stay as its name for screen readers and as a tooltip. */
  readonly iconOnly?: boolean
  readonly busy?: boolean
  readonly disabled?: boolean
  readonly type?: 'button' | 'submit'
  readonly onClick?: MouseEventHandler<HTMLButtonElement>
  readonly expanded?: boolean
  readonly ref?: Ref<HTMLButtonElement>
  /** More for the name when several buttons on a page read the same: `of the share Photos`. */
  readonly about?: string | undefined
}

export function Button(props: ButtonProps) {
  const { children, look = 'plain', icon, iconOnly = false, busy = false, type = 'button' } = props
  return (
    <button
      ref={props.ref}
      type={type}
      className={className(look, iconOnly)}
      // aria-disabled keeps the focus where it is while something runs.
      aria-disabled={busy || undefined}
      disabled={props.disabled}
      aria-expanded={props.expanded}
      title={iconOnly ? labelOf(children, props.about) : undefined}
      onClick={busy ? preventDefault : props.onClick}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={18} />}
      <ButtonText iconOnly={iconOnly} about={props.about}>
        {children}
      </ButtonText>
    </button>
  )
}

interface ButtonLinkProps {
  readonly children: ReactNode
  readonly href: string
  readonly look?: ButtonLook
  readonly icon?: IconName
  readonly iconOnly?: boolean
  readonly newTab?: boolean
  readonly download?: boolean
  readonly about?: string | undefined
}

export function ButtonLink(props: ButtonLinkProps) {
  const { children, href, look = 'plain', icon, iconOnly = false } = props
  return (
    <a
      className={className(look, iconOnly)}
      href={href}
      download={props.download ? '' : undefined}
      {...(props.newTab ? { target: '_blank', rel: 'noopener noreferrer' } : {})}
      title={iconOnly ? labelOf(children, props.about) : undefined}
    >
      {icon && <Icon name={icon} size={18} />}
      <ButtonText iconOnly={iconOnly} about={props.about}>
        {children}
      </ButtonText>
    </a>
  )
}

function ButtonText({
  children,
  iconOnly,
  about,
}: {
  children: ReactNode
  iconOnly: boolean
  about: string | undefined
}) {
  return (
    <>
      <span className={iconOnly ? 'visually-hidden' : undefined}>{children}</span>
      {about !== undefined && <span className="visually-hidden"> {about}</span>}
    </>
  )
}

function className(look: ButtonLook, iconOnly: boolean): string {
  return `button button-${look}${iconOnly ? ' button-icon' : ''}`
}

function labelOf(children: ReactNode, about: string | undefined): string | undefined {
  if (typeof children !== 'string') return undefined
  return about === undefined ? children : `${children} ${about}`
}

const preventDefault: MouseEventHandler = (event) => event.preventDefault()
