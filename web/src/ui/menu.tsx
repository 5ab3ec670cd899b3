// A button that opens a list of things to do.

import { useState } from 'react'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { Popover } from './popover.tsx'

export interface MenuItem {
  readonly label: string
  readonly icon: IconName
  readonly danger?: boolean
  readonly onChoose: () => void
}

interface MenuProps {
  /** What the button says, to ears and as a tooltip. */
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly icon?: IconName
  /** What it is about, when several stand on a page. */
  readonly about?: string
}

export function Menu({ label, items, icon = 'more', about }: MenuProps) {
  const [anchor, setAnchor] = useState<HTMLElement>()
  if (items.length === 0) return null
  return (
    <>
      <Button
        look="quiet"
        icon={icon}
        iconOnly
        about={about}
        expanded={anchor !== undefined}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        {label}
      </Button>
      {anchor !== undefined && (
        <Popover anchor={anchor} label={label} role="menu" onClose={() => setAnchor(undefined)}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              className={item.danger ? 'menu-item menu-item-danger' : 'menu-item'}
              onClick={() => {
                setAnchor(undefined)
                item.onChoose()
              }}
            >
              <Icon name={item.icon} size={18} />
              {item.label}
            </button>
          ))}
        </Popover>
      )}
    </>
  )
}
