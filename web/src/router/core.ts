// The page's addresses: everything after `#`, so that the daemon needs to know one page only. Pure.

export type Place = 'home' | 'communities' | 'shares' | 'transfers' | 'doctor' | 'settings'

export type CommunityTab = 'chat' | 'members' | 'ledger' | 'activity' | 'settings'

/** One community. In its chat: a channel (else the first), in that a thread beside it, or a message to look at. */
export interface CommunityRoute {
  readonly place: 'community'
  readonly id: string
  readonly tab: CommunityTab
  readonly channel?: string
  readonly focus?: { readonly kind: 'thread' | 'message'; readonly message: string }
  /** Where in its ledger: `['explorer', 'block', '7']`. */
  readonly path?: readonly string[]
}

export type Route =
  | { readonly place: Place }
  /** A file of a share or transfer, shown in the page while it arrives. */
  | { readonly place: 'viewer'; readonly of: 'share' | 'transfer'; readonly id: string; readonly path: string }
  | CommunityRoute

const places: readonly string[] = ['communities', 'shares', 'transfers', 'doctor', 'settings'] satisfies Place[]
const tabs: readonly string[] = ['chat', 'members', 'ledger', 'activity', 'settings'] satisfies CommunityTab[]

/** Anything that is no address of ours leads home. */
export function parseRoute(hash: string): Route {
  const [place = '', ...rest] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decode)
  if (place === 'communities' && rest.length > 0 && rest[0] !== '') return parseCommunity(rest)
  if (places.includes(place)) return { place: place as Place }
  const [of = '', id = '', ...path] = rest
  if (place === 'open' && (of === 'share' || of === 'transfer') && id !== '' && path.length > 0) {
    return { place: 'viewer', of, id, path: path.join('/') }
  }
  return { place: 'home' }
}

function parseCommunity([id = '', tab = 'chat', ...rest]: readonly string[]): Route {
  const [channel = '', kind = '', message = ''] = rest
  if (!tabs.includes(tab)) return { place: 'community', id, tab: 'chat' }
  const route = { place: 'community', id, tab: tab as CommunityTab } as const
  if (tab === 'ledger' && channel !== '') return { ...route, path: rest }
  if (tab !== 'chat' || channel === '') return route
  if ((kind !== 'thread' && kind !== 'message') || message === '') return { ...route, channel }
  return { ...route, channel, focus: { kind, message } }
}

export function routeHref(route: Route): string {
  switch (route.place) {
    case 'home':
      return '#/'
    case 'viewer':
      return href(['open', route.of, route.id, ...route.path.split('/')])
    case 'community':
      return href(['communities', route.id, ...communityPath(route)])
    default:
      return `#/${route.place}`
  }
}

function communityPath({ tab, channel, focus, path = [] }: CommunityRoute): string[] {
  if (tab === 'ledger') return [tab, ...path]
  if (channel === undefined) return tab === 'chat' ? [] : [tab]
  return [tab, channel, ...(focus === undefined ? [] : [focus.kind, focus.message])]
}

function href(parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`
}

/** What stays the same while a person moves about within one view: it is not made anew then. */
export function viewKey(route: Route): string {
  return route.place === 'community' ? `community ${route.id} ${route.tab}` : JSON.stringify(route)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
