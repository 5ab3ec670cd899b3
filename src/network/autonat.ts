// AutoNAT, mended: asked whether an address can be dialled, the package takes the connection over which it was asked for
// its answer, finds that it has another address, says no, and closes it. Then no peer ever learns that it is reachable,
// and any two with public addresses lose each other as soon as they meet. Here a check is a dial of its own.

import { autoNAT } from '@libp2p/autonat'

type Components = Parameters<ReturnType<typeof autoNAT>>[0]
type ConnectionManager = Components['connectionManager']

/** The check dials one address; lists are of peers to meet for which a connection that is there will do. */
function dialingAnew(manager: ConnectionManager): ConnectionManager {
  const openConnection: ConnectionManager['openConnection'] = (target, options) =>
    manager.openConnection(target, { ...options, force: !Array.isArray(target) })
  return Object.create(manager, { openConnection: { value: openConnection } })
}

export function checkingAutoNat(): (components: Components) => unknown {
  const create = autoNAT()
  return (components) =>
    create(Object.create(components, { connectionManager: { value: dialingAnew(components.connectionManager) } }))
}
