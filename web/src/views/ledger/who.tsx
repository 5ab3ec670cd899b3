// An address as people know it: its name where it has one, and a way to its account.

import { useCommunity } from '../community/context.tsx'
import { ledgerHref, shortHash } from './core.ts'

export function Who({ address, name }: { address: string; name: string | null }) {
  const { community } = useCommunity()
  return (
    <a href={ledgerHref(community.id, 'explorer', 'account', address)} title={address}>
      {name === null ? <span className="mono">{shortHash(address)}</span> : <bdi>{name}</bdi>}
    </a>
  )
}
