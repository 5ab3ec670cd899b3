// The way around: a side bar on wide screens, a bar at the bottom on narrow ones.

import type { Place, Route } from '../router/core.ts'
import { routeHref } from '../router/core.ts'
import { useWorld } from '../store/hooks.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { isActive } from '../views/transfers/core.ts'

export const places: readonly { readonly place: Place; readonly label: string; readonly icon: IconName }[] = [
  { place: 'home', label: 'Home', icon: 'home' },
  { place: 'shares', label: 'Shares', icon: 'share' },
  { place: 'transfers', label: 'Transfers', icon: 'transfers' },
  { place: 'doctor', label: 'Doctor', icon: 'doctor' },
  { place: 'settings', label: 'Settings', icon: 'settings' },
]

export function Nav({ route }: { route: Route }) {
  const active = useWorld((world) => [...world.transfers.values()].filter(isActive).length)
  const at = route.place === 'viewer' ? (route.of === 'share' ? 'shares' : 'transfers') : route.place
  return (
    <nav className="nav" aria-label="Main">
      <ul>
        {places.map(({ place, label, icon }) => (
          <li key={place}>
            <a href={routeHref({ place })} aria-current={place === at ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{label}</span>
              {place === 'transfers' && active > 0 && (
                <span className="nav-count figures">
                  {active}
                  <span className="visually-hidden"> active</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
