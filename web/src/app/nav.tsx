// The way around: a side bar on wide screens, a bar at the bottom on narrow ones.

import type { Place, Route } from '../router/core.ts'
import { routeHref } from '../router/core.ts'
import type { Chat } from '../store/core.ts'
import { useWorld } from '../store/hooks.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { badgeText, unreadOf } from '../views/community/core.ts'
import { isActive } from '../views/transfers/core.ts'

export const places: readonly { readonly place: Place; readonly label: string; readonly icon: IconName }[] = [
  { place: 'home', label: 'Home', icon: 'home' },
  { place: 'communities', label: 'Communities', icon: 'people' },
  { place: 'shares', label: 'Shares', icon: 'share' },
  { place: 'transfers', label: 'Transfers', icon: 'transfers' },
  { place: 'doctor', label: 'Doctor', icon: 'doctor' },
  { place: 'settings', label: 'Settings', icon: 'settings' },
]

export function Nav({ route }: { route: Route }) {
  const active = useWorld((world) => [...world.transfers.values()].filter(isActive).length)
  const chats = useWorld((world) => world.chats)
  const at = placeOf(route)
  const counts: Partial<Record<Place, { readonly count: number; readonly what: string }>> = {
    transfers: { count: active, what: 'active' },
    communities: { count: newsOf(chats), what: 'unread' },
  }
  return (
    <nav className="nav" aria-label="Main">
      <ul>
        {places.map(({ place, label, icon }) => (
          <li key={place}>
            <a href={routeHref({ place })} aria-current={place === at ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{label}</span>
              <NavCount of={counts[place]} />
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function NavCount({ of }: { of: { readonly count: number; readonly what: string } | undefined }) {
  if (of === undefined || of.count === 0) return null
  return (
    <span className="nav-count figures">
      {badgeText(of.count)}
      <span className="visually-hidden"> {of.what}</span>
    </span>
  )
}

/** Where in the navigation a route belongs. */
export function placeOf(route: Route): Place {
  if (route.place === 'viewer') return route.of === 'share' ? 'shares' : 'transfers'
  return route.place === 'community' ? 'communities' : route.place
}

/** Unread messages of all communities. */
export function newsOf(chats: ReadonlyMap<string, Chat>): number {
  return [...chats.values()].reduce((sum, { channels }) => sum + unreadOf(channels.values()).unread, 0)
}
