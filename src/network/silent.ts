// libp2p logs every frame to a logger that is off unless DEBUG is set. One shared logger that does nothing saves the
// closures that a scoped logger costs for every stream, and keeps addresses of peers out of any terminal.

import type { ComponentLogger, Logger } from '@libp2p/interface'

const nothing = () => {}

const logger: Logger = Object.assign(nothing, {
  error: nothing,
  trace: nothing,
  enabled: false,
  newScope: (): Logger => logger,
})

export const silentLogger: ComponentLogger = { forComponent: () => logger }
