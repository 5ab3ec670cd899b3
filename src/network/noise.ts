// Noise for peers that speak no TLS, loaded when the first of them comes: Peerhood's own all prefer TLS, and the ciphers and
// hashes that come with it (two of them WebAssembly) are memory that most daemons never use.

import type { ConnectionEncrypter } from '@libp2p/interface'
import type { noise } from '@libp2p/noise'

type Components = Parameters<ReturnType<typeof noise>>[0]

/** The encrypter for `connectionEncrypters`. */
export function lazyNoise(): (components: Components) => ConnectionEncrypter {
  return (components) => {
    let loading: Promise<ConnectionEncrypter> | undefined
    const load = () => (loading ??= import('@libp2p/noise').then(({ noise }) => noise()(components)))
    const encrypter: ConnectionEncrypter = {
      protocol: '/noise',
      // What comes meanwhile waits in the connection until somebody listens.
      secureInbound: async (connection, options) => (await load()).secureInbound(connection, options),
      secureOutbound: async (connection, options) => (await load()).secureOutbound(connection, options),
    }
    return Object.assign(encrypter, { [Symbol.toStringTag]: 'peerhood-noise' })
  }
}
