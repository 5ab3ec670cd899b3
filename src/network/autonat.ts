// AutoNAT, mended: asked whether an address can be dialled, the package takes the connection over which it was asked for
// its answer, finds that it has another address, says no, and closes it. Then no peer ever learns that it is reachable,
// and any two with public addresses lose each other as soon as they meet. Here a check is a dial of its own.

import { autoNAT } from '@libp2p/autonat'
import { ipOf, transportOf } from './addresses.ts'

type Components = Parameters<ReturnType<typeof autoNAT>>[0]
type ConnectionManager = Components['connectionManager']

/** The check dials one address; lists are of peers to meet for which a connection that is there will do. */
function dialingAnew(manager: ConnectionManager): ConnectionManager {
  const openConnection: ConnectionManager['openConnection'] = (target, options) =>
    manager.openConnection(target, { ...options, force: !Array.isArray(target) })
  return Object.create(manager, { openConnection: { value: openConnection } })
}

type AddressManager = Components['addressManager']

/**
 * Over UDP an answer comes through a firewall that would let no stranger in, if we have spoken to that peer before. So
 * such an address is checked only where TCP on the same IP address has been found open to strangers; routers in the way
 * are the business of punch/.
 */
function trustingTcpFirst(manager: AddressManager): AddressManager {
  const getAddressesWithMetadata: AddressManager['getAddressesWithMetadata'] = () => {
    const all = manager.getAddressesWithMetadata()
    const isOpen = (ip: string | undefined) =>
      all.some(({ multiaddr, verified }) => verified && transportOf(multiaddr) === 'tcp' && ipOf(multiaddr) === ip)
    return all.filter(({ multiaddr }) => transportOf(multiaddr) !== 'udp' || isOpen(ipOf(multiaddr)))
  }
  return Object.create(manager, { getAddressesWithMetadata: { value: getAddressesWithMetadata } })
}

export function checkingAutoNat(): (components: Components) => unknown {
  const create = autoNAT()
  return (components) =>
    create(
      Object.create(components, {
        connectionManager: { value: dialingAnew(components.connectionManager) },
        addressManager: { value: trustingTcpFirst(components.addressManager) },
      }),
    )
}
