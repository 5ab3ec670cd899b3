// The present route as React sees it.

import { useMemo, useSyncExternalStore } from 'react'
import { parseRoute, type Route, routeHref } from './core.ts'

function subscribe(onChange: () => void): () => void {
  addEventListener('hashchange', onChange)
  return () => removeEventListener('hashchange', onChange)
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return useMemo(() => parseRoute(hash), [hash])
}

export function navigate(route: Route): void {
  location.hash = routeHref(route)
}
