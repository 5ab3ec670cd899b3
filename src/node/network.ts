// Builds the network with what the person asked for: flags of `peerhood start` over the settings.

import { createNetwork } from '../network/service.ts'
import type { Network } from '../network/types.ts'
import type { StartOptions } from './config.ts'
import type { Foundation } from './foundation.ts'
import { freePorts, keepListenPorts, readListenPorts, withPorts } from './listen-ports.ts'

export interface BuiltNetwork {
  /** Nothing listens before its `start`, so protocols can be registered first. */
  readonly network: Network
  /** Remembers the ports; call it once the network has started. */
  keepPorts(): void
}

/** Throws `address_malformed`. */
export async function buildNetwork(
  options: StartOptions,
  foundation: Foundation,
  version: string,
): Promise<BuiltNetwork> {
  const { settings, identity, home } = foundation
  const { mdns, upnp, relay, bootstrap } = settings.get()
  const ports = readListenPorts(home.ports)
  const network = await createNetwork({
    deviceSeed: identity.deviceSeed,
    listen: withPorts(options.listen, await freePorts(ports)),
    bootstrap: [...options.bootstrap, ...bootstrap],
    mdns: options.mdns ?? mdns,
    upnp: options.upnp ?? upnp,
    relay: options.relay === true ? 'always' : relay,
    publicDht: options.ipfs ? { bootstrap: options.ipfsBootstrap } : undefined,
    agent: `peerhood/${version}`,
  })(foundation)
  return { network, keepPorts: () => keepListenPorts(home.ports, ports, network.addresses()) }
}
