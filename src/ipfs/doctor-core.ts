// What the doctor says of IPFS. Pure.

import type { DoctorCheck } from '../network/types.ts'
import type { IpfsView } from './types.ts'

export function diagnoseIpfs(view: IpfsView, shares: number): readonly DoctorCheck[] {
  return [gatewayCheck(view, shares), publicDhtCheck(view)]
}

function gatewayCheck({ gateway }: IpfsView, shares: number): DoctorCheck {
  const base = { id: 'ipfs-gateway', title: 'IPFS gateway' }
  if (gateway === undefined) {
    const finding = 'Off: public shares are reachable for IPFS peers (bitswap), not for programs over HTTP.'
    return { ...base, state: 'skipped', finding, advice: 'Start with `--gateway` to have one on this computer.' }
  }
  return { ...base, state: 'ok', finding: `${gateway}, for programs of this computer; ${shares} public shares.` }
}

function publicDhtCheck({ publicDht }: IpfsView): DoctorCheck {
  const base = { id: 'ipfs-dht', title: 'Public IPFS DHT' }
  if (publicDht === undefined) {
    const finding = 'Off: nobody is told which public shares are here, and CIDs are not searched for.'
    return { ...base, state: 'skipped', finding, advice: 'Start with `--ipfs` and `--ipfs-bootstrap` to join it.' }
  }
  const { peers, provided, roots } = publicDht
  if (peers === 0) {
    const advice = 'Name a peer of it with `--ipfs-bootstrap` that can be reached from here.'
    return { ...base, state: 'warning', finding: 'On, but no peer of it was found yet.', advice }
  }
  return { ...base, state: 'ok', finding: `${peers} peers known; ${provided} of ${roots} public roots announced.` }
}
