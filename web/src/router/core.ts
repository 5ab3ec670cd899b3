// The page's addresses: everything after `#`, so that the daemon needs to know one page only. Pure.

export type Place = 'home' | 'shares' | 'transfers' | 'doctor' | 'settings'

export type Route =
  | { readonly place: Place }
  /** A file of a share or transfer, shown in the page while it arrives. */
  | { readonly place: 'viewer'; readonly of: 'share' | 'transfer'; readonly id: string; readonly path: string }

const places: readonly string[] = ['shares', 'transfers', 'doctor', 'settings'] satisfies Place[]

/** Anything that is no address of ours leads home. */
export function parseRoute(hash: string): Route {
  const [place = '', of = '', id = '', ...path] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decode)
  if (places.includes(place)) return { place: place as Place }
  if (place === 'open' && (of === 'share' || of === 'transfer') && id !== '' && path.length > 0) {
    return { place: 'viewer', of, id, path: path.join('/') }
  }
  return { place: 'home' }
}

export function routeHref(route: Route): string {
  if (route.place === 'home') return '#/'
  if (route.place !== 'viewer') return `#/${route.place}`
  return `#/${['open', route.of, route.id, ...route.path.split('/')].map(encodeURIComponent).join('/')}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
