// `peerhood start`: runs the daemon in the foreground. The one command that loads it.

import { type Command, InvalidArgumentError } from 'commander'
import type { StartOptions } from '../../node/config.ts'
import type { Daemon } from '../../node/daemon.ts'
import { askHidden } from '../ask.ts'
import { collect, defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, note, print, printJson } from '../context.ts'
import { pageAddress } from '../daemon.ts'
import { cliErrors } from '../errors.ts'
import { bold } from '../terminal.ts'
import { fields } from '../text.ts'

/** Kubo's figure, which other programs look at. */
const gatewayPortDefault = 8080

interface StartFlags extends CommonOptions {
  readonly port?: number
  readonly listen?: readonly string[]
  readonly bootstrap?: readonly string[]
  /** commander: false when `--no-mdns` was given, else true. */
  readonly mdns: boolean
  readonly upnp: boolean
  readonly relay?: true
  /** `true`: the usual port. */
  readonly gateway?: number | true
  readonly ipfs?: true
  readonly ipfsBootstrap?: readonly string[]
}

export function startCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'start',
    summary: 'run this peer in the foreground until Ctrl-C or `peerhood stop`',
    detail:
      'With --json one line is printed when it is ready: api, token, peerId, addresses.\n' +
      'PEERHOOD_HOME chooses the data folder, PEERHOOD_PASSPHRASE opens a locked keystore, PEERHOOD_LOG (debug, info,\n' +
      'warn, error) says how much is logged.',
    example: 'peerhood start --listen /ip4/0.0.0.0/tcp/4001',
  })
    .option('--port <port>', 'port of the page and the API on 127.0.0.1 (default: 4713, or a free one)', parsePort)
    .option('--listen <multiaddr>', 'where peers reach us; may be repeated', collect)
    .option('--bootstrap <multiaddr>', 'a peer to start from; may be repeated', collect)
    .option('--no-mdns', 'do not look for peers on the local network')
    .option('--no-upnp', 'do not ask the router to open a port')
    .option('--relay', 'relay for others, even before this peer is known to be publicly reachable')
    .option('--gateway [port]', 'serve public shares to IPFS programs of this computer (default port: 8080)', parsePort)
    .option('--ipfs', 'announce public shares in the public IPFS DHT, and search it')
    .option('--ipfs-bootstrap <multiaddr>', 'a peer of that DHT to start from; may be repeated', collect)
    .action((flags: StartFlags) => start(context, flags))
}

async function start(context: CliContext, flags: StartFlags): Promise<void> {
  // `peerhood start | head -1` is a way to wait until it is ready; the daemon then goes on.
  context.outliveReader()
  const { startDaemon } = await import('../../node/daemon.ts')
  const options = startOptions(context, flags)
  const ask = context.terminal.canAsk ? () => askHidden(context, 'Passphrase of the keystore: ') : undefined
  const daemon = await startDaemon(options, { askPassphrase: ask, signal: context.signal })
  announce(context, daemon, flags)
  const stop = () => daemon.stop('signal')
  if (context.signal.aborted) stop()
  else context.signal.addEventListener('abort', stop, { once: true })
  const reason = await daemon.stopped
  if (reason === 'fatal')
    throw cliErrors.daemon_failed('Peerhood met an error that it did not expect, and stopped in order.')
  if (!flags.json) note(context, 'Peerhood has stopped.')
}

function startOptions(context: CliContext, flags: StartFlags): StartOptions {
  const { home, passphrase, logLevel } = context.environment
  return {
    home,
    passphrase,
    logLevel,
    port: flags.port,
    listen: flags.listen ?? [],
    bootstrap: flags.bootstrap ?? [],
    // A flag can only switch off: what is off in the settings stays off.
    mdns: flags.mdns ? undefined : false,
    upnp: flags.upnp ? undefined : false,
    relay: flags.relay,
    gateway: flags.gateway === true ? gatewayPortDefault : flags.gateway,
    ipfs: flags.ipfs === true,
    ipfsBootstrap: flags.ipfsBootstrap ?? [],
  }
}

function announce(context: CliContext, daemon: Daemon, flags: StartFlags): void {
  const { api, token, confirmKey, peerId, home, notices, gateway } = daemon
  if (flags.json) {
    const also = gateway === undefined ? {} : { gateway }
    printJson(context, { api, token, peerId, addresses: daemon.addresses(), ...also })
    return
  }
  for (const notice of notices) note(context, `! ${notice.sentence} ${notice.advice ?? ''}`.trimEnd())
  print(context, `Peerhood runs. Its page: ${bold(context.terminal, pageAddress({ url: api, token, confirmKey }))}`)
  print(
    context,
    fields([
      ['peer', peerId],
      ['reachable at', daemon.addresses()],
      ['data', home],
      ...(gateway === undefined ? [] : [['IPFS gateway', gateway] as const]),
    ]),
  )
  print(context, 'Ctrl-C stops it; nothing is lost.')
}

/** For commander. 0 takes any free port. */
function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is a number from 0 to 65535.')
  return port
}
